// SPDX-License-Identifier: Apache-2.0
// Parts and channels of an OpenEXR file, and its exceptions as ours.
#pragma once

#include <OpenEXR/ImfMultiPartInputFile.h>

#include <functional>
#include <string>
#include <vector>

#include "shotfix/image/pixel_planes.h"

namespace shotfix::media {

// Names of a picture's channels in the order of its planes.
std::vector<std::string> PictureChannels(const image::PixelLayout& layout);
// The first flat part with R or Y. Throws kData.
int PicturePart(const Imf::MultiPartInputFile& file, const std::string& path);
// Runs `read` on the open file. Throws kNoInput when it is not there, kData for whatever OpenEXR throws.
void OpenExr(const std::string& path, const std::function<void(Imf::MultiPartInputFile&)>& read);

}  // namespace shotfix::media
