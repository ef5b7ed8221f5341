# SPDX-License-Identifier: Apache-2.0
# One precompiled header for everything that sees tensors: it saves half of the build.
file(WRITE "${CMAKE_BINARY_DIR}/pch/pch.cpp" "// The translation unit that carries the precompiled header.\n")
add_library(shotfix_pch STATIC "${CMAKE_BINARY_DIR}/pch/pch.cpp")
target_link_libraries(shotfix_pch PUBLIC torch::headers PkgConfig::SPDLOG PRIVATE shotfix_warnings)
target_precompile_headers(shotfix_pch PRIVATE <ATen/ATen.h> <nlohmann/json.hpp> <fmt/core.h>
  <algorithm> <filesystem> <functional> <map> <memory> <optional> <string> <vector>)

# shotfix_module(NAME SOURCES ... MODULES ... LIBRARIES ... PRIVATE_LIBRARIES ...): one static library per module.
# MODULES is what the include table of docs/architecture.md allows; the linker keeps it.
function(shotfix_module name)
  cmake_parse_arguments(ARG "TENSOR_PCH" "" "SOURCES;MODULES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  add_library(shotfix_${name} STATIC ${ARG_SOURCES})
  add_library(shotfix::${name} ALIAS shotfix_${name})
  target_include_directories(shotfix_${name} PUBLIC "${CMAKE_SOURCE_DIR}/include" PRIVATE "${CMAKE_SOURCE_DIR}/src")
  foreach(module ${ARG_MODULES})
    target_link_libraries(shotfix_${name} PUBLIC shotfix::${module})
  endforeach()
  target_link_libraries(shotfix_${name} PUBLIC ${ARG_LIBRARIES} PRIVATE shotfix_warnings ${ARG_PRIVATE_LIBRARIES})
  if(NOT name STREQUAL "core")
    target_precompile_headers(shotfix_${name} REUSE_FROM shotfix_pch)
  endif()
endfunction()
