// SPDX-License-Identifier: Apache-2.0
// Tensors on disk in the safetensors format: data, never code. A damaged or hostile file gives an error.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace shotfix::model {

struct TensorFile {
  std::map<std::string, at::Tensor> tensors;    // float32 or int64, on the CPU
  std::map<std::string, std::string> metadata;  // values are JSON text where they are not plain words
};

// Written whole or not at all. Throws kCannotCreate, kIo.
void WriteTensorFile(const std::filesystem::path& path, const TensorFile& file);
// Throws kNoInput, kData (what is wrong and where). At most 2 GiB and 10,000 tensors are read.
TensorFile ReadTensorFile(const std::filesystem::path& path);

}  // namespace shotfix::model
