// SPDX-License-Identifier: Apache-2.0
// Hands values from one thread to the next, a few at a time, and carries an exception across.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>

namespace shotfix::pipeline {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t limit) : limit_(limit) {}

  // False when the other side has gone: the value is dropped.
  bool Push(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return values_.size() < limit_ || closed_; });
    if (closed_) return false;
    values_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }

  // Nothing after the end. Throws what Fail was given.
  std::optional<T> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !values_.empty() || closed_; });
    if (values_.empty()) {
      if (problem_) std::rethrow_exception(problem_);
      return std::nullopt;
    }
    T value = std::move(values_.front());
    values_.pop_front();
    changed_.notify_all();
    return value;
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void Fail(std::exception_ptr problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
  std::exception_ptr problem_;
  bool closed_ = false;
};

}  // namespace shotfix::pipeline
