// SPDX-License-Identifier: MIT
// Initial values as in torchvision's resnet.py:
//   convolution  normal with std = sqrt(2 / (Out · Kernel²)) (He et al. 2015, arXiv 1502.01852, fan out)
//   Linear       uniform in ±1 / sqrt(In), weight and bias
//   BatchNorm2d  weight 1, bias 0
// zero_gamma starts the last BatchNorm of each residual block at 0, so that the block is its shortcut
// (Goyal et al. 2017, arXiv 1706.02677).
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/op/parameters.hpp>

#include <cmath>

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

  template <int Out, int Kernel, int KernelW, int In>
  void operator()(std::string_view, Role, Tensor<B, Out, Kernel, KernelW, In>& weight) {
    bias_bound_ = 1 / std::sqrt(static_cast<double>(In * Kernel * KernelW));
    run<op::FillNormal>(
        ctx_,
        {.count = weight.size(), .stream = next(), .std = std::sqrt(2.0 / (Out * Kernel * KernelW)), .y = weight});
  }
  template <int Out, int In>
  void operator()(std::string_view, Role, Tensor<B, Out, In>& weight) {
    bias_bound_ = 1 / std::sqrt(static_cast<double>(In));
    fill_uniform(weight);
  }
  template <int N>
  void operator()(std::string_view name, Role role, Tensor<B, N>& t) {
    if (role == Role::scale) bias_bound_ = 0;  // its bias is 0, a convolution's or Linear's is not
    if (role == Role::bias && bias_bound_ > 0)
      fill_uniform(t);
    else
      B::fill(t.size(), role == Role::scale || name == "running_var" ? 1 : 0, t.data());
  }
  void operator()(std::string_view, Role, std::int64_t& num_batches_tracked) { num_batches_tracked = 0; }

  void operator()(std::string_view, auto& layer) {
    visit_parts(*this, layer);
    if constexpr (requires { layer.last_norm(); })
      if (options_.zero_gamma) B::fill(layer.last_norm().weight.size(), 0, layer.last_norm().weight.data());
  }

 private:
  void fill_uniform(auto& t) {
    run<op::FillUniform>(ctx_, {.count = t.size(), .stream = next(), .low = -bias_bound_, .high = bias_bound_, .y = t});
  }
  RandomStream next() { return {stream_.seed, stream_.id++}; }

  Context<B>& ctx_;
  InitOptions options_;
  RandomStream stream_;  // one for each tensor, in the order of visit
  double bias_bound_ = 0;
};

}  // namespace detail

/// Sets all parameters and buffers of the model. The same seed gives the same values on every platform.
template <class B, class Model>
void initialize(Context<B>& ctx, Model& model, InitOptions options = {}) {
  detail::Initializer<B>(ctx, options)("", model);
}

}  // namespace resnet
