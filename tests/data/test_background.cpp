// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/background.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

using namespace resnet;

TEST_CASE("a background job runs once for each start, and its writes are seen after wait") {
  int runs = 0;
  BackgroundJob job([&] { ++runs; });
  job.wait();
  CHECK(runs == 0);
  for (int k = 1; k <= 100; ++k) {
    job.start();
    job.wait();
    REQUIRE(runs == k);
    job.wait();
    REQUIRE(runs == k);
  }
}

TEST_CASE("what a background job throws is thrown by wait, once") {
  bool fail = true;
  int runs = 0;
  BackgroundJob job([&] {
    ++runs;
    if (fail) throw std::runtime_error("broken");
  });
  job.start();
  CHECK_THROWS_WITH_AS(job.wait(), "broken", std::runtime_error);
  CHECK_NOTHROW(job.wait());
  fail = false;
  job.start();
  CHECK_NOTHROW(job.wait());
  CHECK(runs == 2);
}

TEST_CASE("destroying a background job waits for the run under way") {
  bool finished = false, begun = false;
  {
    std::mutex mutex;
    std::condition_variable changed;
    BackgroundJob job([&] {
      {
        const std::lock_guard lock(mutex);
        begun = true;
      }
      changed.notify_all();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      finished = true;
    });
    job.start();
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return begun; });
  }
  CHECK(finished);
}
