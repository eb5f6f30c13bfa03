// SPDX-License-Identifier: MIT
// A thread that runs one job again and again, each time that it is asked to.
#pragma once

#include <resnet/core/once.hpp>

#include <functional>
#include <memory>

namespace resnet {

/// What the job uses belongs to it from start() until wait() returns, and to the caller otherwise; the two
/// calls order the memory accesses, so the job needs no lock of its own. Neither call allocates.
class BackgroundJob {
 public:
  explicit BackgroundJob(std::function<void()> job);
  /// Waits for a job that is under way; one that has not begun is dropped.
  ~BackgroundJob();

  /// Asks for one run. To be called only after wait().
  void start();

  /// Returns when nothing runs; throws what the last run threw, once.
  void wait();

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace resnet {

struct BackgroundJob::Thread {
  std::function<void()> job;
  std::mutex mutex;
  std::condition_variable changed;
  bool running = false, stop = false;
  std::exception_ptr error;
  std::thread thread;  // last: it uses the others

  explicit Thread(std::function<void()> f) : job(std::move(f)), thread([this] { run(); }) {}

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stop || running; });
      if (stop) return;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        job();
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      error = thrown;
      running = false;
      changed.notify_all();
    }
  }
};

RESNET_ONCE BackgroundJob::BackgroundJob(std::function<void()> job)
    : thread_(std::make_unique<Thread>(std::move(job))) {}

RESNET_ONCE BackgroundJob::~BackgroundJob() {
  {
    const std::lock_guard lock(thread_->mutex);
    thread_->stop = true;
  }
  thread_->changed.notify_all();
  thread_->thread.join();
}

RESNET_ONCE void BackgroundJob::start() {
  {
    const std::lock_guard lock(thread_->mutex);
    thread_->running = true;
  }
  thread_->changed.notify_all();
}

RESNET_ONCE void BackgroundJob::wait() {
  std::unique_lock lock(thread_->mutex);
  thread_->changed.wait(lock, [this] { return !thread_->running; });
  if (thread_->error) std::rethrow_exception(std::exchange(thread_->error, nullptr));
}

}  // namespace resnet

#endif  // RESNET_BODIES
