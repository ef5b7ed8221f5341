// SPDX-License-Identifier: Apache-2.0
// What every test includes first: Catch2 and tensors. LibTorch's logging has a CHECK of its own, which must give way.
#pragma once

#include <ATen/ATen.h>

#undef CHECK

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
