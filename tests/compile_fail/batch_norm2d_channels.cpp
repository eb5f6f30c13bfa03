// SPDX-License-Identifier: MIT
// EXPECT: the input has 'Got' channels
// MAX_LINES: 15
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/batch_norm2d.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  BatchNorm2d<32, B> norm;
#else
  BatchNorm2d<16, B> norm;
#endif
  norm.infer(ctx, ctx.make<Shape{16, 8, 8}>(1));
}
