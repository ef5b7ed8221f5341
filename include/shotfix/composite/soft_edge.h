// SPDX-License-Identifier: Apache-2.0
// How a soft edge is carried by a fill, so that it survives the steadying of its alpha.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::composite {

// Note [Soft edges]: an edit gives (1-A)I + A * fill, so any A > 0 carries a wanted picture, with fill = I + (wanted -
// I) / A. The stabiliser moves A afterwards, and the change grows by A'/A: with a dark plate over a bright wall the
// fill of a soft edge is far below zero, and where A grows the result is black, a dotted rim at hair. A larger A is
// safer and takes from the steadiness that the stabilised alpha gives; so it is grown only as far as needed.
//
// The least alpha, at least `alpha` [1,H,W] in [0,1], whose fill lies between half and twice what is wanted; where
// alpha is next to 0 it stays. picture (I), change (wanted - I): scene-linear [3,H,W].
at::Tensor AlphaThatHolds(const at::Tensor& alpha, const at::Tensor& picture, const at::Tensor& change);

}  // namespace shotfix::composite
