// SPDX-License-Identifier: MIT
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/dropout.hpp>

#include <algorithm>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{3, 10, 10};
const Values ones(100 * in.size(), 1.0);

Values forward(Context<Double>& ctx, const Dropout<Double>& layer, const Values& x = ones) {
  SavedOf<Dropout<Double>, in> saved;
  return test::values_of(layer.forward(ctx, test::batch<in>(ctx, x), saved));
}

}  // namespace

TEST_CASE("Dropout: gradients") {
  test::check_random_layer<Shape{3, 4, 5}>(2, {.infer_is_forward = false}, Dropout<Double>{0.5});
  test::check_random_layer<Shape{7}>(3, {.infer_is_forward = false}, Dropout<Double>{0.2});
}

TEST_CASE("Dropout: p is the fraction of zeros, the others are scaled by 1 / (1 - p)") {
  for (const double p : {0.1, 0.5, 0.75}) {
    Context<Double> ctx;
    const Values y = forward(ctx, {p});
    const auto zeros = std::count(y.begin(), y.end(), 0.0);
    CHECK(zeros + std::count(y.begin(), y.end(), 1 / (1 - p)) == static_cast<std::ptrdiff_t>(y.size()));
    const double n = static_cast<double>(y.size());
    CHECK(std::abs(static_cast<double>(zeros) - p * n) < 4 * std::sqrt(n * p * (1 - p)));
  }
}

TEST_CASE("Dropout: p = 0 and infer change nothing") {
  Context<Double> ctx;
  const RandomStream start = ctx.stream_position();
  const Values x = test::normal(in.size(), 1);
  CHECK(forward(ctx, {0}, x) == x);
  CHECK(ctx.stream_position() == start);
  CHECK(test::values_of(Dropout<Double>{0.9}.infer(ctx, test::batch<in>(ctx, x))) == x);
}

TEST_CASE("Dropout: each call draws new numbers, and the position of the stream brings them back") {
  Context<Double> ctx(1, 5), same(1, 5), other(1, 6);
  const RandomStream start = ctx.stream_position();
  const Values first = forward(ctx, {}), second = forward(ctx, {});
  CHECK(first != second);
  CHECK(forward(same, {}) == first);
  CHECK(forward(other, {}) != first);
  ctx.set_stream_position(start);
  CHECK(forward(ctx, {}) == first);
}

TEST_CASE("set_dropout: every Dropout of a model") {
  Sequential<Dropout<Double>, Sequential<Dropout<Double>>> model;
  CHECK(set_dropout(model, 0.3) == 2);
  CHECK(get<0>(model.layers).p == 0.3);
  CHECK(get<0>(get<1>(model.layers).layers).p == 0.3);
}
