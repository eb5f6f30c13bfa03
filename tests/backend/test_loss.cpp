// SPDX-License-Identifier: MIT
#include "tests/support/backends.hpp"

using namespace resnet;
using test::Operand;
using test::Values;

namespace {

struct Rows {
  int rows, classes;
  std::size_t size() const { return static_cast<std::size_t>(rows * classes); }
};
constexpr Rows cases[] = {{1, 1}, {3, 10}, {128, 10}, {5, 1000}};

std::vector<int> labels(Rows r) {
  std::vector<int> result;
  for (int i = 0; i < r.rows; ++i) result.push_back((i * 7 + 3) % r.classes);
  return result;
}

/// Targets that do not sum to 1.
Values targets(Rows r) { return test::absolute(test::normal(r.size(), 2)); }

/// The loss, probabilities and dlogits.
auto cross_entropy(Rows r, const Values& logits) {
  return [r, &logits]<class B>(Context<B>& ctx) {
    Operand<B> z(logits), t(targets(r)), p(test::unwritten(r.size())), dz(test::unwritten(r.size()));
    const double loss = B::softmax_cross_entropy_forward(ctx, r.rows, r.classes, z.data(), t.data(), p.data());
    B::softmax_cross_entropy_backward(ctx, r.rows, r.classes, p.data(), t.data(), dz.data());
    return test::join(Values{loss}, p.values(), dz.values());
  };
}

}  // namespace

TEST_CASE("softmax_cross_entropy: the backward is the gradient of the mean") {
  const Rows r{3, 4};
  Values logits = test::normal(r.size(), 1);
  Context<Ref<double>> ctx;
  const Values result = cross_entropy(r, logits)(ctx);
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double before = logits[i], step = 0x1p-16;
    logits[i] = before + step;
    const double above = cross_entropy(r, logits)(ctx)[0];
    logits[i] = before - step;
    const double below = cross_entropy(r, logits)(ctx)[0];
    logits[i] = before;
    CHECK(result[1 + r.size() + i] == doctest::Approx((above - below) / (2 * step) / r.rows).epsilon(1e-7));
  }
}

TEST_CASE("softmax_cross_entropy: large logits neither overflow nor lose the loss") {
  Context<Ref<float>> ctx;
  Operand<Ref<float>> z({1000, 0, -1000, 1000}), t({0, 1, 0, 1}), p(test::unwritten(4));
  CHECK(Ref<float>::softmax_cross_entropy_forward(ctx, 2, 2, z.data(), t.data(), p.data()) == 1000);
  CHECK(p.values() == Values{1, 0, 0, 1});
}

TEST_CASE_TEMPLATE_DEFINE("softmax_cross_entropy", B, softmax_op) {
  for (const Rows r : cases) {
    CAPTURE(r.classes);
    const Values logits = test::normal(r.size(), 1);
    // The targets of a row sum to about `classes`, at least 4: what dlogits' errors scale with.
    Values units(1 + 2 * r.size(), 4.0);
    units[0] = 16 * static_cast<double>(r.size());
    for (std::size_t i = 1 + r.size(); i < units.size(); ++i) units[i] = 4.0 * (r.classes + 4) / r.rows;
    test::check_operation<B>(cross_entropy(r, logits), units);
  }
}
TEST_CASE_TEMPLATE_APPLY(softmax_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("one_hot and argmax", B, labels_op) {
  for (const Rows r : cases)
    test::check_operation_exactly<B>([&]<class T>(Context<T>& ctx) {
      const auto given = labels(r);
      Operand<T> target(test::unwritten(r.size()));
      T::one_hot(ctx, r.rows, r.classes, given.data(), 0.75, 0.125, target.data());
      std::vector<int> found(given.size());
      T::argmax(ctx, r.rows, r.classes, target.data(), found.data());
      CHECK(found == given);
      const Values values = target.values();
      CHECK(values[static_cast<std::size_t>(given[0])] == 0.75);
      CHECK(test::dot(values, Values(r.size(), 1.0)) == r.rows * (0.75 + 0.125 * (r.classes - 1)));
      return values;
    });
  Context<B> ctx;
  Operand<B> equal({1, 3, 3, 2, 2, 2});
  int found[2];
  B::argmax(ctx, 2, 3, equal.data(), found);
  CHECK(found[0] == 1);
  CHECK(found[1] == 0);
}
TEST_CASE_TEMPLATE_APPLY(labels_op, test::Backends);
