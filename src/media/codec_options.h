// SPDX-License-Identifier: Apache-2.0
// The options that each encoder of the table is opened with.
#pragma once

#include "media/codec_table.h"

namespace shotfix::media {

void SetCodecOptions(const CodecSpec& spec, AVPixelFormat format, const EncodeSettings& settings,
                     const ClipInfo& source, AVDictionary** options);

}  // namespace shotfix::media
