// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/loss/cross_entropy.hpp>

#include <limits>

#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;

namespace {

using Double = Ref<double>;
constexpr Shape classes4{4};

struct Result {
  double value;
  Values dlogits;
};
template <class B = Double>
Result cross_entropy(const Values& logits, const Values& target) {
  Context<B> ctx;
  ctx.poison(true);
  const auto z = test::batch<classes4>(ctx, logits), t = test::batch<classes4>(ctx, target);
  const auto loss = softmax_cross_entropy(ctx, z, t);
  CHECK(test::values_of(z) == logits);
  CHECK(test::values_of(t) == target);
  return {ctx.read(loss.value), test::values_of(loss.dlogits)};
}

Values one_hot_values(std::vector<int> labels, double smoothing = 0) {
  Context<Double> ctx;
  ctx.poison(true);
  return test::values_of(one_hot<4>(ctx, labels, smoothing));
}

/// -1/n Σ target · log(exp(logit) / Σ exp), as the textbook has it.
double by_formula(const Values& logits, const Values& target) {
  double loss = 0;
  for (std::size_t row = 0; row < logits.size(); row += 4) {
    double sum = 0;
    for (std::size_t c = 0; c < 4; ++c) sum += std::exp(logits[row + c]);
    for (std::size_t c = 0; c < 4; ++c) loss -= target[row + c] * std::log(std::exp(logits[row + c]) / sum);
  }
  return loss / static_cast<double>(logits.size() / 4);
}

/// Value against the formula, gradient against central differences of the value.
void check(Values logits, const Values& target) {
  const Result found = cross_entropy(logits, target);
  CHECK(found.value == doctest::Approx(by_formula(logits, target)).epsilon(1e-14));
  REQUIRE(found.dlogits.size() == logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double before = logits[i], step = 0x1p-16;
    logits[i] = before + step;
    const double above = cross_entropy(logits, target).value;
    logits[i] = before - step;
    const double numeric = (above - cross_entropy(logits, target).value) / (2 * step);
    logits[i] = before;
    CHECK(std::abs(found.dlogits[i] - numeric) < 1e-9);
  }
}

const Values logits = test::normal(12, 1);  // three images

}  // namespace

TEST_CASE("softmax_cross_entropy: hard labels") {
  check(logits, one_hot_values({2, 0, 3}));
  // Equal logits: log(Classes), whatever the label.
  CHECK(cross_entropy({5, 5, 5, 5}, one_hot_values({1})).value == doctest::Approx(std::log(4)).epsilon(1e-15));
}

TEST_CASE("softmax_cross_entropy: label smoothing") {
  check(logits, one_hot_values({2, 0, 3}, 0.1));
  CHECK(one_hot_values({2}, 0.1)[2] == doctest::Approx(0.925).epsilon(1e-15));
  CHECK(one_hot_values({2}, 0.1)[3] == doctest::Approx(0.025).epsilon(1e-15));
  CHECK(one_hot_values({1, 3}) == Values{0, 1, 0, 0, 0, 0, 0, 1});
  // Smoothed labels are a mixture of the hard ones and the uniform distribution, and the loss is linear.
  const double hard = cross_entropy(logits, one_hot_values({2, 0, 3})).value;
  const double uniform = cross_entropy(logits, Values(12, 0.25)).value;
  CHECK(cross_entropy(logits, one_hot_values({2, 0, 3}, 0.1)).value ==
        doctest::Approx(0.9 * hard + 0.1 * uniform).epsilon(1e-14));
}

TEST_CASE("softmax_cross_entropy: soft targets") {
  check(logits, {0.5, 0.25, 0.125, 0.125, 0, 0, 0.75, 0.25, 0.25, 0.25, 0.25, 0.25});
  check(logits, {1, 1, 0, 0, 0, 0.25, 0, 0, 0, 0, 0, 0});  // rows that sum to 2, 1/4 and 0
}

TEST_CASE("softmax_cross_entropy: a batch is the mean of its images") {
  const Values target = one_hot_values({2, 0, 3}, 0.2);
  const Result all = cross_entropy(logits, target);
  double mean = 0;
  for (std::ptrdiff_t row = 0; row < 12; row += 4) {
    const Result one = cross_entropy(Values(logits.begin() + row, logits.begin() + row + 4),
                                     Values(target.begin() + row, target.begin() + row + 4));
    mean += one.value / 3;
    for (std::size_t c = 0; c < 4; ++c)
      CHECK(all.dlogits[static_cast<std::size_t>(row) + c] == doctest::Approx(one.dlogits[c] / 3).epsilon(1e-14));
  }
  CHECK(all.value == doctest::Approx(mean).epsilon(1e-14));
}

TEST_CASE("softmax_cross_entropy: logits of any size") {
  // Adding a number to all logits of a row changes nothing but rounding.
  Values shifted = logits;
  for (double& z : shifted) z += 1e6;
  const Values target = one_hot_values({2, 0, 3});
  CHECK(cross_entropy(shifted, target).value == doctest::Approx(cross_entropy(logits, target).value).epsilon(1e-8));

  constexpr double largest = std::numeric_limits<float>::max();
  for (const double size : {1e4, 0x1p100, largest}) {
    const Values huge{size, 0, 0, -size};
    const Result right = cross_entropy<Ref<float>>(huge, one_hot_values({0}));
    CHECK(right.value == 0);
    CHECK(right.dlogits == Values{0, 0, 0, 0});
    const Result wrong = cross_entropy<Ref<float>>(huge, one_hot_values({3}));
    CHECK(wrong.value == 2 * size);
    CHECK(wrong.dlogits == Values{1, 0, 0, -1});
  }
}

TEST_CASE("softmax_cross_entropy: what is not finite shows in the loss") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    for (std::size_t i = 0; i < logits.size(); ++i) {
      Context<Double> ctx;
      Values broken = logits;
      broken[i] = bad;
      const auto target = one_hot<4>(ctx, std::vector<int>{2, 0, 3});
      CHECK_FALSE(
          std::isfinite(ctx.read(softmax_cross_entropy(ctx, test::batch<classes4>(ctx, broken), target).value)));
    }
}

TEST_CASE("one_hot: two labels mixed, whose mass is still 1") {
  const auto mixed = [](std::vector<int> labels, std::vector<int> others, double mix, double smoothing = 0) {
    Context<Double> ctx;
    ctx.poison(true);
    return test::values_of(one_hot<4>(ctx, labels, others, mix, smoothing));
  };
  CHECK(mixed({2, 1}, {0, 1}, 0.75) == Values{0.25, 0, 0.75, 0, 0, 1, 0, 0});
  CHECK(mixed({2, 1}, {}, 1) == one_hot_values({2, 1}));
  CHECK(mixed({2, 1}, {}, 1, 0.1) == one_hot_values({2, 1}, 0.1));
  const Values smooth = mixed({2}, {0}, 0.7, 0.2), own = one_hot_values({2}, 0.2), other = one_hot_values({0}, 0.2);
  for (std::size_t c = 0; c < 4; ++c) CHECK(smooth[c] == doctest::Approx(0.7 * own[c] + 0.3 * other[c]).epsilon(1e-15));
  CHECK(smooth[0] + smooth[1] + smooth[2] + smooth[3] == doctest::Approx(1).epsilon(1e-15));
  // The loss is linear in the target: a mixture of the labels' losses.
  CHECK(cross_entropy(logits, mixed({2, 0, 3}, {1, 0, 2}, 0.7)).value ==
        doctest::Approx(0.7 * cross_entropy(logits, one_hot_values({2, 0, 3})).value +
                        0.3 * cross_entropy(logits, one_hot_values({1, 0, 2})).value)
            .epsilon(1e-14));
  CHECK_THROWS_AS(mixed({2}, {4}, 0.5), Error);
}

TEST_CASE("softmax: exp(logit) / sum of exp") {
  Context<Double> ctx;
  ctx.poison(true);
  const Values found = test::values_of(softmax(ctx, test::batch<classes4>(ctx, logits)));
  for (std::size_t i = 0; i < 12; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 4; ++c) sum += std::exp(logits[i / 4 * 4 + c]);
    CHECK(found[i] == doctest::Approx(std::exp(logits[i]) / sum).epsilon(1e-14));
  }
}

TEST_CASE("cross_entropy: the loss of probabilities") {
  Context<Double> ctx;
  const Values target = one_hot_values({2, 0, 3}, 0.2);
  const auto p = softmax(ctx, test::batch<classes4>(ctx, logits));
  CHECK(cross_entropy(p, test::batch<classes4>(ctx, target)) ==
        doctest::Approx(cross_entropy(logits, target).value).epsilon(1e-14));
  const auto certain = test::batch<classes4>(ctx, {0, 1, 0, 0});
  CHECK(cross_entropy(certain, test::batch<classes4>(ctx, one_hot_values({1}))) == 0);
  CHECK(cross_entropy(certain, test::batch<classes4>(ctx, one_hot_values({0}))) ==
        doctest::Approx(-std::log(std::numeric_limits<double>::min())));
  const auto broken = test::batch<classes4>(ctx, {NAN, 1, 0, 0});
  CHECK(std::isnan(cross_entropy(broken, test::batch<classes4>(ctx, one_hot_values({0})))));
}

TEST_CASE("one_hot: a label outside the classes is an error") {
  CHECK_THROWS_WITH_AS(one_hot_values({1, 0, 4}), "one_hot: label 2 of the batch: expected 0 to 3, found 4", Error);
  CHECK_THROWS_WITH_AS(one_hot_values({-1}), "one_hot: label 0 of the batch: expected 0 to 3, found -1", Error);
  CHECK(one_hot_values({0, 3}) == Values{1, 0, 0, 0, 0, 0, 0, 1});
  CHECK(one_hot_values({}).empty());
}

TEST_CASE("predict: the class of the largest logit") {
  Context<Double> ctx;
  std::vector<int> found(7, -1);  // from a larger batch
  predict(ctx, test::batch<classes4>(ctx, {0, 3, 1, 2, -1, -2, -3, -4, 5, 5, 1, 5, 0, 0, 0, 1e-300}), found);
  CHECK(found == std::vector<int>{1, 0, 0, 3});
}

TEST_CASE("losses: logits and target of the same n, and a batch of none, which has no mean") {
  Context<Double> ctx;
  const auto two = test::batch<Shape{3}>(ctx, Values(6, 0.25)), three = test::batch<Shape{3}>(ctx, Values(9, 0.25));
  const Batch<Shape{3}, Double> none;
  CHECK_THROWS_WITH_AS(
      softmax_cross_entropy(ctx, two, three),
      "softmax_cross_entropy: expected one row or more, and as many in the target, found 2 rows and 3 in "
      "the target",
      Error);
  CHECK_THROWS_WITH_AS(resnet::cross_entropy(three, two), doctest::Contains("cross_entropy: expected one row or more"),
                       Error);
  CHECK_THROWS_AS(softmax_cross_entropy(ctx, none, none), Error);
  CHECK_THROWS_AS(resnet::cross_entropy(none, none), Error);
  CHECK_THROWS_WITH_AS(softmax(ctx, none), doctest::Contains("softmax: expected one row or more"), Error);
}
