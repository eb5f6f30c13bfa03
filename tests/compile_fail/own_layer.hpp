// SPDX-License-Identifier: MIT
// A layer of one's own, where LACKS_… leaves out a part of the contract (core/layer.hpp).
#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>

using namespace resnet;

template <class B = Cpu>
struct OwnLayer {
#ifndef LACKS_BACKEND
  using Backend = B;
#endif
#ifndef LACKS_ON
  template <class Other>
  using on = OwnLayer<Other>;
#endif
#ifndef LACKS_OUT
  static constexpr Shape out(Shape in) { return in; }
#endif
#ifndef LACKS_SAVED
  template <Shape S>
  struct Saved {};
#endif
#ifndef LACKS_FORWARD
  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>&, Batch<S, B> x, auto&) const {
    return x;
  }
#endif
#ifndef LACKS_INFER
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>&, Batch<S, B> x) const {
    return x;
  }
#endif
#ifndef LACKS_BACKWARD
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>&, Batch<S, B> dy, auto&, OwnLayer&) const {
    return dy;
  }
#endif
#ifndef LACKS_VISIT
  static constexpr void visit(auto&&, auto&...) {}
#endif
};

constexpr Shape image{3, 32, 32};
using Net = Sequential<Conv2d<3, 16, 3, 2>, OwnLayer<>, GlobalAvgPool2d<>, Linear<16, 10>>;
