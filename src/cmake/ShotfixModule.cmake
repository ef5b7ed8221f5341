# SPDX-License-Identifier: Apache-2.0
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
endfunction()
