// SPDX-License-Identifier: MIT
// How far a training run is, on standard output: a bar where that is a terminal, otherwise a line for each
// twentieth of the run.
#pragma once

#include <resnet/train/evaluate.hpp>

#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

class Stopwatch {
 public:
  /// Begins at so many seconds.
  explicit Stopwatch(double seconds = 0, bool runs = true) : seconds_(seconds), runs_(runs) {}

  double seconds() const {
    if (!runs_) return seconds_;
    return seconds_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  void go() { *this = Stopwatch(seconds()); }
  void stop() { *this = Stopwatch(seconds(), false); }

 private:
  double seconds_;
  bool runs_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class Progress {
 public:
  /// A run of `epochs` of `batches` steps each.
  Progress(int epochs, int batches) : epochs_(epochs), batches_(batches), total_(std::int64_t{epochs} * batches) {}

  /// `done` steps were taken earlier.
  void start(std::int64_t done) { done_ = next_line_ = done, run_ = Stopwatch(); }

  /// Seconds of the epoch that earlier processes spent, on its steps and in all.
  void start_epoch(double step_seconds = 0, double seconds = 0) {
    steps_ = Stopwatch(step_seconds, false), epoch_ = Stopwatch(seconds);
  }
  /// Before the epoch's steps and after them; saving and evaluation are no part of the speed.
  void start_steps() { steps_.go(); }
  void end_steps() { steps_.stop(); }

  /// After each step: the number of steps so far, and the epoch's training metrics.
  void update(std::int64_t steps, const resnet::Metrics& metrics) {
    const bool end = steps % batches_ == 0;
    if (terminal_ ? !end && since_drawn_.seconds() < 0.1 : steps < next_line_) return;
    next_line_ = steps + (total_ + 19) / 20;
    since_drawn_ = Stopwatch();
    const auto epoch = (steps - 1) / batches_, step = (steps - 1) % batches_ + 1;
    const auto left = run_.seconds() / static_cast<double>(steps - done_) * static_cast<double>(total_ - steps);
    const std::string text =
        fmt::format("{:3} %  loss {:.3f}  accuracy {:.1f} %  {:.0f} images/s  {} left", 100 * step / batches_,
                    metrics.loss(), 100 * metrics.accuracy(), images_per_second(metrics), clock(left));
    if (terminal_) {
      const auto filled = static_cast<std::size_t>(12 * step / batches_);
      fmt::print("\r{}/{} [{:<12}]{}\033[K", epoch + 1, epochs_, std::string(filled, '='), text);
    } else {
      fmt::print("epoch {}/{} {}\n", epoch + 1, epochs_, text);
    }
    std::fflush(stdout);
  }

  /// A line that stays.
  void line(const std::string& text) const {
    fmt::print("{}{}\n", terminal_ ? "\r\033[K" : "", text);
    std::fflush(stdout);
  }

  /// Of the current epoch, whose metrics so far these are, with what earlier processes did of it.
  double images_per_second(const resnet::Metrics& metrics) const {
    return static_cast<double>(metrics.images) / steps_.seconds();
  }
  double step_seconds() const { return steps_.seconds(); }
  double epoch_seconds() const { return epoch_.seconds(); }

 private:
  static std::string clock(double seconds) {
    const auto s = static_cast<int>(seconds + 0.5);
    return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                    : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  }

  int epochs_, batches_;
  std::int64_t total_, done_ = 0, next_line_ = 0;
  Stopwatch run_, epoch_, steps_, since_drawn_;
  bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
};
