// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/densenet121.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow DenseNet with three blocks agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = DenseNet<Depths{2, 3, 2, 0}, Form::cifar, 8, 4, 10, B>;
  check_architecture<Shape{3, 32, 32}, B, Model>(File("densenet.safetensors"));
}

// In double only. Behind norm0 and the pooling every channel is normalised again, so that little is left of
// the gradient of norm0's scale: PyTorch's own float32 misses it by 2e-4, more than what is promised.
TEST_CASE("a pass of a narrow DenseNet with four blocks agrees with PyTorch") {
  using B = Ref<double>;
  using Model = DenseNet<Depths{2, 1, 2, 2}, Form::imagenet, 8, 4, 10, B>;
  check_architecture<Shape{3, 64, 64}, B, Model>(File("densenet_imagenet.safetensors"));
}
