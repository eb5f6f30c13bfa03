// SPDX-License-Identifier: MIT
// BatchNorm with what follows it, on the largest and the smallest activation of ResNet-18 at batch 128.
// Memory is the limit: the counter is bytes of each operand, once, per second.
#include <resnet/backend/cpu/cpu.hpp>

#include <benchmark/benchmark.h>

using namespace resnet;

namespace {

struct Operands {
  explicit Operands(BatchNormGeometry g) : g(g), memory(ctx.scratch(4 * size() + 8 * channels())) {
    Cpu::fill_normal(ctx, 4 * size() + 8 * channels(), {1, 0}, 1, memory.data());
  }
  std::size_t channels() const { return static_cast<std::size_t>(g.c); }
  std::size_t size() const { return static_cast<std::size_t>(g.rows) * channels(); }
  float* tensor(std::size_t i) const { return memory.data() + i * size(); }
  float* vector(std::size_t i) const { return memory.data() + 4 * size() + i * channels(); }

  Context<Cpu> ctx;
  BatchNormGeometry g;
  Buffer<Cpu> memory;
};

void forward_relu(benchmark::State& state) {
  Operands o({static_cast<int>(state.range(0)), static_cast<int>(state.range(1))});
  for (auto _ : state)
    Cpu::batch_norm_forward(o.ctx, o.g, 1e-5, 0.1, o.tensor(0), o.vector(0), o.vector(1), o.vector(2),
                            o.vector(3), nullptr, true, o.tensor(1), o.vector(4), o.vector(5));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(2 * sizeof(float) * o.size()));
}

void backward_relu(benchmark::State& state) {
  Operands o({static_cast<int>(state.range(0)), static_cast<int>(state.range(1))});
  for (auto _ : state)
    Cpu::batch_norm_backward(o.ctx, o.g, o.tensor(0), o.vector(0), o.vector(1), o.vector(4), o.vector(5),
                             nullptr, true, o.tensor(1), nullptr, o.tensor(2), o.vector(6), o.vector(7));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(3 * sizeof(float) * o.size()));
}

BENCHMARK(forward_relu)->Args({131072, 64})->Args({2048, 512})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(backward_relu)->Args({131072, 64})->Args({2048, 512})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
