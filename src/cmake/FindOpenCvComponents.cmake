# SPDX-License-Identifier: Apache-2.0
# Debian's OpenCV component packages ship no CMake files; one imported target per component: opencv::video ...
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
set(_missing "")
foreach(_component core imgproc video calib3d features2d objdetect)
  find_library(OPENCV_${_component}_LIBRARY opencv_${_component})
  if(NOT OPENCV_${_component}_LIBRARY)
    list(APPEND _missing libopencv-${_component}-dev)
    continue()
  endif()
  add_library(opencv::${_component} UNKNOWN IMPORTED)
  set_target_properties(opencv::${_component} PROPERTIES
    IMPORTED_LOCATION "${OPENCV_${_component}_LIBRARY}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE_DIR}"
    INTERFACE_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE_DIR}")
endforeach()
if(_missing)
  message(FATAL_ERROR "OpenCV components are missing; install: ${_missing}")
endif()
set(OpenCvComponents_FOUND TRUE)
