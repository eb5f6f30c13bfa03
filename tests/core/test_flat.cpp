// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/core/flat.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/optim/optimizer.hpp>

#include "tests/support/values.hpp"

using namespace resnet;

namespace {

using B = Ref<double>;
using Model = Sequential<Conv2d<3, 5, 3, 1, B, 1, true>, BatchNorm2d<5, B>, Linear<5, 2, B>>;

Model random_model(std::uint64_t id) {
  Model model;
  test::randomize(model, id);
  return model;
}

}  // namespace

TEST_CASE("Flat: a model's tensors lie next to each other, by role, with zeros between them") {
  const Model model = random_model(1);
  const Flat<Model> flat = model;
  CHECK(test::state_of(*flat) == test::state_of(model));
  std::vector<bool> covered(flat.size());
  for_each_state(
      [&](std::string_view, Role role, const auto& t) {
        if constexpr (requires { t.data(); }) {
          const FlatRange range = flat.range(role);
          const auto begin = static_cast<std::size_t>(t.data() - flat.data());
          CHECK(begin >= range.begin);
          CHECK(begin + t.size() <= range.begin + range.size);
          CHECK(begin % 8 == 0);
          for (std::size_t i = begin; i < begin + t.size(); ++i) covered[i] = true;
        }
      },
      *flat);
  for (std::size_t i = 0; i < flat.size(); ++i) CHECK((covered[i] || flat.data()[i] == 0));
  CHECK(flat.range(Role::weight).begin == 0);
  CHECK(flat.range(Role::buffer).begin == flat.parameters());
}

TEST_CASE("Flat: a value, whatever is assigned to the model stays in place") {
  Flat<Model> flat = random_model(1);
  const Flat<Model> copy = flat;
  const double* const place = get<0>(flat->layers).weight.data();
  CHECK(get<0>(copy->layers).weight.data() != place);
  *flat = random_model(100);
  CHECK(get<0>(flat->layers).weight.data() == place);
  CHECK(test::state_of(*flat) == test::state_of(random_model(100)));
  CHECK(test::state_of(*copy) == test::state_of(random_model(1)));
  flat = copy;
  CHECK(get<0>(flat->layers).weight.data() == place);
  CHECK(test::state_of(*flat) == test::state_of(*copy));

  Model taken = std::move(*flat);  // has memory of its own
  CHECK(get<0>(taken.layers).weight.data() != place);
  CHECK(test::state_of(taken) == test::state_of(*copy));
}

TEST_CASE("Flat: of a gradient of which a part was released, the rest is where it would be") {
  Flat<Model> gradient = random_model(1);
  get<0>(gradient->layers).weight.release();
  const Flat<Model> copy = gradient;
  CHECK(get<0>(copy->layers).weight.released());
  CHECK(get<2>(copy->layers).weight.data() - copy.data() == get<2>(gradient->layers).weight.data() - gradient.data());
  Context<Model::Backend> ctx;
  zero(ctx, gradient);
  for (std::size_t i = 0; i < gradient.parameters(); ++i) CHECK(gradient.data()[i] == 0);
}
