// SPDX-License-Identifier: MIT
// ResNet-18 on CIFAR images: a training step and an inference, in images and multiply-accumulates per second.
#include <resnet/backend/plan/cost.hpp>
#include <resnet/resnet18.hpp>

#include <benchmark/benchmark.h>

#include <memory>

using namespace resnet;

namespace {

constexpr Shape image{3, 32, 32};
using Net = ResNet18<10>;

struct Fixture {
  explicit Fixture(int n) : x(ctx.make<image>(n)) {
    std::uint64_t id = 0;
    for_each_parameter(
        [&](std::string_view, Role role, auto& t) {
          if (role == Role::weight)
            run<op::FillNormal>(ctx, {.count = t.size(), .stream = {1, id++}, .std = 0.05, .y = t.data()});
        },
        net);
    run<op::FillNormal>(ctx, {.count = x.size(), .stream = {2, 0}, .std = 1, .y = x});
  }
  Context<Cpu> ctx;
  Net net, grad;
  SavedOf<Net, image> saved;
  Batch<image, Cpu> x;
};

/// `passes`: 1 for inference; 3 for training, whose backward pass costs two forward passes.
void report(benchmark::State& state, int n, int passes) {
  state.SetItemsProcessed(state.iterations() * n);
  state.counters["GMAC/s"] =
      benchmark::Counter(static_cast<double>(passes) * n * static_cast<double>(forward_macs<Net, image>()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate);
}

void training_step(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  const auto f = std::make_unique<Fixture>(n);
  for (auto _ : state) {
    auto logits = f->net.forward(f->ctx, f->x, f->saved);
    zero(f->grad);
    f->net.backward_parameters(f->ctx, std::move(logits), f->saved, f->grad);
  }
  report(state, n, 3);
}

void inference(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  const auto f = std::make_unique<Fixture>(n);
  for (auto _ : state) benchmark::DoNotOptimize(f->net.infer(f->ctx, f->x).data());
  report(state, n, 1);
}

BENCHMARK(training_step)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(inference)->Arg(1)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
