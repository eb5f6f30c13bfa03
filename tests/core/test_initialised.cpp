// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/core/initialised.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>

using namespace resnet;

TEST_CASE("require_initialised: refuses a model whose weights are all 0") {
  using B = Ref<float>;
  Context<B> ctx;
  Sequential<Conv2d<1, 2, 1, 1, B>, BatchNorm2d<2, B>, Linear<2, 3, B>> model;  // BatchNorm2d's weight is a scale, 1
  CHECK_THROWS_WITH_AS(
      require_initialised("evaluate", model),
      "evaluate: all 2 weight tensors of the model are 0: call initialize, load_weights or resume first", Error);
  get<2>(model.layers).weight.data()[5] = 1e-30f;
  require_initialised("evaluate", model);
  require_initialised("evaluate", Linear<2, 3, B>());  // logistic regression may begin with 0
  require_initialised("evaluate", BatchNorm2d<2, B>());
}
