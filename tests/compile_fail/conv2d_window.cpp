// SPDX-License-Identifier: MIT
// EXPECT: the kernel is larger than the padded input
// MAX_LINES: 15
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/conv2d.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  Conv2d<3, 16, 9, 1, B, 1> conv;
#else
  Conv2d<3, 16, 7, 1, B, 1> conv;  // the input with its padding is 7×7
#endif
  conv.infer(ctx, ctx.make<Shape{3, 5, 5}>(1));
}
