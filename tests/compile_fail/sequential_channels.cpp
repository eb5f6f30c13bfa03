// SPDX-License-Identifier: MIT
// EXPECT: the input has 'Got' channels
// MAX_LINES: 30
#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  Sequential<Conv2d<3, 16, 3, 1, B>, BatchNorm2d<32, B>> layers;
#else
  Sequential<Conv2d<3, 16, 3, 1, B>, BatchNorm2d<16, B>> layers;
#endif
  layers.infer(ctx, ctx.make<Shape{3, 8, 8}>(1));
}
