// SPDX-License-Identifier: Apache-2.0
#include "gaze/picture.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace shotfix::gaze {

cv::Mat LumaOf(const cv::Mat& rgb) {
  cv::Mat luma;
  cv::transform(rgb, luma, cv::Matx13f(0.2126F, 0.7152F, 0.0722F));
  return luma;
}

cv::Mat CropOf(const cv::Mat& picture, const Affine& frame_from_crop, CropSize size) {
  const cv::Point2d origin = frame_from_crop(cv::Point2d(-size.half_width, -size.half_height));
  const cv::Matx23d map(frame_from_crop.xx, frame_from_crop.xy, origin.x, frame_from_crop.yx, frame_from_crop.yy,
                        origin.y);
  cv::Mat crop;
  cv::warpAffine(picture, crop, map, cv::Size(size.width(), size.height()), cv::INTER_CUBIC | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  return crop;
}

cv::Mat QuantilePicture(const std::vector<cv::Mat>& pictures, double share) {
  cv::Mat result(pictures.front().size(), CV_32FC1);
  std::vector<float> values(pictures.size());
  for (int y = 0; y < result.rows; ++y) {
    for (int x = 0; x < result.cols; ++x) {
      for (size_t k = 0; k < pictures.size(); ++k) values[k] = pictures[k].at<float>(y, x);
      const auto at = values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
      std::nth_element(values.begin(), at, values.end());
      result.at<float>(y, x) = *at;
    }
  }
  return result;
}

}  // namespace shotfix::gaze
