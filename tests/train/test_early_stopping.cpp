// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/train/early_stopping.hpp>

#include <cmath>

using namespace resnet;

namespace {

/// How many of these results a run sees before it stops.
int seen(EarlyStopping stopping, std::initializer_list<double> results) {
  int count = 0;
  for (const double result : results) {
    if (stopping.stop()) break;
    stopping.improved(result);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("EarlyStopping: after as many results in a row without a better one as there is patience") {
  const auto results = {0.1, 0.3, 0.2, 0.3, 0.4, 0.4, 0.1, 0.2, 0.9};
  CHECK(seen({.patience = 1}, results) == 3);
  CHECK(seen({.patience = 2}, results) == 4);  // equal is not better
  CHECK(seen({.patience = 3}, results) == 8);
  CHECK(seen({.patience = 4}, results) == 9);
  CHECK(seen({}, results) == 9);
  CHECK(seen({.patience = 2, .min_delta = 0.25}, {0.0, 0.2, 0.3, 0.4, 0.5, 0.8}) == 5);  // 0.3 - 0.0 is enough
  CHECK(seen({.patience = 2}, {std::nan(""), std::nan(""), 1.0}) == 2);
}

TEST_CASE("EarlyStopping: says which result is the best so far") {
  EarlyStopping stopping;
  CHECK(stopping.improved(-5));
  CHECK(!stopping.improved(-5));
  CHECK(stopping.improved(2));
  CHECK(!stopping.improved(std::nan("")));
  CHECK(stopping.best == 2);
}

TEST_CASE("EarlyStopping: continues from a checkpoint's metadata") {
  for (const int before : {0, 1, 2, 3}) {
    const double results[] = {0.1, 0.3, 0.2, 0.3, 0.2};
    EarlyStopping first{.patience = 3}, again{.patience = 3};
    for (int i = 0; i < before; ++i) first.improved(results[i]);
    Metadata metadata;
    first.save(metadata);
    again.restore("run", metadata);
    CHECK(again.best == first.best);
    for (int i = before; i < 5; ++i) {
      CHECK(!again.stop());
      again.improved(results[i]);
    }
    CHECK(again.stop());
  }
  EarlyStopping stopping{.patience = 3};
  stopping.improved(0.5);
  CHECK_THROWS_WITH_AS(stopping.restore("run", {{"early_stopping_best", "0.7"}}),
                       "run: metadata: expected the key \"early_stopping_since_best\", found none", Error);
  CHECK(stopping.best == 0.5);
}
