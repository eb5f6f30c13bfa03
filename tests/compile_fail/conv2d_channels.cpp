// SPDX-License-Identifier: MIT
// EXPECT: the input has 'Got' channels
// MAX_LINES: 15
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/conv2d.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  Conv2d<4, 16, 3, 1, B> conv;
#else
  Conv2d<3, 16, 3, 1, B> conv;
#endif
  conv.infer(ctx, ctx.make<Shape{3, 8, 8}>(1));
}
