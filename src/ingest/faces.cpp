// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/faces.h"

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include "shotfix/image/opencv.h"

namespace shotfix::ingest {

struct FaceLocator::Impl {
  cv::CascadeClassifier cascade;
  cv::CascadeClassifier eyes;
};

namespace {

std::string CascadeFile(const char* name) {
  const char* folder = std::getenv("SHOTFIX_CASCADES");
  return std::string(folder != nullptr ? folder : "/usr/share/opencv4/haarcascades") + "/" + name;
}

}  // namespace

std::string FaceLocator::CascadePath() { return CascadeFile("haarcascade_frontalface_default.xml"); }

FaceLocator::FaceLocator() : impl_(std::make_unique<Impl>()) {
  if (std::filesystem::exists(CascadePath())) impl_->cascade.load(CascadePath());
  const std::string eyes = CascadeFile("haarcascade_eye.xml");
  if (std::filesystem::exists(eyes)) impl_->eyes.load(eyes);
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

std::optional<EyeBoxes> FaceLocator::FindEyes(const at::Tensor& perceptual, const FaceBox& face) {
  if (impl_->eyes.empty()) return std::nullopt;
  const cv::Mat luma = image::LumaMat(perceptual);
  // Eyes lie between a fifth and three fifths of the height of a face's box.
  const cv::Rect upper = cv::Rect(face.x, face.y + face.height / 5, face.width, face.height * 2 / 5) &
                         cv::Rect(0, 0, luma.cols, luma.rows);
  if (upper.width < 24 || upper.height < 12) return std::nullopt;
  std::vector<cv::Rect> found;
  const int smallest = std::max(8, face.width / 8);
  impl_->eyes.detectMultiScale(luma(upper), found, 1.05, 4, 0, cv::Size(smallest, smallest),
                               cv::Size(face.width / 3, face.width / 3));
  // One on each side of the face, level, alike, and as far apart as eyes are.
  constexpr double kMostTilt = 0.12, kLeastApart = 0.25, kUsuallyApart = 0.42;  // of the face's box
  std::optional<EyeBoxes> best;
  double least = std::numeric_limits<double>::infinity();
  for (const cv::Rect& a : found) {
    for (const cv::Rect& b : found) {
      const double apart = (b.x + b.width / 2.0 - (a.x + a.width / 2.0)) / face.width;
      const double tilt = std::abs(b.y + b.height / 2.0 - (a.y + a.height / 2.0)) / face.width;
      const bool sides = a.x + a.width / 2 < upper.width / 2 && b.x + b.width / 2 > upper.width / 2;
      if (!sides || apart < kLeastApart || tilt >= kMostTilt) continue;
      const double unlike = std::abs(a.width - b.width) / static_cast<double>(face.width);
      const double cost = tilt + unlike + std::abs(apart - kUsuallyApart);
      if (cost >= least) continue;
      least = cost;
      best = EyeBoxes{{upper.x + a.x, upper.y + a.y, a.width, a.height},
                      {upper.x + b.x, upper.y + b.y, b.width, b.height}};
    }
  }
  return best;
}

}  // namespace shotfix::ingest
