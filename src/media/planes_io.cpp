// SPDX-License-Identifier: Apache-2.0
#include "media/planes_io.h"

extern "C" {
#include <libavutil/imgutils.h>
}

#include <cstring>

#include "shotfix/core/error.h"

namespace shotfix::media {
namespace {

// The component of FFmpeg's description that plane `index` of ours is.
const AVComponentDescriptor& Component(const AVPixFmtDescriptor& description, size_t index) {
  return description.comp[index];
}

bool IsPlainPlane(const AVPixFmtDescriptor& description, size_t index, int bytes) {
  const AVComponentDescriptor& component = Component(description, index);
  return component.step == bytes && component.offset == 0 && component.shift == 0 &&
         (bytes == 1 || (description.flags & AV_PIX_FMT_FLAG_BE) == 0);
}

void ReadPlane(const AVFrame& frame, const AVPixFmtDescriptor& description, size_t index, image::Plane& plane) {
  const AVComponentDescriptor& component = Component(description, index);
  const int bytes = component.depth > 8 ? 2 : 1;
  const bool plain = IsPlainPlane(description, index, bytes);
  const uint8_t* data[4] = {frame.data[0], frame.data[1], frame.data[2], frame.data[3]};
  for (int y = 0; y < plane.height; ++y) {
    uint16_t* row = plane.codes.data() + static_cast<size_t>(y) * static_cast<size_t>(plane.width);
    const uint8_t* line = frame.data[component.plane] + static_cast<ptrdiff_t>(y) * frame.linesize[component.plane];
    if (plain && bytes == 2) {
      std::memcpy(row, line, static_cast<size_t>(plane.width) * 2);
    } else if (plain) {
      for (int x = 0; x < plane.width; ++x) row[x] = line[x];
    } else {
      av_read_image_line2(row, data, frame.linesize, &description, 0, y, static_cast<int>(index), plane.width, 0, 2);
    }
  }
}

// av_write_image_line2 adds its bits to what is there.
void ClearPlanes(AVFrame& frame) {
  for (int plane = 0; plane < 4; ++plane) {
    if (frame.data[plane] == nullptr) continue;
    const int rows = plane == 0 || plane == 3
                         ? frame.height
                         : AV_CEIL_RSHIFT(frame.height,
                                          av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format))->log2_chroma_h);
    std::memset(frame.data[plane], 0, static_cast<size_t>(frame.linesize[plane]) * static_cast<size_t>(rows));
  }
}

}  // namespace

image::PixelLayout LayoutOf(AVPixelFormat format, int width, int height) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  const uint64_t unsupported =
      AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER;
  if (description == nullptr || (description->flags & unsupported) != 0) {
    Throw(ErrorCode::kData, "pixel format {} is not supported; convert the footage to planar YCbCr or RGB",
          description != nullptr ? description->name : "none");
  }
  image::PixelLayout layout;
  layout.width = width;
  layout.height = height;
  layout.bit_depth = description->comp[0].depth;
  layout.is_float = (description->flags & AV_PIX_FMT_FLAG_FLOAT) != 0;
  layout.is_rgb = (description->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  layout.has_alpha = (description->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  layout.is_grey = description->nb_components <= 2;
  layout.chroma_shift_x = layout.is_grey || layout.is_rgb ? 0 : description->log2_chroma_w;
  layout.chroma_shift_y = layout.is_grey || layout.is_rgb ? 0 : description->log2_chroma_h;
  const bool depth_ok = layout.is_float ? layout.bit_depth == 32 : layout.bit_depth >= 8 && layout.bit_depth <= 16;
  if (!depth_ok)
    Throw(ErrorCode::kData, "pixel format {} has {} bits a sample; 8 to 16 and 32-bit float are read",
          description->name, layout.bit_depth);
  return layout;
}

AVPixelFormat PlanarFormat(const image::PixelLayout& layout) {
  std::string name;
  if (layout.is_grey) {
    name = layout.has_alpha ? "ya" : "gray";
    if (layout.has_alpha && !layout.is_float) return layout.bit_depth == 8 ? AV_PIX_FMT_YA8 : AV_PIX_FMT_YA16;
  } else if (layout.is_rgb) {
    name = layout.has_alpha ? "gbrap" : "gbrp";
  } else {
    static constexpr const char* kSampling[3][3] = {{"444", "440", ""}, {"422", "420", ""}, {"411", "", "410"}};
    name =
        std::string(layout.has_alpha ? "yuva" : "yuv") + kSampling[layout.chroma_shift_x][layout.chroma_shift_y] + "p";
  }
  if (layout.is_float) name += "f32le";
  else if (layout.bit_depth > 8) name += std::to_string(layout.bit_depth) + "le";
  return av_get_pix_fmt(name.c_str());
}

image::PixelPlanes PlanesFromFrame(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  image::PixelPlanes planes = image::PixelPlanes::Allocate(LayoutOf(format, frame.width, frame.height));
  const AVPixFmtDescriptor& description = *av_pix_fmt_desc_get(format);
  for (size_t index = 0; index < planes.planes.size(); ++index) {
    image::Plane& plane = planes.planes[index];
    if (!planes.layout.is_float) {
      ReadPlane(frame, description, index, plane);
      continue;
    }
    const int source = Component(description, index).plane;
    for (int y = 0; y < plane.height; ++y) {
      std::memcpy(plane.values.data() + static_cast<size_t>(y) * static_cast<size_t>(plane.width),
                  frame.data[source] + static_cast<ptrdiff_t>(y) * frame.linesize[source],
                  static_cast<size_t>(plane.width) * 4);
    }
  }
  return planes;
}

void FillFrame(const image::PixelPlanes& planes, AVFrame& frame) {
  const AVPixFmtDescriptor& description = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  bool cleared = false;
  for (size_t index = 0; index < planes.planes.size(); ++index) {
    const image::Plane& plane = planes.planes[index];
    const AVComponentDescriptor& component = Component(description, index);
    const int bytes = component.depth > 8 ? 2 : 1;
    const bool plain = !planes.layout.is_float && IsPlainPlane(description, index, bytes);
    if (!plain && !planes.layout.is_float && !cleared) {
      ClearPlanes(frame);
      cleared = true;
    }
    for (int y = 0; y < plane.height; ++y) {
      const size_t begin = static_cast<size_t>(y) * static_cast<size_t>(plane.width);
      uint8_t* line = frame.data[component.plane] + static_cast<ptrdiff_t>(y) * frame.linesize[component.plane];
      if (planes.layout.is_float) {
        std::memcpy(line, plane.values.data() + begin, static_cast<size_t>(plane.width) * 4);
      } else if (plain && bytes == 2) {
        std::memcpy(line, plane.codes.data() + begin, static_cast<size_t>(plane.width) * 2);
      } else if (plain) {
        for (int x = 0; x < plane.width; ++x)
          line[x] = static_cast<uint8_t>(plane.codes[begin + static_cast<size_t>(x)]);
      } else {
        av_write_image_line2(plane.codes.data() + begin, frame.data, frame.linesize, &description, 0, y,
                             static_cast<int>(index), plane.width, 2);
      }
    }
  }
}

}  // namespace shotfix::media
