// SPDX-License-Identifier: MIT
// Every convolution of ResNet-18 (CIFAR form), each pass. The counters: FLOP/s of the direct algorithm; its
// share of the multiply-add peak measured just before (Winograd can pass 1); bytes of the operands per
// second.
#include <resnet/backend/cpu/cpu.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/support/peak.hpp"

using namespace resnet;

namespace {

struct Layer {
  const char* name;
  int in, out, size, kernel, stride;
};
constexpr Layer layers[] = {
    {"3->64@32", 3, 64, 32, 3, 1},           {"64@32", 64, 64, 32, 3, 1},
    {"64->128@32/2", 64, 128, 32, 3, 2},     {"128@16", 128, 128, 16, 3, 1},
    {"128->256@16/2", 128, 256, 16, 3, 2},   {"256@8", 256, 256, 8, 3, 1},
    {"256->512@8/2", 256, 512, 8, 3, 2},     {"512@4", 512, 512, 4, 3, 1},
    {"1x1 64->128@32/2", 64, 128, 32, 1, 2}, {"1x1 128->256@16/2", 128, 256, 16, 1, 2},
    {"1x1 256->512@8/2", 256, 512, 8, 1, 2},
};

struct Operands {
  explicit Operands(const Layer& l, int n)
      : g{n, l.size, l.size, l.in, l.size / l.stride, l.size / l.stride, l.out, l.kernel, l.stride, l.kernel / 2},
        x(ctx.scratch(count(n * l.size * l.size, l.in))),
        y(ctx.scratch(count(n * g.out_h * g.out_w, l.out))),
        weight(ctx.scratch(count(l.out * l.kernel * l.kernel, l.in))) {
    run<op::FillNormal>(ctx, {.count = count(n * l.size * l.size, l.in), .stream = {1, 0}, .std = 1, .y = x});
    run<op::FillNormal>(ctx, {.count = count(n * g.out_h * g.out_w, l.out), .stream = {1, 1}, .std = 1, .y = y});
    run<op::FillNormal>(
        ctx, {.count = count(l.out * l.kernel * l.kernel, l.in), .stream = {1, 2}, .std = 0.05, .y = weight});
  }
  static std::size_t count(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }
  double bytes() const {
    return 4.0 * (1.0 * g.n * g.in_h * g.in_w * g.in_c + 1.0 * g.n * g.out_h * g.out_w * g.out_c +
                  1.0 * g.out_c * g.kernel * g.kernel * g.in_c);
  }

  Context<Cpu> ctx;
  Conv2dGeometry g;
  Buffer<CpuMemory> x, y, weight;
};

template <class Pass>
void run(benchmark::State& state, const Layer& layer, int n, Pass pass) {
  Operands o(layer, n);
  const double peak = bench::peak_flops(o.ctx.threads());
  for (auto _ : state) pass(o);
  const double flop = 2.0 * static_cast<double>(o.g.macs());
  using benchmark::Counter;
  state.counters["FLOP/s"] = Counter(flop, Counter::kIsIterationInvariantRate);
  state.counters["of peak"] = Counter(flop / peak, Counter::kIsIterationInvariantRate);
  state.counters["B/s"] = Counter(o.bytes(), Counter::kIsIterationInvariantRate);
}

void add(const std::string& name, const Layer& layer, int n, auto pass) {
  benchmark::RegisterBenchmark((name + "/" + layer.name + "/" + std::to_string(n)).c_str(),
                               [&layer, n, pass](benchmark::State& state) { run(state, layer, n, pass); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

const bool registered = [] {
  for (const int n : {1, 32, 128})
    for (const Layer& layer : layers) {
      add("conv2d_forward", layer, n,
          [](Operands& o) { resnet::run<op::Conv2d>(o.ctx, {.g = o.g, .x = o.x, .weight = o.weight, .y = o.y}); });
      if (layer.in > 3)
        add("conv2d_backward_data", layer, n, [](Operands& o) {
          resnet::run<op::Conv2dBackwardData>(o.ctx, {.g = o.g, .dy = o.y, .weight = o.weight, .dx = o.x});
        });
      add("conv2d_backward_weight", layer, n, [](Operands& o) {
        resnet::run<op::Conv2dBackwardWeight>(o.ctx, {.g = o.g, .x = o.x, .dy = o.y, .dweight = o.weight});
      });
    }
  return true;
}();

}  // namespace
