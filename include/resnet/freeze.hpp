// SPDX-License-Identifier: MIT
// Fast inference: a trained network as a fixed program. BatchNorm is folded into the convolutions' weights,
// additions and ReLU happen where a convolution's result still is in registers, weights are packed once.
//
//   const auto frozen = freeze<Shape{3, 32, 32}>(net);   // net may change or go away
//   auto logits = frozen.infer(ctx, images);             // as net.infer, but for rounding
//
// Works for every network made of layers (core/layer.hpp). A model's run-time settings that its visit doesn't
// name are those of a new model.
#pragma once

#include <resnet/backend/plan/network.hpp>
#include <resnet/core/initialised.hpp>
#include <resnet/freeze/engine.hpp>
#include <resnet/program/fuse.hpp>
#include <resnet/program/record.hpp>

namespace resnet::inline RESNET_ISA {

/// Thread-safe with a Context per thread; from the second batch of a size on nothing is allocated. Copies
/// share the weights. An image's result is the same bits alone and in any batch, for any number of threads.
template <Shape In, Shape Out>
class Frozen {
 public:
  using Backend = Cpu;
  static constexpr Shape out(Shape) { return Out; }

  explicit Frozen(frozen::Engine engine) : engine_(std::move(engine)) {}

  Batch<Out, Cpu> infer(Context<Cpu>& ctx, const Batch<In, Cpu>& x) const {
    auto y = ctx.make<Out>(require_images(x.n()));
    engine_.run(ctx, x.n(), x.data(), y.data());
    return y;
  }

  /// What is left to do for an image.
  const program::Program& program() const { return engine_.program(); }

 private:
  frozen::Engine engine_;
};

/// `net` for images of shape S: a Frozen<S, Net::out(S)>. Throws Error for a model without values.
template <Shape S, class Net>
auto freeze(const Net& net, const FreezeOptions& options = {}) {
  if constexpr (can_infer<Net, S>) {
    Context<Cpu> ctx(1);
    require_initialised("freeze", net);
    program::Program recorded = program::record<S>(net);
    program::fuse(recorded);
    return Frozen<S, Net::out(S)>(frozen::Engine(std::move(recorded), options));
  } else {
    return Frozen<S, S>(frozen::Engine({}, options));  // the error has been said
  }
}

}  // namespace resnet::inline RESNET_ISA
