# SPDX-License-Identifier: Apache-2.0
# The `bundle` target: one archive with the binary and the libraries it needs beside LibTorch, CUDA and glibc.
add_custom_target(bundle
  COMMAND "${CMAKE_SOURCE_DIR}/src/cmake/bundle.sh" "$<TARGET_FILE:shotfix>" "${CMAKE_BINARY_DIR}/shotfix-${PROJECT_VERSION}-linux-x86_64.tar.xz"
  DEPENDS shotfix VERBATIM)
