// SPDX-License-Identifier: MIT
// Every network that the programs know, frozen: an image's result is the same bits alone and in any batch, for any number
// of threads. Random biases and statistics: zeros hide in which order things are added.
#include <resnet/freeze/engine.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "support/network_of.hpp"

using namespace resnet;

namespace {

/// The images repeat from here on: what each gives alone is known.
constexpr int different = 9;

class Frozen {
 public:
  Frozen(const test::Architecture& a, FreezeOptions options)
      : a_(a), engine_(a.program(), options), images_(normal_floats(different * a.image.size())) {
    for (int i = 0; i < different; ++i) {
      const auto y = infer(1, 1, images_.data() + static_cast<std::size_t>(i) * a_.image.size());
      alone_.insert(alone_.end(), y.begin(), y.end());
    }
  }

  /// How many images of a batch give other bits than alone.
  int differences(int n, int threads) const {
    std::vector<float> x;
    for (int i = 0; i < n; ++i) {
      const float* image = images_.data() + static_cast<std::size_t>(i % different) * a_.image.size();
      x.insert(x.end(), image, image + a_.image.size());
    }
    const auto y = infer(n, threads, x.data());
    const std::size_t size = static_cast<std::size_t>(a_.classes);
    int count = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
      count += std::memcmp(&y[i * size], &alone_[i % different * size], size * sizeof(float)) != 0;
    return count;
  }

  bool sensible() const {
    return std::all_of(alone_.begin(), alone_.end(), [](float v) { return std::isfinite(v) && v != 0; });
  }

 private:
  static std::vector<float> normal_floats(std::size_t count) {
    const auto values = test::normal(count, 1);
    return {values.begin(), values.end()};
  }
  std::vector<float> infer(int n, int threads, const float* x) const {
    Context<Cpu> ctx(threads);
    ctx.poison(true);
    std::vector<float> y(static_cast<std::size_t>(n) * static_cast<std::size_t>(a_.classes));
    engine_.run(ctx, n, x, y.data());
    return y;
  }

  const test::Architecture& a_;
  frozen::Engine engine_;
  std::vector<float> images_, alone_;
};

}  // namespace

TEST_CASE("frozen: every network, an image's bits depend on neither batch nor threads") {
  REQUIRE(test::architectures().size() == NETWORKS);
  for (const auto& a : test::architectures()) {
    CAPTURE(a.title);
    CAPTURE(a.classes);
    const Frozen net(a, {});
    REQUIRE(net.sensible());
    // All pairs for the small ones; for the others each batch with one number of threads, and the largest in small
    // batches alone: together about a minute of one core.
    const bool small = a.macs<200'000'000, large = a.macs> 2'000'000'000;
    int turn = 0;
    for (const int n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 32, 128}) {
      if (n == 128 ? !small : n > 4 && large) continue;
      const int one_of_them = std::array{2, 3, 5}[static_cast<std::size_t>(turn++ % 3)];
      for (const int threads : {1, 2, 3, 5}) {
        if ((!small || n == 128) && threads != one_of_them) continue;
        CAPTURE(n);
        CAPTURE(threads);
        CHECK(net.differences(n, threads) == 0);
      }
    }
  }
}

TEST_CASE("frozen: the same for each batch that a network may be frozen for") {
  for (const auto& a : test::architectures()) {
    if (a.title != "ResNet-18 with a quarter of the channels" && a.title != "AlexNet") continue;
    CAPTURE(a.title);
    for (const int batch : {1, 2, 6, 1'000'000'000}) {
      const Frozen net(a, {.batch = batch});
      for (const int n : {2, 3, 7, 32}) CHECK(net.differences(n, 2) == 0);
    }
    CHECK_THROWS_WITH_AS(Frozen(a, {.batch = 0}), "freeze: expected a batch of 1 or more, found 0", Error);
  }
}
