// SPDX-License-Identifier: Apache-2.0
// The one exception family of shotfix and the exit codes that it maps to (sysexits.h).
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace shotfix {

// Values are process exit codes: documented, stable, read by render farms.
enum class ErrorCode {
  kCheckFailed = 1,    // `verify`: a threshold was missed
  kUsage = 64,         // bad command line
  kData = 65,          // input is there but wrong: truncated, interlaced, other size
  kNoInput = 66,       // input is not there or cannot be opened
  kUnavailable = 69,   // no usable device or service
  kInternal = 70,      // our own fault
  kCannotCreate = 73,  // output exists, folder is missing
  kIo = 74,            // read or write failed, disk full
  kTryAgain = 75,      // busy: a farm requeues it
  kNoPermission = 77,  // consent refused
  kConfig = 78,        // bad configuration
  kStopped = 130,      // stopped by the user
};

// A broken contract or environment. `what()` is one sentence that names the thing, what it got, what is allowed
// and the next step. Outcomes that a caller branches on are enums or optionals, never this.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const { return code_; }
  const std::string& file() const { return file_; }
  std::optional<int64_t> frame() const { return frame_; }

  // Fluent details for machines (`--json` prints them as fields).
  Error& WithFile(std::string file) {
    file_ = std::move(file);
    return *this;
  }
  Error& WithFrame(int64_t frame) {
    frame_ = frame;
    return *this;
  }

 private:
  ErrorCode code_;
  std::string file_;
  std::optional<int64_t> frame_;
};

template <typename... Args>
[[noreturn]] void Throw(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// What a check that failed inside shotfix throws: kInternal, with the place.
[[noreturn]] void ThrowBrokenContract(const char* expression, const char* file, int line);

}  // namespace shotfix

// The only macro: a contract of our own code, kept in release builds too.
#define SHOTFIX_CHECK(expression) \
  ((expression) ? void() : ::shotfix::ThrowBrokenContract(#expression, __FILE__, __LINE__))
