// SPDX-License-Identifier: MIT
// EXPECT: pool the input first
// MAX_LINES: 15
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/linear.hpp>

using namespace resnet;
using B = Ref<float>;

int main() {
  Context<B> ctx;
#ifdef WRONG
  constexpr Shape in{64, 4, 4};
#else
  constexpr Shape in{64};
#endif
  Linear<64, 10, B>().infer(ctx, ctx.make<in>(1));
}
