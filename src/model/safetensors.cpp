// SPDX-License-Identifier: Apache-2.0
// Format: 8 bytes little-endian header length, JSON header, raw data (huggingface/safetensors, format description).
#include "shotfix/model/safetensors.h"

#include <ATen/ATen.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/core/json_number.h"

namespace shotfix::model {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");
constexpr size_t kMaxBytes = size_t{2} << 30;
constexpr size_t kMaxHeader = size_t{16} << 20;
constexpr size_t kMaxTensors = 10000;

using Json = nlohmann::json;

[[noreturn]] void Damaged(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorCode::kData, fmt::format("\"{}\" is not a whole model file: {}; train it again", path.string(), why))
      .WithFile(path.string());
}

struct TensorRow {
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> shape;
  size_t begin = 0;
  size_t end = 0;
};

TensorRow ReadRow(const Json& json, const std::string& name, size_t data_bytes, const std::filesystem::path& path) {
  TensorRow row;
  const std::string type = json.at("dtype").get<std::string>();
  if (type != "F32" && type != "I64") Damaged(path, fmt::format("tensor \"{}\" has type {}", name, type));
  row.type = type == "F32" ? at::kFloat : at::kLong;
  const std::vector<int64_t> offsets = WholeNumbers(json.at("data_offsets"));
  const auto limit = static_cast<int64_t>(data_bytes);
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[0] > offsets[1] || offsets[1] > limit)
    Damaged(path, fmt::format("tensor \"{}\" points outside the file", name));
  row.begin = static_cast<size_t>(offsets[0]);
  row.end = static_cast<size_t>(offsets[1]);
  size_t count = 1;
  for (const Json& side : json.at("shape")) {
    const int64_t size = WholeNumber(side);
    if (size < 0 || size > (int64_t{1} << 31) || count > kMaxBytes)
      Damaged(path, fmt::format("tensor \"{}\" has a shape that is too large", name));
    row.shape.push_back(size);
    count *= static_cast<size_t>(size);
  }
  if (count * at::elementSize(row.type) != row.end - row.begin)
    Damaged(path, fmt::format("tensor \"{}\" has another size than its shape", name));
  return row;
}

}  // namespace

void WriteTensorFile(const std::filesystem::path& path, const TensorFile& file) {
  Json header;
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  size_t offset = 0;
  std::string data;
  for (const auto& [name, tensor] : file.tensors) {
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    SHOTFIX_CHECK(plain.scalar_type() == at::kFloat || plain.scalar_type() == at::kLong);
    const size_t bytes = plain.nbytes();
    header[name] = {{"dtype", plain.scalar_type() == at::kFloat ? "F32" : "I64"},
                    {"shape", plain.sizes().vec()},
                    {"data_offsets", {offset, offset + bytes}}};
    data.append(static_cast<const char*>(plain.const_data_ptr()), bytes);
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::string content(reinterpret_cast<const char*>(&length), sizeof(length));
  content += text;
  content += data;
  WriteFileAtomically(path, content, Overwrite::kAllow);
}

TensorFile ReadTensorFile(const std::filesystem::path& path) {
  const std::string content = ReadFile(path, kMaxBytes);
  uint64_t length = 0;
  if (content.size() < sizeof(length)) Damaged(path, "it is too short");
  std::memcpy(&length, content.data(), sizeof(length));
  if (length > kMaxHeader || length > content.size() - sizeof(length)) Damaged(path, "its header length is wrong");
  const Json header =
      Json::parse(content.data() + sizeof(length), content.data() + sizeof(length) + length, nullptr, false);
  if (!header.is_object() || header.size() > kMaxTensors) Damaged(path, "its header is not readable");
  const char* data = content.data() + sizeof(length) + length;
  const size_t data_bytes = content.size() - sizeof(length) - length;
  TensorFile file;
  try {
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        file.metadata = value.get<std::map<std::string, std::string>>();
        continue;
      }
      const TensorRow row = ReadRow(value, name, data_bytes, path);
      at::Tensor tensor = at::empty(row.shape, row.type);
      std::memcpy(tensor.mutable_data_ptr(), data + row.begin, row.end - row.begin);
      file.tensors[name] = tensor;
    }
  } catch (const Json::exception& problem) {
    Damaged(path, problem.what());
  }
  return file;
}

}  // namespace shotfix::model
