// SPDX-License-Identifier: MIT
#include <resnet/blocks/dense_block.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{3, 4, 5};
const test::GradientOptions trained{.infer_is_forward = false};

}  // namespace

TEST_CASE("DenseLayer: gradients, and the input comes out first") {
  using Layer = DenseLayer<3, 2, Double>;
  static_assert(Layer::out(in) == Shape{5, 4, 5});
  test::check_random_layer<in, Layer>(2, trained);

  Layer layer;
  test::randomize(layer);
  Context<Double> ctx;
  SavedOf<Layer, in> saved;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  CHECK(test::values_of(slice<0, 3>(ctx, layer.forward(ctx, x, saved))) == test::values_of(x));
  CHECK(test::values_of(slice<0, 3>(ctx, layer.infer(ctx, x))) == test::values_of(x));
}

TEST_CASE("DenseBlock: gradients") {
  using Block = DenseBlock<3, 2, 3, Double>;
  static_assert(Block::out(in) == Shape{9, 4, 5});
  test::check_random_layer<in, Block>(2, trained);
}

TEST_CASE("DenseBlock: torchvision's names") {
  std::vector<std::string> expected;
  for (const char* layer : {"denselayer1.", "denselayer2."})
    for (const char* i : {"1", "2"}) {
      for (const char* entry : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
        expected.push_back(std::string(layer) + "norm" + i + "." + entry);
      expected.push_back(std::string(layer) + "conv" + i + ".weight");
    }
  CHECK(test::state_names(DenseBlock<3, 2, 2, Double>{}) == expected);
}

TEST_CASE("Transition: gradients") {
  using Halving = Transition<4, 2, Double>;
  static_assert(Halving::out(Shape{4, 4, 5}) == Shape{2, 2, 2});
  test::check_random_layer<Shape{4, 4, 5}, Halving>(2, trained);
}
