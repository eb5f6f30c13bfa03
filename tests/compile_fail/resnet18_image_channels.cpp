// SPDX-License-Identifier: MIT
// EXPECT: the input has 'Got' channels
// MAX_LINES: 20
#include <resnet/resnet18.hpp>

using namespace resnet;

int main() {
  Context<Cpu> ctx;
  const ResNet18<10> model;
#ifdef WRONG
  constexpr Shape image{1, 32, 32};
#else
  constexpr Shape image{3, 32, 32};
#endif
  model.infer(ctx, ctx.make<image>(1));
}
