// SPDX-License-Identifier: MIT
// The inverted residual block with squeeze and excitation of EfficientNet (Tan & Le 2019, arXiv 1905.11946;
// Sandler et al. 2018, arXiv 1801.04381), as torchvision's MBConv:
//   e = silu(bn(conv 1×1 (x)))             In -> Expand · In channels; left out where Expand is 1
//   d = silu(bn(depthwise conv (e)))       Kernel × Kernel, with the stride
//   y = bn(conv 1×1 (se(d)))               Expand · In -> Out; the squeezed channels are In / 4
//   out = drop_path(y) + x                 where the shape stays, else y
// Shapes: (In, h, w) -> (Out, ceil(h / Stride), ceil(w / Stride)).
#pragma once

#include <resnet/compose/sequential.hpp>
#include <resnet/layers/add.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/depthwise_conv2d.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/layers/identity.hpp>
#include <resnet/layers/silu.hpp>
#include <resnet/layers/squeeze_excitation.hpp>

#include <algorithm>
#include <type_traits>

namespace resnet {

/// MBConv<Kernel, Expand>::Block is what Stage takes.
template <int Kernel, int Expand>
struct MBConv {
  template <int In, int Out, int Stride, class B>
  struct Block {
    static constexpr int inner = Expand * In;
    static constexpr bool expands = Expand != 1, has_skip = In == Out && Stride == 1;
    using Expansion =
        std::conditional_t<expands, Sequential<Conv2d<In, inner, 1, 1, B>, BatchNorm2d<inner, B>, SiLU<B>>,
                           Identity<B>>;
    using Depthwise = Sequential<DepthwiseConv2d<inner, Kernel, Stride, B>, BatchNorm2d<inner, B>, SiLU<B>>;
    using Squeeze = SqueezeExcitation<inner, std::max(1, In / 4), B>;
    using Norm = BatchNorm2d<Out, B>;
    using Projection = Sequential<Conv2d<inner, Out, 1, 1, B>, Norm>;

    Expansion expansion;
    Depthwise depthwise;
    Squeeze squeeze;
    Projection projection;
    DropPath<B> drop_path;

    using Backend = B;
    template <class Other>
    using on = Block<In, Out, Stride, Other>;

    static constexpr Shape out(Shape in) { return Projection::out(Depthwise::out(Expansion::out(in))); }

    template <Shape S>
    struct Saved {
      static constexpr Shape wide = Expansion::out(S);
      static constexpr Shape mid = Depthwise::out(wide);
      static constexpr Shape end = Projection::out(mid);
      SavedOf<Expansion, S> expansion;
      SavedOf<Depthwise, wide> depthwise;
      SavedOf<Squeeze, mid> squeeze;
      SavedOf<Projection, mid> projection;
      SavedOf<DropPath<B>, end> drop_path;
    };

    template <Shape S>
    constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
      auto wide = expansion.forward(ctx, x, saved.expansion);
      auto mid = depthwise.forward(ctx, std::move(wide), saved.depthwise);
      mid = squeeze.forward(ctx, std::move(mid), saved.squeeze);
      auto y = projection.forward(ctx, std::move(mid), saved.projection);
      if constexpr (has_skip) y = add(ctx, drop_path.forward(ctx, std::move(y), saved.drop_path), std::move(x));
      return y;
    }

    template <Shape S>
    constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
      auto wide = expansion.infer(ctx, x);
      auto mid = depthwise.infer(ctx, std::move(wide));
      mid = squeeze.infer(ctx, std::move(mid));
      auto y = projection.infer(ctx, std::move(mid));
      if constexpr (has_skip) y = add(ctx, std::move(y), std::move(x));
      return y;
    }

    template <Shape S>
    constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Block& grad) const {
      Batch<S, B> dskip;
      if constexpr (has_skip) {
        dskip = dy;
        dy = drop_path.backward(ctx, std::move(dy), saved.drop_path, grad.drop_path);
      }
      auto dmid = projection.backward(ctx, std::move(dy), saved.projection, grad.projection);
      dmid = squeeze.backward(ctx, std::move(dmid), saved.squeeze, grad.squeeze);
      auto dwide = depthwise.backward(ctx, std::move(dmid), saved.depthwise, grad.depthwise);
      auto dx = expansion.backward(ctx, std::move(dwide), saved.expansion, grad.expansion);
      if constexpr (has_skip) dx = add(ctx, std::move(dx), std::move(dskip));
      return dx;
    }

    /// The BatchNorm before the addition: zero_gamma starts it at 0 (init/initialize.hpp).
    constexpr Norm& last_norm() requires has_skip { return get<1>(projection.layers); }

    static constexpr void visit(auto&& f, auto&... self) {
      if constexpr (expands) {
        f("block.0", self.expansion...);
        f("block.1", self.depthwise...);
        f("block.2", self.squeeze...);
        f("block.3", self.projection...);
      } else {
        f("block.0", self.depthwise...);
        f("block.1", self.squeeze...);
        f("block.2", self.projection...);
      }
      f("stochastic_depth", self.drop_path...);
    }
  };
};

}  // namespace resnet
