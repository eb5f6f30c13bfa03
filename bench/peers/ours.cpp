// SPDX-License-Identifier: MIT
// Our own part of the comparison, through the library's public headers.
#include <resnet/freeze.hpp>
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <cmath>
#include <memory>
#include <thread>

#include "work.hpp"

using namespace resnet;

namespace {

constexpr Shape image{3, work::image_size, work::image_size};
using Net = ResNet18<work::classes>;

// Floats in a vector of the instruction set that this is compiled for.
#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

/// Fused multiply-adds between registers: 12 independent chains hide a latency of 4 cycles in each of two
/// units, and leave AVX2 registers for the operands.
double one_core_gflops() {
  typedef float Vec __attribute__((vector_size(4 * lanes)));
  constexpr int chains = 12, repeats = 1'000'000;
  volatile float unknown = 0.5F;  // what the compiler knows it may compute beforehand
  Vec sums[chains] = {};
  const double seconds = work::seconds_per_call([&] {
    const Vec factor = unknown - Vec{}, term = unknown - Vec{};
    for (int r = 0; r < repeats; ++r) {
#pragma GCC unroll 12
      for (Vec& sum : sums) sum = sum * factor + term;  // settles at 1
    }
    for (const Vec& sum : sums) unknown = sum[0] / 2;
  });
  return 2.0 * lanes * chains * repeats / seconds * 1e-9;
}

void peak(const work::Options& options) {
  std::vector<double> gflops(static_cast<std::size_t>(options.threads));
  std::vector<std::thread> threads;
  for (double& core : gflops) threads.emplace_back([&core] { core = one_core_gflops(); });
  double sum = 0;
  for (std::size_t i = 0; i < gflops.size(); ++i) {
    threads[i].join();
    sum += gflops[i];
  }
  work::report("peak", "gflops", sum, "registers only");
}

void conv(Context<Cpu>& ctx, const std::string& id, const work::Conv& c, work::Pass pass, int n) {
  const Conv2dGeometry g{.n = n,
                         .in_h = c.in_size,
                         .in_w = c.in_size,
                         .in_c = c.in_c,
                         .out_h = c.out_size(),
                         .out_w = c.out_size(),
                         .out_c = c.out_c,
                         .kernel = c.kernel,
                         .stride = c.stride,
                         .padding = c.kernel / 2};
  const auto buffer = [&](int count, double deviation) {
    auto memory = ctx.scratch(static_cast<std::size_t>(count));
    run<op::FillNormal>(ctx,
                        {.count = static_cast<std::size_t>(count), .stream = {1, 0}, .std = deviation, .y = memory});
    return memory;
  };
  const int taps = c.kernel * c.kernel * c.in_c;
  const auto x = buffer(n * c.in_size * c.in_size * c.in_c, 1);
  const auto y = buffer(n * g.out_h * g.out_w * c.out_c, 1);
  const auto weight = buffer(c.out_c * taps, std::sqrt(2.0 / taps));
  const double seconds = work::seconds_per_call([&] {
    switch (pass) {
      case work::Pass::forward:
        run<op::Conv2d>(ctx, {.g = g, .x = x, .weight = weight, .y = y});
        break;
      case work::Pass::backward_data:
        run<op::Conv2dBackwardData>(ctx, {.g = g, .dy = y, .weight = weight, .dx = x});
        break;
      case work::Pass::backward_weight:
        run<op::Conv2dBackwardWeight>(ctx, {.g = g, .x = x, .dy = y, .dweight = weight});
        break;
    }
  });
  const bool images_gradient = c.in_c == 3 && pass == work::Pass::backward_data;  // training needs none
  work::report(id, "seconds", seconds, "", images_gradient ? 0 : c.count);
}

struct Training {
  explicit Training(int threads) : ctx(threads) { initialize(ctx, trainer.model); }

  void step() { trainer.step({.images = images, .labels = labels}); }

  Context<Cpu> ctx;
  Trainer<Net, image> trainer{ctx, Optimizer<Net>(Sgd{.momentum = 0.9}, {5e-4, 5e-4, 5e-4}),
                              Schedule{ConstantLr{}, 0.01, 1'000'000}};
  std::vector<float> images = work::normal(work::train_batch * image.size());
  std::vector<int> labels = std::vector<int>(work::train_batch, 3);
};

void infer(Context<Cpu>& ctx, const std::string& id, int n) {
  const auto net = std::make_unique<Net>();
  initialize(ctx, *net);
  const auto frozen = freeze<image>(*net, {.batch = n});
  auto x = ctx.make<image>(n);
  run<op::FillNormal>(ctx, {.count = x.size(), .stream = {2, 0}, .std = 1, .y = x});
  float sum = 0;
  const double seconds = work::seconds_per_call([&] { sum += frozen.infer(ctx, x).data()[0]; });
  work::report(id, "seconds", seconds, std::isfinite(sum) ? "" : "not finite");
}

}  // namespace

int main(int argc, char** argv) {
  const work::Options options(argc, argv);
  work::report_version(std::to_string(32 * lanes) + "-bit vectors");
  if (options.wants_memory()) {
    const auto training = std::make_unique<Training>(options.threads);
    for (int i = 0; i < 3; ++i) training->step();
    work::report("memory train 128", "bytes", work::peak_resident_bytes(), "");
    return 0;
  }
  Context<Cpu> ctx(options.threads);
  if (options.wants("peak")) peak(options);
  work::for_each_conv(options, [&](auto&&... item) { conv(ctx, item...); });
  if (options.wants("train 128")) {
    const auto training = std::make_unique<Training>(options.threads);
    work::report("train 128", "seconds", work::seconds_per_call([&] { training->step(); }), "");
  }
  for (const int n : {32, 1})
    if (const auto id = "infer " + std::to_string(n); options.wants(id)) infer(ctx, id, n);
  return 0;
}
