// SPDX-License-Identifier: MIT
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/drop_path.hpp>

#include <algorithm>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{3, 2, 2};

Values forward(Context<Double>& ctx, const DropPath<Double>& layer, const Values& x) {
  SavedOf<DropPath<Double>, in> saved;
  return test::values_of(layer.forward(ctx, test::batch<in>(ctx, x), saved));
}

}  // namespace

TEST_CASE("DropPath: gradients") {
  test::check_random_layer<in>(9, {.infer_is_forward = false}, DropPath<Double>{0.5});
  test::check_random_layer<in>(2, {}, DropPath<Double>{0});
}

TEST_CASE("DropPath: whole images are 0 or scaled by 1 / (1 - p), a fraction p of them 0") {
  const int n = 1000;
  const double p = 0.25;
  Context<Double> ctx;
  const Values y = forward(ctx, {p}, Values(n * in.size(), 1.0));
  int zeros = 0;
  for (int i = 0; i < n; ++i) {
    const auto image = y.begin() + i * static_cast<int>(in.size());
    CHECK(std::count(image, image + in.size(), *image) == in.size());
    CHECK((*image == 0 || *image == 1 / (1 - p)));
    zeros += *image == 0;
  }
  CHECK(std::abs(zeros - p * n) < 4 * std::sqrt(n * p * (1 - p)));
}

TEST_CASE("DropPath: p = 0 draws no random numbers") {
  Context<Double> ctx(1, 5);
  const RandomStream start = ctx.stream_position();
  const Values x = test::normal(in.size(), 1);
  CHECK(forward(ctx, {0}, x) == x);
  CHECK(ctx.stream_position() == start);
}

TEST_CASE("set_drop_path: linear in the depth") {
  Sequential<DropPath<Double>, Sequential<DropPath<Double>, DropPath<Double>>, DropPath<Double>> model;
  CHECK(set_drop_path(model, 0.2) == 4);
  CHECK(get<0>(model.layers).p == doctest::Approx(0.05));
  CHECK(get<1>(get<1>(model.layers).layers).p == doctest::Approx(0.15));
  CHECK(get<2>(model.layers).p == 0.2);
}
