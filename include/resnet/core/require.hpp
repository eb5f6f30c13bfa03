// SPDX-License-Identifier: MIT
// Checks of a layer's input whose failure is one sentence; the compiler prints the layer and the numbers beside it.
// On Plan nothing is refused but noted in the Context, so that whoever plans a whole network can say it at once
// (backend/plan/network.hpp) and not at the end of a chain of twenty functions.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/layer_tag.hpp>

namespace resnet {

/// An input that does not fit a layer.
struct Misfit {
  enum Kind { none, channels, features, window, pixels } kind = none;
  const char* layer = nullptr;  // stands for the layer's type
  int got = 0, expected = 0;
};

namespace detail {

/// The sentence, or a note in a context of Plan. `Layer` is &layer_tag<L>::name for the layer's type L.
template <Misfit::Kind Kind, const char* Layer, int Got, int Expected, class B = void>
constexpr void refuse([[maybe_unused]] Context<B>* ctx = nullptr) {
  if constexpr (!std::is_same_v<B, Plan>) {
    static_assert(Kind != Misfit::channels,
                  "the input has 'Got' channels, but the layer's In (or Channels) parameter says 'Expected'");
    static_assert(Kind != Misfit::features,
                  "the input has 'Got' features, but the layer's In parameter says 'Expected'");
    static_assert(
        Kind != Misfit::window,
        "the kernel is larger than the padded input, no output would be left: the input has 'Got' pixels in a row "
        "or column, the kernel 'Expected'");
    static_assert(Kind != Misfit::pixels, "Linear expects one pixel (height and width 1): pool the input first");
  } else if (ctx->misfit.kind == Misfit::none) {
    ctx->misfit = {Kind, Layer, Got, Expected};
  }
}

}  // namespace detail

template <class Layer, int Got, int Expected, class B>
constexpr void require_channels(Context<B>& ctx) {
  if constexpr (Got != Expected) detail::refuse<Misfit::channels, &detail::layer_tag<Layer>::name, Got, Expected>(&ctx);
}

template <class Layer, int Got, int Expected, class B>
constexpr void require_features(Context<B>& ctx) {
  if constexpr (Got != Expected) detail::refuse<Misfit::features, &detail::layer_tag<Layer>::name, Got, Expected>(&ctx);
}

template <class Layer, Shape In, class B>
constexpr void require_one_pixel(Context<B>& ctx) {
  if constexpr (In.h != 1 || In.w != 1)
    detail::refuse<Misfit::pixels, &detail::layer_tag<Layer>::name, In.h * In.w, 1>(&ctx);
}

template <class Layer, Shape In, int Kernel, int Padding, class B>
constexpr void require_window(Context<B>& ctx) {
  constexpr int side = (In.h < In.w ? In.h : In.w) + 2 * Padding;
  if constexpr (side < Kernel) detail::refuse<Misfit::window, &detail::layer_tag<Layer>::name, side, Kernel>(&ctx);
}

}  // namespace resnet
