// SPDX-License-Identifier: MIT
// EXPECT: the kernel is larger than the padded input
// MAX_LINES: 15
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/pooling.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  MaxPool2d<3, 2, 0, B> pool;
#else
  MaxPool2d<2, 2, 0, B> pool;
#endif
  pool.infer(ctx, ctx.make<Shape{3, 2, 2}>(1));
}
