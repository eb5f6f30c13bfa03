// SPDX-License-Identifier: MIT
#include <resnet/op/loss.hpp>

#include <limits>

#include "tests/support/operation.hpp"

using namespace resnet;
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

/// The loss.
template <class B>
double loss_of(Rows r, const Values& logits, const Values& target, Values& probabilities) {
  double loss = 0;
  probabilities = test::run_on<B>(op::SoftmaxCrossEntropy<Values, Values>{.rows = r.rows,
                                                                          .classes = r.classes,
                                                                          .logits = &logits,
                                                                          .target = &target,
                                                                          .probabilities = &probabilities,
                                                                          .loss = &loss});
  return loss;
}

}  // namespace

TEST_CASE("softmax_cross_entropy: the backward is the gradient of the scaled mean") {
  const Rows r{3, 4};
  Values logits = test::normal(r.size(), 1), p = test::unwritten(r.size()), dlogits = p;
  const Values target = targets(r);
  loss_of<Ref<double>>(r, logits, target, p);
  dlogits = test::run_on<Ref<double>>(op::SoftmaxCrossEntropyBackward<Values, Values>{
      .rows = 3, .classes = 4, .scale = 0.25, .probabilities = &p, .target = &target, .dlogits = &dlogits});
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double before = logits[i], step = 0x1p-16;
    logits[i] = before + step;
    const double above = loss_of<Ref<double>>(r, logits, target, p);
    logits[i] = before - step;
    const double below = loss_of<Ref<double>>(r, logits, target, p);
    logits[i] = before;
    CHECK(dlogits[i] == doctest::Approx(0.25 * (above - below) / (2 * step)).epsilon(1e-7));
  }
}

TEST_CASE("softmax_cross_entropy: large logits neither overflow nor lose the loss") {
  Values p = test::unwritten(4);
  CHECK(loss_of<Ref<float>>({2, 2}, {1000, 0, -1000, 1000}, {0, 1, 0, 1}, p) == 500);
  CHECK(p == Values{1, 0, 0, 1});
}

TEST_CASE_TEMPLATE_DEFINE("softmax_cross_entropy", B, softmax_cross_entropy) {
  for (const Rows r : cases) {
    CAPTURE(r.classes);
    const Values logits = test::normal(r.size(), 1), target = targets(r);
    Values p = test::unwritten(r.size()), dlogits = p;
    const double want = loss_of<test::Exact<B>>(r, logits, target, p),
                 eps = std::numeric_limits<typename B::Scalar>::epsilon();
    CHECK(std::abs(loss_of<B>(r, logits, target, p) - want) <= 16 * r.classes * eps);
    double loss = 0;
    test::check_operation<B>(op::SoftmaxCrossEntropy<Values, Values>{.rows = r.rows,
                                                                     .classes = r.classes,
                                                                     .logits = &logits,
                                                                     .target = &target,
                                                                     .probabilities = &p,
                                                                     .loss = &loss},
                             Values(r.size(), 4.0));
    // The targets of a row sum to about `classes`, at least 4: what dlogits' errors scale with.
    test::check_operation<B>(op::SoftmaxCrossEntropyBackward<Values, Values>{.rows = r.rows,
                                                                             .classes = r.classes,
                                                                             .scale = 1,
                                                                             .probabilities = &p,
                                                                             .target = &target,
                                                                             .dlogits = &dlogits},
                             Values(r.size(), 4.0 * (r.classes + 4) / r.rows));
  }
}
TEST_CASE_TEMPLATE_APPLY(softmax_cross_entropy, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("one_hot and argmax", B, labels_op) {
  const auto argmax = [](Rows r, const Values& logits) {
    std::vector<int> found(static_cast<std::size_t>(r.rows));
    test::run_on<B>(
        op::Argmax<Values, Values>{.rows = r.rows, .classes = r.classes, .logits = &logits, .labels = found.data()});
    return found;
  };
  for (const Rows r : cases) {
    const auto given = labels(r);
    Values target = test::unwritten(r.size());
    const op::OneHot<Values, Values> operation{
        .rows = r.rows, .classes = r.classes, .on = 0.75, .off = 0.125, .labels = given.data(), .target = &target};
    test::check_operation_exactly<B>(operation);
    target = test::run_on<B>(operation);
    CHECK(argmax(r, target) == given);
    CHECK(target[static_cast<std::size_t>(given[0])] == 0.75);
    CHECK(test::dot(target, Values(r.size(), 1.0)) == r.rows * (0.75 + 0.125 * (r.classes - 1)));
  }
  CHECK(argmax({2, 3}, {1, 3, 3, 2, 2, 2}) == std::vector{1, 0});
}
TEST_CASE_TEMPLATE_APPLY(labels_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("count", B, count) {
  Values logits{0, 3, 1, 2, -1, -2, 5, 5, 1};
  const int labels[] = {1, 2, 0};
  Tally tally{{.loss_sum = 10, .images = 7, .correct = 4}};
  const auto add = [&](double loss) {
    test::run_on<B>(op::Count<Values, Values>{
        .rows = 3, .classes = 3, .logits = &logits, .labels = labels, .loss = &loss, .tally = &tally});
  };
  const auto holds = [&](double loss_sum, std::int64_t images, std::int64_t correct, std::int64_t diverged) {
    CHECK(tally.metrics.loss_sum == loss_sum);
    CHECK(tally.metrics.images == images);
    CHECK(tally.metrics.correct == correct);
    CHECK(tally.diverged == diverged);
  };
  add(0.5), holds(11.5, 10, 6, 0);  // of two equal logits the first counts
  add(INFINITY), holds(11.5, 10, 6, 1);
  add(0.5), holds(11.5, 10, 6, 1);  // nothing is added any more
  tally = {};
  add(NAN), holds(0, 0, 0, 1);
}
TEST_CASE_TEMPLATE_APPLY(count, test::Backends);
