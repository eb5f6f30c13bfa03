// SPDX-License-Identifier: MIT
// Pre-activation residual blocks (He et al. 2016, arXiv 1603.05027): BatchNorm and ReLU stand before each convolution,
// and nothing after the addition.
//   PreActBlock       pre = relu(bn1(x)), y = drop_path(conv2(dropout(relu(bn2(conv1(pre)))))) + skip
//   PreActBottleneck  pre = relu(bn1(x)), y = drop_path(conv3(relu(bn3(conv2(relu(bn2(conv1(pre)))))))) + skip
//   skip = x where the shape stays, else shortcut(pre), a 1×1 convolution
// Shapes: (In, h, w) -> (Out, ceil(h / Stride), ceil(w / Stride)). The names are those of kuangliu/pytorch-cifar.
// dropout and drop_path do nothing unless their p is set. zero_gamma (init/initialize.hpp) has no effect: no BatchNorm
// stands at the end of a branch.
#pragma once

#include <resnet/compose/stage.hpp>
#include <resnet/layers/add.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/identity.hpp>

#include <type_traits>

namespace resnet {

template <int In, int Out, int Stride, class B>
using PreActShortcut = std::conditional_t<In == Out && Stride == 1, Identity<B>, Conv2d<In, Out, 1, Stride, B>>;

/// What the shortcut gets: x if it is the identity, else the pre-activated x.
template <class Shortcut, Shape S, class B>
constexpr Batch<S, B> shortcut_input(Batch<S, B> x, [[maybe_unused]] const Batch<S, B>& pre) {
  if constexpr (std::is_same_v<Shortcut, Identity<B>>)
    return x;
  else
    return pre;
}

template <int In, int Out, int Stride = 1, class B = Cpu>
struct PreActBlock {
  using Norm1 = BatchNormReLU<In, B>;
  using Conv1 = Conv2d<In, Out, 3, Stride, B>;
  using Norm2 = BatchNormReLU<Out, B>;
  using Conv2 = Conv2d<Out, Out, 3, 1, B>;
  using Shortcut = PreActShortcut<In, Out, Stride, B>;

  Norm1 bn1;
  Conv1 conv1;
  Norm2 bn2;
  Dropout<B> dropout{0};
  Conv2 conv2;
  DropPath<B> drop_path;
  Shortcut shortcut;

  using Backend = B;
  template <class Other>
  using on = PreActBlock<In, Out, Stride, Other>;

  static constexpr Shape out(Shape in) { return Conv1::out(in); }

  template <Shape S>
  struct Saved {
    static constexpr Shape mid = Conv1::out(S);
    SavedOf<Norm1, S> bn1;
    SavedOf<Conv1, S> conv1;
    SavedOf<Norm2, mid> bn2;
    SavedOf<Dropout<B>, mid> dropout;
    SavedOf<Conv2, mid> conv2;
    SavedOf<DropPath<B>, mid> drop_path;
    SavedOf<Shortcut, S> shortcut;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto pre = bn1.forward(ctx, x, saved.bn1);
    auto skip = shortcut.forward(ctx, shortcut_input<Shortcut>(std::move(x), pre), saved.shortcut);
    auto y = conv1.forward(ctx, std::move(pre), saved.conv1);
    y = bn2.forward(ctx, std::move(y), saved.bn2);
    y = dropout.forward(ctx, std::move(y), saved.dropout);
    y = conv2.forward(ctx, std::move(y), saved.conv2);
    y = drop_path.forward(ctx, std::move(y), saved.drop_path);
    return add(ctx, std::move(y), std::move(skip));
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto pre = bn1.infer(ctx, x);
    auto skip = shortcut.infer(ctx, shortcut_input<Shortcut>(std::move(x), pre));
    auto y = conv1.infer(ctx, std::move(pre));
    y = bn2.infer(ctx, std::move(y));
    y = conv2.infer(ctx, std::move(y));
    return add(ctx, std::move(y), std::move(skip));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PreActBlock& grad) const {
    auto dskip = shortcut.backward(ctx, dy, saved.shortcut, grad.shortcut);
    dy = drop_path.backward(ctx, std::move(dy), saved.drop_path, grad.drop_path);
    dy = conv2.backward(ctx, std::move(dy), saved.conv2, grad.conv2);
    dy = dropout.backward(ctx, std::move(dy), saved.dropout, grad.dropout);
    dy = bn2.backward(ctx, std::move(dy), saved.bn2, grad.bn2);
    if constexpr (std::is_same_v<Shortcut, Identity<B>>) {
      auto dpre = conv1.backward(ctx, std::move(dy), saved.conv1, grad.conv1);
      return add(ctx, bn1.backward(ctx, std::move(dpre), saved.bn1, grad.bn1), std::move(dskip));
    } else {
      auto dpre = conv1.backward_add(ctx, std::move(dy), std::move(dskip), saved.conv1, grad.conv1);
      return bn1.backward(ctx, std::move(dpre), saved.bn1, grad.bn1);
    }
  }

  static constexpr void visit(auto&& f, auto&... self) { visit_as("shortcut.0", f, self...); }

 protected:
  static constexpr void visit_as(std::string_view shortcut_name, auto& f, auto&... self) {
    f("bn1", self.bn1...);
    f("conv1", self.conv1...);
    f("bn2", self.bn2...);
    f("dropout", self.dropout...);
    f("conv2", self.conv2...);
    f("drop_path", self.drop_path...);
    f(shortcut_name, self.shortcut...);
  }
};

template <int In, int Out, int Stride = 1, class B = Cpu>
struct PreActBottleneck {
  static_assert(Out % 4 == 0, "a bottleneck's output channels are four times its inner ones");
  static constexpr int inner = Out / 4;
  using Norm1 = BatchNormReLU<In, B>;
  using Conv1 = Conv2d<In, inner, 1, 1, B>;
  using InnerNorm = BatchNormReLU<inner, B>;
  using Conv2 = Conv2d<inner, inner, 3, Stride, B>;
  using Conv3 = Conv2d<inner, Out, 1, 1, B>;
  using Shortcut = PreActShortcut<In, Out, Stride, B>;

  Norm1 bn1;
  Conv1 conv1;
  InnerNorm bn2;
  Conv2 conv2;
  InnerNorm bn3;
  Conv3 conv3;
  DropPath<B> drop_path;
  Shortcut shortcut;

  using Backend = B;
  template <class Other>
  using on = PreActBottleneck<In, Out, Stride, Other>;

  static constexpr Shape out(Shape in) { return Conv3::out(Conv2::out(Conv1::out(in))); }

  template <Shape S>
  struct Saved {
    static constexpr Shape reduced = Conv1::out(S);
    static constexpr Shape mid = Conv2::out(reduced);
    static constexpr Shape end = Conv3::out(mid);
    SavedOf<Norm1, S> bn1;
    SavedOf<Conv1, S> conv1;
    SavedOf<InnerNorm, reduced> bn2;
    SavedOf<Conv2, reduced> conv2;
    SavedOf<InnerNorm, mid> bn3;
    SavedOf<Conv3, mid> conv3;
    SavedOf<DropPath<B>, end> drop_path;
    SavedOf<Shortcut, S> shortcut;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto pre = bn1.forward(ctx, x, saved.bn1);
    auto skip = shortcut.forward(ctx, shortcut_input<Shortcut>(std::move(x), pre), saved.shortcut);
    auto reduced = conv1.forward(ctx, std::move(pre), saved.conv1);
    reduced = bn2.forward(ctx, std::move(reduced), saved.bn2);
    auto mid = conv2.forward(ctx, std::move(reduced), saved.conv2);
    mid = bn3.forward(ctx, std::move(mid), saved.bn3);
    auto y = conv3.forward(ctx, std::move(mid), saved.conv3);
    y = drop_path.forward(ctx, std::move(y), saved.drop_path);
    return add(ctx, std::move(y), std::move(skip));
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto pre = bn1.infer(ctx, x);
    auto skip = shortcut.infer(ctx, shortcut_input<Shortcut>(std::move(x), pre));
    auto reduced = conv1.infer(ctx, std::move(pre));
    reduced = bn2.infer(ctx, std::move(reduced));
    auto mid = conv2.infer(ctx, std::move(reduced));
    mid = bn3.infer(ctx, std::move(mid));
    auto y = conv3.infer(ctx, std::move(mid));
    return add(ctx, std::move(y), std::move(skip));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PreActBottleneck& grad) const {
    auto dskip = shortcut.backward(ctx, dy, saved.shortcut, grad.shortcut);
    dy = drop_path.backward(ctx, std::move(dy), saved.drop_path, grad.drop_path);
    auto dmid = conv3.backward(ctx, std::move(dy), saved.conv3, grad.conv3);
    dmid = bn3.backward(ctx, std::move(dmid), saved.bn3, grad.bn3);
    auto dreduced = conv2.backward(ctx, std::move(dmid), saved.conv2, grad.conv2);
    dreduced = bn2.backward(ctx, std::move(dreduced), saved.bn2, grad.bn2);
    if constexpr (std::is_same_v<Shortcut, Identity<B>>) {
      auto dpre = conv1.backward(ctx, std::move(dreduced), saved.conv1, grad.conv1);
      return add(ctx, bn1.backward(ctx, std::move(dpre), saved.bn1, grad.bn1), std::move(dskip));
    } else {
      auto dpre = conv1.backward_add(ctx, std::move(dreduced), std::move(dskip), saved.conv1, grad.conv1);
      return bn1.backward(ctx, std::move(dpre), saved.bn1, grad.bn1);
    }
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("bn1", self.bn1...);
    f("conv1", self.conv1...);
    f("bn2", self.bn2...);
    f("conv2", self.conv2...);
    f("bn3", self.bn3...);
    f("conv3", self.conv3...);
    f("drop_path", self.drop_path...);
    f("shortcut.0", self.shortcut...);
  }
};

template <>
inline constexpr int expansion<PreActBottleneck> = 4;

}  // namespace resnet
