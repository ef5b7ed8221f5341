// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/stop.h"

#include <unistd.h>

#include <csignal>

#include "shotfix/core/error.h"

namespace shotfix {
namespace {

volatile std::sig_atomic_t g_stop_requests = 0;

void OnSignal(int) {
  g_stop_requests = g_stop_requests + 1;
  if (g_stop_requests > 1) _exit(static_cast<int>(ErrorCode::kStopped));
}

}  // namespace

void InstallStopHandlers() {
  struct sigaction action {};
  action.sa_handler = &OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool StopRequested() { return g_stop_requests > 0; }
void RequestStop() { g_stop_requests = 1; }
void ClearStopRequest() { g_stop_requests = 0; }

void ThrowIfStopped() {
  if (StopRequested()) throw Error(ErrorCode::kStopped, "stopped; run the same command again to go on");
}

}  // namespace shotfix
