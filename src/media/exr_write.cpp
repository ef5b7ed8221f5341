// SPDX-License-Identifier: Apache-2.0
#include <OpenEXR/ImfChannelList.h>
#include <OpenEXR/ImfFrameBuffer.h>
#include <OpenEXR/ImfInputPart.h>
#include <OpenEXR/ImfMultiPartOutputFile.h>
#include <OpenEXR/ImfOutputPart.h>
#include <OpenEXR/ImfPartType.h>
#include <OpenEXR/ImfStandardAttributes.h>
#include <OpenEXR/ImfStdIO.h>
#include <OpenEXR/ImfStringAttribute.h>
#include <OpenEXR/ImfThreading.h>

#include <ATen/ATen.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "media/exr.h"
#include "media/exr_parts.h"
#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/media/clip_files.h"

namespace shotfix::media {
namespace {

// One channel ready to be written, or what OpenEXR wants instead of `float` for half.
struct ChannelData {
  std::string name;
  Imf::PixelType type = Imf::HALF;
  std::vector<half> halves;
  std::vector<float> floats;

  ChannelData(std::string channel, const float* values, size_t count, bool as_half)
      : name(std::move(channel)), type(as_half ? Imf::HALF : Imf::FLOAT) {
    if (as_half) halves.assign(values, values + count);
    else floats.assign(values, values + count);
  }
  // OpenEXR wants the address that pixel (0, 0) would have.
  Imf::Slice SliceOf(const Imath::Box2i& window) const {
    const void* data = type == Imf::HALF ? static_cast<const void*>(halves.data()) : floats.data();
    const size_t bytes = type == Imf::HALF ? 2 : 4;
    const ptrdiff_t width = ptrdiff_t{window.max.x} - window.min.x + 1;
    const ptrdiff_t origin = (window.min.y * width + window.min.x) * static_cast<ptrdiff_t>(bytes);
    return {type, static_cast<char*>(const_cast<void*>(data)) - origin, bytes, bytes * static_cast<size_t>(width)};
  }
};

struct Part {
  Imf::Header header;
  std::vector<ChannelData> channels;
};

// Attributes that say how a file is laid out, not what it is about.
bool IsStructural(const std::string& name) {
  static const std::set<std::string> kNames = {
      "channels",   "compression", "dataWindow",          "displayWindow",
      "lineOrder",  "tiles",       "pixelAspectRatio",    "screenWindowCenter",
      "name",       "type",        "screenWindowWidth",   "version",
      "chunkCount", "view",        "dwaCompressionLevel", "maxSamplesPerPixel"};
  return kNames.contains(name);
}

Imf::Header PlainHeader(const Imath::Box2i& window, const std::string& name) {
  Imf::Header header(window, window);
  header.compression() = Imf::ZIP_COMPRESSION;
  header.setName(name);
  header.setType(Imf::SCANLINEIMAGE);
  return header;
}

// Flat parts of lines go along as they are, unless one of ours has their name (a render of a render).
bool CanCopy(const Imf::Header& part, const std::vector<Imf::Header>& ours) {
  const bool lines = !part.hasType() || part.type() == Imf::SCANLINEIMAGE;
  const bool named_twice = part.hasName() && std::any_of(ours.begin(), ours.end(), [&](const Imf::Header& header) {
                             return header.hasName() && header.name() == part.name();
                           });
  if (!lines)
    log::Warning("part \"{}\" of the source is left out of the result: it is tiled or deep",
                 part.hasName() ? part.name() : "");
  return lines && !named_twice;
}

Imath::Box2i WindowOf(int width, int height) { return {{0, 0}, {width - 1, height - 1}}; }

class ExrSink final : public FrameSink {
 public:
  ExrSink(const std::filesystem::path& path, const EncodeSettings& settings, const ClipInfo& source)
      : path_(path), settings_(settings), source_(source), source_is_exr_(IsExr(source.path)) {
    Imf::setGlobalThreadCount(2);  // the bytes are the same with any number
  }

  void Write(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) override {
    const std::filesystem::path file = SequenceFile(path_, index);
    try {
      const std::string bytes = source_is_exr_ && settings_.picture && !extras.held
                                    ? BesideSource(planes, index, extras)
                                    : Encoded(PartsOf(planes, index, extras), nullptr, 0);
      Save(file, bytes, index);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& problem) {
      Throw(ErrorCode::kIo, "writing frame {} to \"{}\" failed: {}", index, file.string(), problem.what());
    }
    files_.push_back(file);
  }
  void Finish() override {}

 private:
  static void Save(const std::filesystem::path& file, const std::string& bytes, int64_t index) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (stream) return;
    throw Error(ErrorCode::kIo,
                fmt::format("writing frame {} to \"{}\" failed: {}", index, file.string(), std::strerror(errno)))
        .WithFile(file.string())
        .WithFrame(index);
  }

  void Describe(Imf::Header& header, int64_t index) const {
    const image::Primaries primaries = settings_.space.primaries;
    if (primaries != image::Primaries::kUnknown) {
      const std::array<float, 8> xy = image::ChromaticitiesOf(primaries);
      Imf::addChromaticities(header, {{xy[0], xy[1]}, {xy[2], xy[3]}, {xy[4], xy[5]}, {xy[6], xy[7]}});
    }
    header.pixelAspectRatio() = static_cast<float>(source_.sample_aspect.ToDouble());
    Imf::addFramesPerSecond(header, {static_cast<int>(source_.rate.num), static_cast<int>(source_.rate.den)});
    if (const std::optional<Timecode> time = PackableTimecodeAt(source_, index)) {
      const std::string text = time->ToString();
      const auto part = [&](size_t at) { return std::stoi(text.substr(at, 2)); };
      Imf::addTimeCode(header, Imf::TimeCode(part(0), part(3), part(6), part(9), time->drop_frame));
    }
    for (const auto& [name, value] : settings_.attributes)
      header.insert("shotfix:" + name, Imf::StringAttribute(value));
  }

  Part PicturePartOf(const image::PixelPlanes& planes, int64_t index) const {
    const image::PixelLayout& layout = planes.layout;
    Part part{PlainHeader(WindowOf(layout.width, layout.height), "beauty"), {}};
    Describe(part.header, index);
    const std::vector<std::string> names = PictureChannels(layout);
    for (size_t k = 0; k < names.size(); ++k) {
      const std::vector<float>& values = planes.planes[k].values;
      part.channels.emplace_back(names[k], values.data(), values.size(), layout.bit_depth == 16);
    }
    return part;
  }

  Part LayerPartOf(const PictureLayer& layer, int64_t index) const {
    const at::Tensor values = layer.values.to(at::kCPU).to(at::kFloat).contiguous();
    const auto height = static_cast<int>(values.size(1));
    const auto width = static_cast<int>(values.size(2));
    Part part{PlainHeader(WindowOf(width, height), "shotfix." + layer.name), {}};
    Describe(part.header, index);
    part.header.insert("shotfix:meaning", Imf::StringAttribute(layer.meaning));
    const auto area = static_cast<size_t>(height) * static_cast<size_t>(width);
    for (size_t k = 0; k < layer.channels.size(); ++k)
      part.channels.emplace_back(layer.channels[k], values.const_data_ptr<float>() + k * area, area, layer.as_half);
    return part;
  }

  std::vector<Part> PartsOf(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) const {
    std::vector<Part> parts;
    if (settings_.picture) parts.push_back(PicturePartOf(planes, index));
    for (const PictureLayer& layer : extras.layers) parts.push_back(LayerPartOf(layer, index));
    return parts;
  }

  // The source's own file is open beside: its attributes, further channels and further parts are kept.
  std::string BesideSource(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) const {
    const std::string name = SequenceFile(source_.path, index).string();
    std::vector<Part> parts = PartsOf(planes, index, extras);
    std::string bytes;
    OpenExr(name, [&](Imf::MultiPartInputFile& file) {
      const int picture = PicturePart(file, name);
      const Imf::Header& from = file.header(picture);
      Part& beauty = parts.front();
      for (Part& part : parts) part.header.displayWindow() = part.header.dataWindow() = from.displayWindow();
      for (auto attribute = from.begin(); attribute != from.end(); ++attribute) {
        // A frame's own timecode says more than one that is counted from the first frame's, and its chromaticities
        // may be some that nobody here has a name for.
        const std::string attribute_name = attribute.name();
        const bool ours = beauty.header.find(attribute_name) != beauty.header.end();
        const bool better = attribute_name == "timeCode" || attribute_name == "chromaticities";
        if (!IsStructural(attribute_name) && (!ours || better))
          beauty.header.insert(attribute.name(), attribute.attribute());
      }
      if (from.hasName()) beauty.header.setName(from.name());
      AddOtherChannels(file, picture, beauty);
      bytes = Encoded(parts, &file, picture);
    });
    return bytes;
  }

  // Channels beside the picture (depth, normals, ids of lights ...), where they cover the same window.
  static void AddOtherChannels(Imf::MultiPartInputFile& file, int picture, Part& beauty) {
    Imf::InputPart in(file, picture);
    const Imf::Header& from = in.header();
    const Imath::Box2i& window = from.displayWindow();
    if (from.dataWindow() != window) return;
    const int width = window.max.x - window.min.x + 1;
    const auto area = static_cast<size_t>(width) * static_cast<size_t>(window.max.y - window.min.y + 1);
    for (auto channel = from.channels().begin(); channel != from.channels().end(); ++channel) {
      const std::string name = channel.name();
      const bool known = std::any_of(beauty.channels.begin(), beauty.channels.end(),
                                     [&](const ChannelData& ours) { return ours.name == name; });
      const Imf::Channel& kind = channel.channel();
      if (known || kind.type == Imf::UINT || kind.xSampling != 1 || kind.ySampling != 1) continue;
      std::vector<float> values(area);
      Imf::FrameBuffer buffer;
      const ptrdiff_t origin = (static_cast<ptrdiff_t>(window.min.y) * width + window.min.x) * 4;
      buffer.insert(name, Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(values.data()) - origin, 4,
                                     static_cast<size_t>(width) * 4));
      in.setFrameBuffer(buffer);
      in.readPixels(window.min.y, window.max.y);
      beauty.channels.emplace_back(name, values.data(), area, kind.type == Imf::HALF);
    }
  }

  // `source` may be null; all its parts but `picture` are copied without being unpacked.
  static std::string Encoded(std::vector<Part> parts, Imf::MultiPartInputFile* source, int picture) {
    std::vector<Imf::Header> headers;
    for (Part& part : parts) {
      for (const ChannelData& channel : part.channels) part.header.channels().insert(channel.name, channel.type);
      headers.push_back(part.header);
    }
    std::vector<int> copied;
    for (int k = 0; source != nullptr && k < source->parts(); ++k) {
      if (k == picture || !CanCopy(source->header(k), headers)) continue;
      copied.push_back(k);
      headers.push_back(source->header(k));
    }
    Imf::StdOSStream stream;
    {
      Imf::MultiPartOutputFile out(stream, headers.data(), static_cast<int>(headers.size()), true);
      for (size_t k = 0; k < parts.size(); ++k) {
        const Imath::Box2i& window = headers[k].dataWindow();
        Imf::FrameBuffer buffer;
        for (const ChannelData& channel : parts[k].channels) buffer.insert(channel.name, channel.SliceOf(window));
        Imf::OutputPart part(out, static_cast<int>(k));
        part.setFrameBuffer(buffer);
        part.writePixels(window.max.y - window.min.y + 1);
      }
      for (size_t k = 0; k < copied.size(); ++k) {
        Imf::InputPart in(*source, copied[k]);
        Imf::OutputPart part(out, static_cast<int>(parts.size() + k));
        part.copyPixels(in);
      }
    }
    return stream.str();
  }

  std::filesystem::path path_;
  EncodeSettings settings_;
  ClipInfo source_;
  bool source_is_exr_;
};

}  // namespace

std::unique_ptr<FrameSink> MakeExrSink(const std::filesystem::path& path, const EncodeSettings& settings,
                                       const ClipInfo& source) {
  return std::make_unique<ExrSink>(path, settings, source);
}

}  // namespace shotfix::media
