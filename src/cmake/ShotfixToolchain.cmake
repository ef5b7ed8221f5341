# SPDX-License-Identifier: Apache-2.0
# Compiler warnings, launcher, linker and build types; nothing here knows a library.
add_compile_options(-pthread)  # for all, or the precompiled header fits some and not others
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
find_program(CCACHE ccache)
if(CCACHE)
  # The precompiled header needs these two; see "Precompiled headers" in the manual of ccache.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE}")
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
if(SHOTFIX_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
if(SHOTFIX_TIDY)
  find_program(CLANG_TIDY NAMES clang-tidy-14 clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${CLANG_TIDY};--quiet")
endif()
add_library(shotfix_warnings INTERFACE)
target_compile_options(shotfix_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror)
# GCC 12 reports std::string concatenation falsely (GCC bug 105651), once its headers come from a precompiled header.
target_compile_options(shotfix_warnings INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overread -Wno-stringop-overflow)
# Sanitizers hide from GCC that std::regex sets its std::function before it moves it (GCC bug 105562).
if(SHOTFIX_SANITIZE)
  target_compile_options(shotfix_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
