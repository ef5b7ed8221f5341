// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/check.h"

#include <vector>

#include "shotfix/core/error.h"
#include "shotfix/image/edit.h"

namespace shotfix::image {
namespace {

template <typename Sizes>
std::string ShapeText(const Sizes& sizes) {
  std::string text = "[";
  for (const int64_t size : sizes)
    text += (text.size() > 1 ? "," : "") + (size == kAnySize ? "*" : std::to_string(size));
  return text + "]";
}

}  // namespace

void CheckTensor(const at::Tensor& tensor, const char* name, std::initializer_list<int64_t> shape) {
  if (!tensor.defined())
    Throw(ErrorCode::kInternal, "tensor {} is undefined; expected {} float32", name, ShapeText(shape));
  bool same = tensor.scalar_type() == at::kFloat && tensor.dim() == static_cast<int64_t>(shape.size());
  int64_t axis = 0;
  for (const int64_t size : shape) {
    same = same && (size == kAnySize || tensor.size(axis) == size);
    ++axis;
  }
  if (!same) {
    Throw(ErrorCode::kInternal, "tensor {} is {} {}; expected {} float32", name, ShapeText(tensor.sizes()),
          c10::toString(tensor.scalar_type()), ShapeText(shape));
  }
}

void CheckEdit(const Edit& edit, int64_t height, int64_t width) {
  if (edit.empty()) {
    SHOTFIX_CHECK(!edit.gain.defined() && !edit.warp.defined() && !edit.fill.defined() && !edit.alpha.defined());
    return;
  }
  CheckTensor(edit.support, "support", {1, height, width});
  if (edit.gain.defined()) CheckTensor(edit.gain, "gain", {3, kAnySize, kAnySize});
  if (edit.warp.defined()) CheckTensor(edit.warp, "warp", {2, height, width});
  SHOTFIX_CHECK(edit.fill.defined() == edit.alpha.defined());
  if (edit.fill.defined()) CheckTensor(edit.fill, "fill", {3, height, width});
  if (edit.alpha.defined()) CheckTensor(edit.alpha, "alpha", {1, height, width});
}

}  // namespace shotfix::image
