// SPDX-License-Identifier: MIT
// A backend on which nothing is computed and nothing allocated: running a model on it counts
// multiply-accumulates and the memory of activations, also at compile time. The numbers come from the very
// code that runs on the other backends, so they can't drift from it.
#pragma once

#include <resnet/core/backend.hpp>

namespace resnet {

struct Plan {
  using Scalar = float;
  using Activation = float;
  static constexpr bool dry = true;

  static constexpr float* allocate(std::size_t) { return nullptr; }
  static constexpr void deallocate(float*) {}
  static constexpr void copy(std::size_t, const float*, float*) {}
  static constexpr void fill(std::size_t, float, float*) {}
  static constexpr void upload(std::size_t, const float*, float*) {}
  static constexpr void download(std::size_t, const float*, float*) {}
  static constexpr int max_threads() { return 1; }

  static constexpr void run(auto& ctx, const auto& operation) {
    if constexpr (requires { operation.macs(); }) ctx.macs += operation.macs();
  }

  static constexpr void one_hot(auto&&...) {}
  static constexpr double softmax_cross_entropy_forward(auto&&...) { return 0; }
  static constexpr void softmax_cross_entropy_backward(auto&&...) {}
  static constexpr void argmax(auto&&...) {}
  static constexpr double sum_of_squares(auto&&...) { return 0; }
};

static_assert(Backend<Plan>);

}  // namespace resnet
