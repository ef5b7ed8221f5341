// SPDX-License-Identifier: Apache-2.0
// Which device tensors live on: CUDA when it is there, else the CPU. One binary serves both.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace shotfix::image {

struct DeviceInfo {
  bool cuda_library_loaded = false;  // libtorch_cuda.so and what it needs were found
  bool cuda_available = false;
  std::string why_no_cuda;  // one sentence, empty when available
};

// Loads LibTorch's CUDA side; call first thing in main. Also fixes what determinism needs: OpenCV's OpenCL off,
// TF32 off, cuDNN benchmark off.
const DeviceInfo& InitialiseDevices();
// "auto", "cpu" or "cuda". Throws kUnavailable when cuda is asked for and is not there, kUsage on other words.
c10::Device SelectDevice(std::string_view name);

}  // namespace shotfix::image
