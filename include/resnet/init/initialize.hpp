// SPDX-License-Identifier: MIT
// Initial values: each layer with parameters says how they begin, by a function `void initialize(auto& init)` that calls
//   init.normal(tensor, std)     normal with mean 0
//   init.uniform(tensor, bound)  uniform in ±bound
//   init.constant(tensor, value)
// The library's layers begin as torchvision's. zero_gamma starts the last BatchNorm of each residual block at 0, so that
// the block is its shortcut (Goyal et al. 2017, arXiv 1706.02677).
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/op/parameters.hpp>

#include <string_view>

namespace resnet {

struct InitOptions {
  std::uint64_t seed = 0;
  bool zero_gamma = false;
};

namespace detail {

template <class B>
class Initializer {
 public:
  Initializer(Context<B>& ctx, InitOptions options) : ctx_(ctx), options_(options), stream_{options.seed, for_init} {}

  // Not inlined: a network has dozens of tensors.
  [[gnu::noinline]] void normal(TensorBase<B>& tensor, double std) {
    run<op::FillNormal>(ctx_, {.count = tensor.size(), .stream = next(), .std = std, .y = tensor});
  }
  [[gnu::noinline]] void uniform(TensorBase<B>& tensor, double bound) {
    run<op::FillUniform>(ctx_, {.count = tensor.size(), .stream = next(), .low = -bound, .high = bound, .y = tensor});
  }
  [[gnu::noinline]] void constant(TensorBase<B>& tensor, typename B::Scalar value) {
    B::fill(tensor.size(), value, tensor.data());
  }

  template <class T>
  void operator()(std::string_view, Role, T&) {
    static_assert(sizeof(T) == 0,
                  "a layer with parameters says how they begin: void initialize(auto& init) (init/initialize.hpp)");
  }
  void operator()(std::string_view, auto& layer) {
    if constexpr (requires { layer.initialize(*this); })
      layer.initialize(*this);
    else
      visit_parts(*this, layer);
    if constexpr (requires { layer.last_norm(); })
      if (options_.zero_gamma) constant(layer.last_norm().weight, 0);
  }

 private:
  RandomStream next() { return {stream_.seed, stream_.id++}; }

  Context<B>& ctx_;
  InitOptions options_;
  RandomStream stream_;  // one for each tensor, in the order of visit
};

}  // namespace detail

/// Sets all parameters and buffers of the model. The same seed gives the same values on every platform.
template <class B, class Model>
void initialize(Context<B>& ctx, Model& model, InitOptions options = {}) {
  detail::Initializer<B>(ctx, options)("", model);
}

}  // namespace resnet
