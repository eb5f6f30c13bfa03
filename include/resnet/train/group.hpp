// SPDX-License-Identifier: MIT
// Who trains a model together: what the Trainer asks between backward and clipping.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/flat.hpp>

namespace resnet {

/// This process by itself: its gradient is the group's.
struct Alone {
  template <class B, class Model>
  void sum(Context<B>&, Flat<Model>&) {}
};

}  // namespace resnet
