// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/solution_store.h"

#include <ATen/ATen.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "project/database.h"
#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"

namespace fs = std::filesystem;

namespace shotfix::project {
namespace {

constexpr int64_t kMaxSide = 1 << 16;

std::string Compress(const void* data, size_t bytes) {
  uLongf size = compressBound(bytes);
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, static_cast<const Bytef*>(data), bytes, 1);
  out.resize(size);
  return out;
}

at::Tensor Expand(const std::string& packed, const std::array<int64_t, 3>& shape, at::ScalarType type,
                  const fs::path& path) {
  for (const int64_t side : shape) {
    if (side < 1 || side > kMaxSide)
      Throw(ErrorCode::kData, "\"{}\" is damaged; delete it and run again", path.string());
  }
  // Deflate packs 1032 to 1 at most: a shape that promises more is damage, found before memory is taken for it.
  const double bytes = static_cast<double>(shape[0]) * static_cast<double>(shape[1]) * static_cast<double>(shape[2]) *
                       static_cast<double>(at::elementSize(type));
  if (bytes > 1100.0 * static_cast<double>(packed.size()))
    Throw(ErrorCode::kData, "\"{}\" is damaged; delete it and run again", path.string());
  at::Tensor tensor = at::empty({shape[0], shape[1], shape[2]}, type);
  uLongf size = tensor.nbytes();
  const int result = uncompress(static_cast<Bytef*>(tensor.mutable_data_ptr()), &size,
                                reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  if (result != Z_OK || size != tensor.nbytes())
    Throw(ErrorCode::kData, "\"{}\" is damaged; delete it and run again", path.string());
  return tensor;
}

// A solution is an SQLite file of its own: body, tensors, frames.
class SolutionFile final : public image::FrameTrack {
 public:
  SolutionFile(const fs::path& path, Database::Mode mode) : path_(path), database_(path, mode) {
    if (mode != Database::Mode::kCreate) return;
    // Nobody sees the file before it is whole, so it needs no journal.
    database_.Execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE frames(frame INTEGER PRIMARY KEY, c INTEGER, h INTEGER, w INTEGER, data BLOB) STRICT;"
        "CREATE TABLE tensors(name TEXT PRIMARY KEY, c INTEGER, h INTEGER, w INTEGER, data BLOB) STRICT;"
        "CREATE TABLE body(text TEXT) STRICT;");
  }

  void Put(int64_t frame, const at::Tensor& picture) override {
    const at::Tensor plain = picture.contiguous();
    SHOTFIX_CHECK(plain.scalar_type() == at::kByte && plain.dim() == 3);
    Statement insert = database_.Prepare("INSERT OR REPLACE INTO frames VALUES(?,?,?,?,?)");
    insert.Bind(1, frame).Bind(2, plain.size(0)).Bind(3, plain.size(1)).Bind(4, plain.size(2));
    insert.BindBlob(5, Compress(plain.const_data_ptr(), plain.nbytes())).Step();
  }

  at::Tensor Get(int64_t frame) const override {
    Statement select = database_.Prepare("SELECT c, h, w, data FROM frames WHERE frame = ?");
    if (!select.Bind(1, frame).Step()) return {};
    return Expand(select.Text(3), {select.Int(0), select.Int(1), select.Int(2)}, at::kByte, path_);
  }

  void PutRest(const image::Solution& solution) {
    database_.Prepare("INSERT INTO body VALUES(?)").Bind(1, solution.body).Step();
    for (const auto& [name, tensor] : solution.tensors) {
      const at::Tensor plain = tensor.to(at::kFloat).contiguous();
      SHOTFIX_CHECK(plain.dim() == 3);
      Statement insert = database_.Prepare("INSERT INTO tensors VALUES(?,?,?,?,?)");
      insert.Bind(1, name).Bind(2, plain.size(0)).Bind(3, plain.size(1)).Bind(4, plain.size(2));
      insert.BindBlob(5, Compress(plain.const_data_ptr(), plain.nbytes())).Step();
    }
  }

  image::Solution ReadRest() const {
    image::Solution solution;
    Statement body = database_.Prepare("SELECT text FROM body");
    if (!body.Step()) Throw(ErrorCode::kData, "\"{}\" is damaged; delete it and run again", path_.string());
    solution.body = body.Text(0);
    Statement row = database_.Prepare("SELECT name, c, h, w, data FROM tensors");
    while (row.Step())
      solution.tensors[row.Text(0)] = Expand(row.Text(4), {row.Int(1), row.Int(2), row.Int(3)}, at::kFloat, path_);
    return solution;
  }

 private:
  fs::path path_;
  Database database_;
};

image::Solution Load(const fs::path& path) {
  auto file = std::make_shared<SolutionFile>(path, Database::Mode::kReadOnly);
  image::Solution solution = file->ReadRest();
  solution.track = std::move(file);
  return solution;
}

}  // namespace

std::optional<image::Solution> SolutionStore::Find(const std::string& key) const {
  // A key may come from a label, which anybody can write: it names a file of this folder and nothing else.
  const bool plain =
      std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
  if (key.empty() || !plain) return std::nullopt;
  const fs::path path = folder_ / (key + ".solution");
  std::error_code problem;
  if (!fs::exists(path, problem)) return std::nullopt;
  return Load(path);
}

image::Solution SolutionStore::Make(const std::string& key,
                                    const std::function<image::Solution(std::shared_ptr<image::FrameTrack>)>& make) {
  AtomicFile target(folder_ / (key + ".solution"), Overwrite::kAllow);
  std::error_code ignored;
  fs::remove(target.temp_path(), ignored);
  {
    auto file = std::make_shared<SolutionFile>(target.temp_path(), Database::Mode::kCreate);
    const image::Solution solution = make(file);
    file->PutRest(solution);
  }
  target.Commit();
  return Load(target.final_path());
}

std::shared_ptr<image::FrameTrack> SolutionStore::MakeScratchTrack() {
  static int counter = 0;
  const fs::path path = folder_ / (".scratch." + std::to_string(getpid()) + "." + std::to_string(++counter) + ".part");
  std::error_code ignored;
  fs::remove(path, ignored);
  auto file = std::make_shared<SolutionFile>(path, Database::Mode::kCreate);
  fs::remove(path, ignored);  // the open handle keeps it alive
  return file;
}

}  // namespace shotfix::project
