// SPDX-License-Identifier: MIT
// A thread that runs one job again and again, each time that it is asked to.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace resnet {

/// What the job uses belongs to it from start() until wait() returns, and to the caller otherwise; the two
/// calls order the memory accesses, so the job needs no lock of its own. Neither call allocates.
class BackgroundJob {
 public:
  explicit BackgroundJob(std::function<void()> job) : job_(std::move(job)), thread_([this] { run(); }) {}
  BackgroundJob(const BackgroundJob&) = delete;
  BackgroundJob& operator=(const BackgroundJob&) = delete;

  /// Waits for a job that is under way; one that has not begun is dropped.
  ~BackgroundJob() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// Asks for one run. To be called only after wait().
  void start() {
    {
      const std::lock_guard lock(mutex_);
      running_ = true;
    }
    changed_.notify_all();
  }

  /// Returns when nothing runs; throws what the last run threw, once.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !running_; });
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stop_ || running_; });
      if (stop_) return;
      lock.unlock();
      std::exception_ptr error;
      try {
        job_();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      error_ = error;
      running_ = false;
      changed_.notify_all();
    }
  }

  std::function<void()> job_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool running_ = false, stop_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace resnet
