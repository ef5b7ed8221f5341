// SPDX-License-Identifier: Apache-2.0
// How a bench program ends: its options are read, what goes wrong is one line and exit 1.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>

namespace shotfix {

template <typename Work>
int RunBench(CLI::App& app, int argc, char** argv, const Work& work) {
  CLI11_PARSE(app, argc, argv);
  try {
    work();
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "error: %s\n", problem.what());
    return 1;
  }
}

}  // namespace shotfix
