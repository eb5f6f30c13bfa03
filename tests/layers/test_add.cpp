// SPDX-License-Identifier: MIT
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/add.hpp>

#include <doctest/doctest.h>

#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;
using B = Ref<double>;

TEST_CASE("add: writes only where nobody else looks") {
  Context<B> ctx;
  const Values sum{11, 22, 33};
  const auto make = [&](const Values& values) { return test::batch<Shape{3}>(ctx, values); };
  auto a = make({1, 2, 3}), b = make({10, 20, 30});
  const double *in_a = a.data(), *in_b = b.data();

  const auto fresh = add(ctx, a, b);
  CHECK(fresh.data() != in_a);
  CHECK(fresh.data() != in_b);
  CHECK(test::values_of(fresh) == sum);
  CHECK(test::values_of(a) == Values{1, 2, 3});
  CHECK(test::values_of(b) == Values{10, 20, 30});

  const auto first = add(ctx, std::move(a), b);
  CHECK(first.data() == in_a);
  CHECK(test::values_of(first) == sum);
  CHECK(test::values_of(b) == Values{10, 20, 30});

  a = make({1, 2, 3});
  const auto second = add(ctx, a, std::move(b));
  CHECK(second.data() == in_b);
  CHECK(test::values_of(second) == sum);
  CHECK(test::values_of(a) == Values{1, 2, 3});

  const auto twice = add(ctx, a, a);
  CHECK(test::values_of(twice) == Values{2, 4, 6});
  CHECK(test::values_of(a) == Values{1, 2, 3});
}
