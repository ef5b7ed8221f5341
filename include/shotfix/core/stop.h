// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first finishes the frame and stops cleanly, the second stops at once.
#pragma once

namespace shotfix {

// Installs handlers for SIGINT and SIGTERM. Call once, from main.
void InstallStopHandlers();
bool StopRequested();
void RequestStop();       // as if Ctrl-C had been pressed (tests)
void ClearStopRequest();  // tests
// Throws kStopped when a stop was requested; call it between frames, never inside one.
void ThrowIfStopped();

}  // namespace shotfix
