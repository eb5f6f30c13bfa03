// SPDX-License-Identifier: MIT
// EXPECT: the input has 'Got' features
// MAX_LINES: 15
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/linear.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  Linear<512, 10, B> fc;
#else
  Linear<64, 10, B> fc;
#endif
  fc.infer(ctx, ctx.make<Shape{64}>(1));
}
