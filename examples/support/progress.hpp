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
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class Progress {
 public:
  /// A run of `epochs` of `batches` steps each, of which `done` steps were taken earlier.
  Progress(int epochs, int batches, std::int64_t done)
      : epochs_(epochs),
        batches_(batches),
        done_(done),
        total_(std::int64_t{epochs} * batches),
        next_line_(done) {}

  void start_epoch() { epoch_ = {}, images_ = 0; }

  /// After each step: the number of steps so far, images in this one, and the epoch's training metrics.
  void update(std::int64_t steps, int images, const resnet::Metrics& metrics) {
    images_ += images;
    const bool end = steps % batches_ == 0;
    if (terminal_ ? !end && since_drawn_.seconds() < 0.1 : steps < next_line_) return;
    next_line_ = steps + (total_ + 19) / 20;
    since_drawn_ = {};
    const auto epoch = (steps - 1) / batches_, step = (steps - 1) % batches_ + 1;
    const auto left =
        run_.seconds() / static_cast<double>(steps - done_) * static_cast<double>(total_ - steps);
    const std::string text =
        fmt::format("{:3} %  loss {:.3f}  accuracy {:.1f} %  {:.0f} images/s  {} left", 100 * step / batches_,
                    metrics.loss(), 100 * metrics.accuracy(), images_per_second(), clock(left));
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

  /// Of the current epoch, in this process.
  double images_per_second() const { return static_cast<double>(images_) / epoch_.seconds(); }
  double epoch_seconds() const { return epoch_.seconds(); }

 private:
  static std::string clock(double seconds) {
    const auto s = static_cast<int>(seconds + 0.5);
    return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                    : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  }

  int epochs_, batches_;
  std::int64_t done_, total_, next_line_, images_ = 0;
  Stopwatch run_, epoch_, since_drawn_;
  bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
};
