// SPDX-License-Identifier: Apache-2.0
#include <OpenEXR/ImfChannelList.h>
#include <OpenEXR/ImfFrameBuffer.h>
#include <OpenEXR/ImfInputPart.h>
#include <OpenEXR/ImfMultiPartInputFile.h>
#include <OpenEXR/ImfStandardAttributes.h>
#include <OpenEXR/ImfStringAttribute.h>

#include <algorithm>
#include <cctype>

#include "media/exr.h"
#include "media/exr_parts.h"
#include "media/extension.h"
#include "media/sequence_rate.h"
#include "shotfix/core/error.h"

namespace shotfix::media {
namespace {

constexpr int kMaxSide = 1 << 16;

// A layout for the picture of a part; throws kData on what a picture cannot have.
image::PixelLayout LayoutOfPart(const Imf::Header& header, const std::string& path) {
  const Imath::Box2i& window = header.displayWindow();
  image::PixelLayout layout;
  const int64_t width = int64_t{window.max.x} - window.min.x + 1;
  const int64_t height = int64_t{window.max.y} - window.min.y + 1;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide)
    Throw(ErrorCode::kData, "\"{}\": a picture of {}x{} is not read; at most {} a side", path, width, height, kMaxSide);
  layout.width = static_cast<int>(width);
  layout.height = static_cast<int>(height);
  layout.is_float = true;
  layout.bit_depth = 16;
  layout.is_grey = header.channels().findChannel("R") == nullptr;
  layout.is_rgb = !layout.is_grey;
  layout.has_alpha = header.channels().findChannel("A") != nullptr;
  for (const std::string& name : PictureChannels(layout)) {
    const Imf::Channel* channel = header.channels().findChannel(name);
    if (channel == nullptr || channel->type == Imf::UINT || channel->xSampling != 1 || channel->ySampling != 1) {
      Throw(ErrorCode::kData,
            "\"{}\": channel {} is missing, subsampled or no number of light; write R, G, B or Y as "
            "half or float",
            path, name);
    }
    if (channel->type == Imf::FLOAT) layout.bit_depth = 32;
  }
  return layout;
}

void ReadColour(const Imf::Header& header, ClipInfo& info) {
  info.space.transfer = image::Transfer::kLinear;
  if (!Imf::hasChromaticities(header)) return;
  const Imf::Chromaticities& xy = Imf::chromaticities(header);
  info.space.primaries =
      image::PrimariesWith({xy.red.x, xy.red.y, xy.green.x, xy.green.y, xy.blue.x, xy.blue.y, xy.white.x, xy.white.y});
  info.strange_primaries = info.space.primaries == image::Primaries::kUnknown;
}

void ReadTime(const Imf::Header& header, ClipInfo& info) {
  if (Imf::hasFramesPerSecond(header)) {
    const Imf::Rational& rate = Imf::framesPerSecond(header);
    if (rate.n > 0 && rate.d > 0) info.rate = {rate.n, static_cast<int64_t>(rate.d)};
  }
  if (!Imf::hasTimeCode(header)) return;
  const Imf::TimeCode& code = Imf::timeCode(header);
  info.timecode = fmt::format("{:02}:{:02}:{:02}{}{:02}", code.hours(), code.minutes(), code.seconds(),
                              code.dropFrame() ? ';' : ':', code.frame());
}

}  // namespace

std::vector<std::string> PictureChannels(const image::PixelLayout& layout) {
  std::vector<std::string> names =
      layout.is_grey ? std::vector<std::string>{"Y"} : std::vector<std::string>{"R", "G", "B"};
  if (layout.has_alpha) names.emplace_back("A");
  return names;
}

int PicturePart(const Imf::MultiPartInputFile& file, const std::string& path) {
  std::string seen;
  for (int part = 0; part < file.parts(); ++part) {
    const Imf::Header& header = file.header(part);
    const bool flat = !header.hasType() || header.type() == "scanlineimage" || header.type() == "tiledimage";
    const Imf::ChannelList& channels = header.channels();
    if (flat && (channels.findChannel("R") != nullptr || channels.findChannel("Y") != nullptr)) return part;
    for (auto channel = channels.begin(); channel != channels.end(); ++channel)
      seen += (seen.empty() ? "" : ", ") + std::string(channel.name());
  }
  Throw(ErrorCode::kData, "\"{}\" has no picture: a part with channels R, G, B or Y is needed, {} are there", path,
        seen.empty() ? "none" : seen);
}

bool IsExr(const std::filesystem::path& path) { return LowerExtension(path) == ".exr"; }

void ReadExrInfo(const std::filesystem::path& path, ClipInfo& info) {
  const std::string name = path.string();
  OpenExr(name, [&](Imf::MultiPartInputFile& file) {
    const Imf::Header& header = file.header(PicturePart(file, name));
    info.container = "image2";
    info.codec = "exr";
    info.layout = LayoutOfPart(header, name);
    const auto aspect = static_cast<double>(header.pixelAspectRatio());
    if (aspect > 0 && aspect < 100 && aspect != 1) info.sample_aspect = {std::llround(aspect * 10000), 10000};
    ReadColour(header, info);
    ReadTime(header, info);
    for (auto attribute = header.begin(); attribute != header.end(); ++attribute) {
      const auto* text = dynamic_cast<const Imf::StringAttribute*>(&attribute.attribute());
      if (text != nullptr) info.stream_metadata[attribute.name()] = text->value();
    }
  });
}

image::PixelPlanes ReadExr(const std::filesystem::path& path) {
  const std::string name = path.string();
  image::PixelPlanes planes;
  OpenExr(name, [&](Imf::MultiPartInputFile& file) {
    Imf::InputPart part(file, PicturePart(file, name));
    planes = image::PixelPlanes::Allocate(LayoutOfPart(part.header(), name));
    const Imath::Box2i& shown = part.header().displayWindow();
    const Imath::Box2i& data = part.header().dataWindow();
    // Rows go through a buffer of the data window's width: it may be larger than the picture or beside it.
    const int64_t data_width = int64_t{data.max.x} - data.min.x + 1;
    if (data_width < 1 || data_width > kMaxSide) Throw(ErrorCode::kData, "\"{}\" has a damaged data window", name);
    const std::vector<std::string> channels = PictureChannels(planes.layout);
    std::vector<std::vector<float>> rows(channels.size(), std::vector<float>(static_cast<size_t>(data_width)));
    const int64_t left = std::max(shown.min.x, data.min.x);
    const int64_t right = std::min(shown.max.x, data.max.x) + int64_t{1};
    for (int y = std::max(shown.min.y, data.min.y); y <= std::min(shown.max.y, data.max.y); ++y) {
      Imf::FrameBuffer buffer;
      for (size_t k = 0; k < channels.size(); ++k) {
        // OpenEXR wants the address of pixel (0, 0); strides of 0 rows make every row the buffer.
        char* base = reinterpret_cast<char*>(rows[k].data()) - static_cast<ptrdiff_t>(data.min.x) * 4;
        buffer.insert(channels[k], Imf::Slice(Imf::FLOAT, base, 4, 0));
      }
      part.setFrameBuffer(buffer);
      part.readPixels(y);
      for (size_t k = 0; k < channels.size() && left < right; ++k) {
        float* to = planes.planes[k].values.data() + int64_t{y - shown.min.y} * planes.layout.width;
        std::copy_n(rows[k].data() + (left - data.min.x), right - left, to + (left - shown.min.x));
      }
    }
  });
  return planes;
}

}  // namespace shotfix::media
