// SPDX-License-Identifier: MIT
// ResNet-18 on CIFAR images, frozen: an inference, in images and multiply-accumulates (of direct convolution)
// per second. To be compared with `inference` of the same run.
#include <resnet/backend/plan/cost.hpp>
#include <resnet/freeze.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/resnet18.hpp>

#include <benchmark/benchmark.h>

using namespace resnet;

namespace {

constexpr Shape image{3, 32, 32};
using Net = ResNet18<10>;

void frozen_inference(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  Context<Cpu> ctx;
  const auto net = std::make_unique<Net>();
  initialize(ctx, *net);
  const auto frozen = freeze<image>(*net, {.batch = n});
  const auto x = ctx.make<image>(n);
  run<op::FillNormal>(ctx, {.count = x.size(), .stream = {2, 0}, .std = 1, .y = x});
  for (auto _ : state) benchmark::DoNotOptimize(frozen.infer(ctx, x).data());
  state.SetItemsProcessed(state.iterations() * n);
  state.counters["GMAC/s"] = benchmark::Counter(n * static_cast<double>(forward_macs<Net, image>()) * 1e-9,
                                                benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(frozen_inference)->Arg(1)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
