// SPDX-License-Identifier: MIT
// A batch in the memory of one backend does not go into a layer of another.
// EXPECT: no matching
// MAX_LINES: 15
#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/relu.hpp>

using namespace resnet;

int main() {
  Context<Cpu> ctx;
  ReLU<Cpu> relu;
#ifdef WRONG
  Context<Ref<float>> images;
#else
  Context<Cpu> images;
#endif
  relu.infer(ctx, images.make<Shape{3, 8, 8}>(1));
}
