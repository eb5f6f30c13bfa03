// SPDX-License-Identifier: MIT
// An operation that the backend does not have, and that is not made of others.
// EXPECT: the backend has no 'run' for the operation
// MAX_LINES: 15
#include <resnet/backend/cpu/cpu.hpp>

using namespace resnet;

template <class A, class P>
struct Negate {
  std::size_t count;
  In<A> x;
  Out<A> y;
#ifdef WRONG
#else
  void compose(auto& ctx) const {
    run<op::Add>(ctx, {.count = count, .a = x, .b = x, .y = y});
    run<op::Relu>(ctx, {.count = count, .x = y.data, .y = y});
  }
#endif
};

int main() {
  Context<Cpu> ctx;
  const auto x = ctx.make<Shape{3, 8, 8}>(1);
  run<Negate>(ctx, {.count = x.size(), .x = x, .y = x});
}
