// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/train/buffers.hpp>

#include "tests/support/heap_counter.hpp"
#include "tests/support/values.hpp"

using namespace resnet;

TEST_CASE("Buffers: brings back running statistics and counters, and no parameter") {
  using B = Ref<double>;
  using Model = Sequential<BatchNorm2d<2, B>, Conv2d<2, 3, 1, 1, B>, BatchNorm2d<3, B>>;
  Flat<Model> flat;
  Model& model = *flat;
  const auto set = [&](std::uint64_t id) {
    test::randomize(model, id);
    get<0>(model.layers).num_batches_tracked = static_cast<std::int64_t>(id);
    get<2>(model.layers).num_batches_tracked = static_cast<std::int64_t>(id) + 1;
  };
  const auto buffers = [&] {
    test::Values values;
    for_each_state(
        [&](std::string_view, Role role, const auto& value) {
          if constexpr (requires { value.data(); }) {
            if (role == Role::buffer) values = test::join(values, test::values_of(value));
          } else {
            values.push_back(static_cast<double>(value));
          }
        },
        model);
    return values;
  };
  set(1);
  const test::Values before = buffers();
  Context<Model::Backend> ctx;
  Buffers<Model> copy;
  copy.copy_from(ctx, flat);
  set(100);
  const test::Values parameters = test::parameters_of(model);
  REQUIRE(buffers() != before);
  copy.copy_to(ctx, flat);
  CHECK(buffers() == before);
  CHECK(test::parameters_of(model) == parameters);

  const long allocations = test::heap_allocations;
  copy.copy_from(ctx, flat);
  copy.copy_to(ctx, flat);
  CHECK((!test::counts_heap || test::heap_allocations == allocations));
}
