// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <opencv2/core/ocl.hpp>

#include "shotfix/core/error.h"

namespace shotfix::image {
namespace {

// Note [CUDA at run time]: the binary links libtorch_cpu only. libtorch_cuda is opened here, before anything asks for
// CUDA, because LibTorch caches the first answer. Where it or a library that it needs is missing, the CPU is used.
DeviceInfo Load() {
  DeviceInfo info;
  info.cuda_library_loaded = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
  if (!info.cuda_library_loaded) {
    const char* reason = dlerror();
    info.why_no_cuda =
        std::string("LibTorch's CUDA library could not be loaded: ") + (reason != nullptr ? reason : "unknown reason");
  } else {
    info.cuda_available = at::globalContext().hasCUDA();
    if (!info.cuda_available) info.why_no_cuda = "the CUDA driver finds no device";
  }
  cv::ocl::setUseOpenCL(false);
  at::globalContext().setBenchmarkCuDNN(false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  return info;
}

}  // namespace

const DeviceInfo& InitialiseDevices() {
  static const DeviceInfo info = Load();
  return info;
}

c10::Device SelectDevice(std::string_view name) {
  const DeviceInfo& info = InitialiseDevices();
  if (name == "cpu") return c10::Device(c10::DeviceType::CPU);
  if (name == "auto") return c10::Device(info.cuda_available ? c10::DeviceType::CUDA : c10::DeviceType::CPU);
  if (name != "cuda") Throw(ErrorCode::kUsage, "--device \"{}\" is not known; use auto, cpu or cuda", name);
  if (!info.cuda_available) Throw(ErrorCode::kUnavailable, "--device cuda: {}; use --device cpu", info.why_no_cuda);
  return c10::Device(c10::DeviceType::CUDA);
}

}  // namespace shotfix::image
