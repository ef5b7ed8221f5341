// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/faces.h"

#include <cstdlib>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include "shotfix/image/opencv.h"

namespace shotfix::ingest {

struct FaceLocator::Impl {
  cv::CascadeClassifier cascade;
};

std::string FaceLocator::CascadePath() {
  if (const char* folder = std::getenv("SHOTFIX_CASCADES"))
    return std::string(folder) + "/haarcascade_frontalface_default.xml";
  return "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml";
}

FaceLocator::FaceLocator() : impl_(std::make_unique<Impl>()) {
  if (std::filesystem::exists(CascadePath())) impl_->cascade.load(CascadePath());
}
FaceLocator::~FaceLocator() = default;

bool FaceLocator::available() const { return !impl_->cascade.empty(); }

std::vector<FaceBox> FaceLocator::Find(const at::Tensor& perceptual) {
  std::vector<FaceBox> boxes;
  if (!available()) return boxes;
  cv::Mat luma;
  cv::equalizeHist(image::LumaMat(perceptual), luma);
  const int smallest = std::max(24, luma.rows / 12);
  std::vector<cv::Rect> found;
  impl_->cascade.detectMultiScale(luma, found, 1.1, 5, 0, cv::Size(smallest, smallest));
  for (const cv::Rect& box : found) boxes.push_back({box.x, box.y, box.width, box.height});
  return boxes;
}

}  // namespace shotfix::ingest
