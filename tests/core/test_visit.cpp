// SPDX-License-Identifier: MIT
#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/relu.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "tests/support/values.hpp"

using namespace resnet;
using B = Ref<float>;

namespace {

struct Model {
  using Backend = B;
  Conv2d<1, 2, 1, 1, B, 0, true> conv;
  Sequential<ReLU<B>, BatchNorm2d<2, B>> tail;

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv", self.conv...);
    f("tail", self.tail...);
  }
};

}  // namespace

TEST_CASE("IndexName: decimal numbers") {
  for (const std::size_t i :
       {std::size_t{0}, std::size_t{9}, std::size_t{10}, std::size_t{1234567890}, ~std::size_t{0}})
    CHECK(std::string_view(IndexName(i)) == std::to_string(i));
}

TEST_CASE("for_each_state: names are paths, in the order of visit") {
  CHECK(test::state_names(Model{}) == std::vector<std::string>{"conv.weight", "conv.bias", "tail.1.weight",
                                                               "tail.1.bias", "tail.1.running_mean",
                                                               "tail.1.running_var", "tail.1.num_batches_tracked"});
}

TEST_CASE("for_each_parameter: leaves buffers out and tells the role") {
  std::string seen;
  const Model model;
  for_each_parameter(
      [&](std::string_view name, Role role, const auto&) {
        seen += std::string(name) + (role == Role::weight ? "=weight " : role == Role::scale ? "=scale " : "=bias ");
      },
      model);
  CHECK(seen == "conv.weight=weight conv.bias=bias tail.1.weight=scale tail.1.bias=bias ");
}

TEST_CASE("for_each_parameter: walks other values side by side") {
  Model model, gradient;
  const Model fixed;
  int visited = 0;
  for_each_parameter(
      [&](std::string_view, Role, auto& a, auto& b, auto& c) {
        static_assert(std::is_same_v<decltype(a.data()), float*>);
        static_assert(std::is_same_v<decltype(c.data()), const float*>);
        CHECK(std::ranges::equal(a.dims(), c.dims()));
        ++visited;
        a.data()[0] = 7;
        b.data()[0] = 8;
      },
      model, gradient, fixed);
  CHECK(visited == 4);
  for_each_parameter(
      [](std::string_view name, Role, const auto& t) {
        if (name == "conv.weight") CHECK(std::ranges::equal(t.dims(), std::array{2, 1, 1, 1}));
      },
      fixed);
  CHECK(model.conv.weight.data()[0] == 7);
  CHECK(gradient.conv.weight.data()[0] == 8);
  CHECK(get<1>(model.tail.layers).bias.data()[0] == 7);
}

TEST_CASE("layers_of: a type, or a kind whatever its channels, in the order of visit") {
  Sequential<BatchNorm2d<2, B>, ReLU<B>, BatchNormReLU<3, B>, Sequential<BatchNorm2d<2, B>>> model;
  auto& inner = get<0>(get<3>(model.layers).layers);
  CHECK(layers_of<BatchNorm2d<2, B>>(inner) == std::vector{&inner});
  CHECK(layers_of<ReLU<B>>(model) == std::vector{&get<1>(model.layers)});
  const std::vector<BatchNormMode*> modes{&get<0>(model.layers), &get<2>(model.layers), &inner};
  CHECK(layers_of<BatchNormMode>(model) == modes);
  CHECK(layers_of<BatchNormMode>(get<1>(model.layers)).empty());
}

TEST_CASE("zero: clears what is trained, and nothing else") {
  Model gradient;
  test::randomize(gradient);
  const auto variance = test::values_of(get<1>(gradient.tail.layers).running_var);
  zero(gradient);
  CHECK(test::parameters_of(gradient) == test::Values(2 + 2 + 2 + 2, 0.0));
  CHECK(test::values_of(get<1>(gradient.tail.layers).running_var) == variance);
}
