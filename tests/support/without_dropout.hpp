// SPDX-License-Identifier: MIT
// A network whose Dropout layers do nothing: masks can't agree with PyTorch's, and ten steps on eight images
// can't tell learning from noise.
#pragma once

#include <resnet/layers/dropout.hpp>

namespace test {

template <class Net>
struct WithoutDropout : Net {
  WithoutDropout() { resnet::set_dropout<Net>(*this, 0); }
};

}  // namespace test
