// SPDX-License-Identifier: MIT
// A backend on which nothing is computed and nothing allocated: running a model on it counts
// multiply-accumulates and the memory of activations, also at compile time. The numbers come from the very
// code that runs on the other backends, so they can't drift from it.
#pragma once

#include <resnet/core/backend.hpp>
#include <resnet/core/require.hpp>

namespace resnet {

struct Plan {
  using Scalar = float;
  using Activation = float;
  using Memory = Plan;
  static constexpr bool dry = true;
  struct State {
    long long macs = 0;  // multiply-accumulates
    Misfit misfit;       // the first one
  };

  static constexpr float* allocate(std::size_t) { return nullptr; }
  static constexpr void deallocate(float*) {}
  static constexpr void copy(auto&&...) {}
  static constexpr void fill(auto&&...) {}
  static constexpr void upload(auto&&...) {}
  static constexpr void download(auto&&...) {}
  static constexpr int max_threads() { return 1; }

  static constexpr void run(auto& ctx, const auto& operation) {
    if constexpr (requires { operation.macs(); }) ctx.macs += operation.macs();
  }
};

static_assert(Backend<Plan>);

}  // namespace resnet
