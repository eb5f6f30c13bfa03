// SPDX-License-Identifier: MIT
// BatchNorm with what follows it, on the largest and the smallest activation of ResNet-18 at batch 128.
// Memory is the limit: the counter is bytes of each operand, once, per second.
#include <resnet/backend/cpu/cpu.hpp>

#include <benchmark/benchmark.h>

using namespace resnet;

namespace {

struct Operands {
  Operands(int rows, int channels) : rows(rows), channels(channels), memory(ctx.scratch(4 * size() + 8 * c())) {
    run<op::FillNormal>(ctx, {.count = 4 * size() + 8 * c(), .stream = {1, 0}, .std = 1, .y = memory});
  }
  std::size_t c() const { return static_cast<std::size_t>(channels); }
  std::size_t size() const { return static_cast<std::size_t>(rows) * c(); }
  float* tensor(std::size_t i) const { return memory.data() + i * size(); }
  float* vector(std::size_t i) const { return memory.data() + 4 * size() + i * c(); }

  Context<Cpu> ctx;
  int rows, channels;
  Buffer<CpuMemory> memory;
};

void forward_relu(benchmark::State& state) {
  Operands o(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) {
    run<op::BatchStatistics>(o.ctx, {.rows = o.rows,
                                     .channels = o.channels,
                                     .eps = 1e-5,
                                     .momentum = 0.1,
                                     .x = o.tensor(0),
                                     .running_mean = o.vector(2),
                                     .running_var = o.vector(3),
                                     .mean = o.vector(4),
                                     .inv_std = o.vector(5)});
    run<op::Normalize>(o.ctx, {.rows = o.rows,
                               .channels = o.channels,
                               .x = o.tensor(0),
                               .weight = o.vector(0),
                               .bias = o.vector(1),
                               .mean = o.vector(4),
                               .inv_std = o.vector(5),
                               .activation = op::Activation::relu,
                               .y = o.tensor(1)});
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(2 * sizeof(float) * o.size()));
}

void backward_relu(benchmark::State& state) {
  Operands o(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state)
    run<op::NormalizeBackward>(o.ctx, {.rows = o.rows,
                                       .channels = o.channels,
                                       .x = o.tensor(0),
                                       .weight = o.vector(0),
                                       .bias = o.vector(1),
                                       .mean = o.vector(4),
                                       .inv_std = o.vector(5),
                                       .activation = op::Activation::relu,
                                       .dy = o.tensor(1),
                                       .dx = o.tensor(2),
                                       .dweight = o.vector(6),
                                       .dbias = o.vector(7)});
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(3 * sizeof(float) * o.size()));
}

BENCHMARK(forward_relu)->Args({131072, 64})->Args({2048, 512})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(backward_relu)->Args({131072, 64})->Args({2048, 512})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
