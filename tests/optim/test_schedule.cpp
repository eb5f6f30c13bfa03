// SPDX-License-Identifier: MIT
// Learning rates at steps where they are known; whole runs against PyTorch are in golden/test_optim.cpp.
#include <doctest/doctest.h>

#include <resnet/optim/schedule.hpp>

#include <cmath>
#include <limits>

using namespace resnet;

namespace {

auto close(double rate) { return doctest::Approx(rate).epsilon(1e-13); }

}  // namespace

TEST_CASE("Schedule: constant") {
  const Schedule schedule{ConstantLr{}, 0.1, 10};
  for (int step = 0; step < 10; ++step) CHECK(schedule(step) == 0.1);
}

TEST_CASE("Schedule: x0.2 every 60 epochs") {
  constexpr std::int64_t steps_per_epoch = 391, total = 200 * steps_per_epoch;
  const Schedule schedule{StepLr{60 * steps_per_epoch, 0.2}, 0.1, total};
  const double rates[] = {0.1, 0.02, 0.004, 0.0008};
  for (std::int64_t epoch = 0; epoch < 200; ++epoch) {
    CHECK(schedule(epoch * steps_per_epoch) == close(rates[epoch / 60]));
    CHECK(schedule((epoch + 1) * steps_per_epoch - 1) == close(rates[epoch / 60]));
  }
}

TEST_CASE("Schedule: multi-step") {
  const Schedule schedule{MultiStepLr{{3, 5}, 0.5}, 0.8, 8};
  const double rates[] = {0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.2};
  for (int step = 0; step < 8; ++step) CHECK(schedule(step) == close(rates[step]));
  CHECK(Schedule{MultiStepLr{}, 0.8, 8}(7) == 0.8);
}

TEST_CASE("Schedule: cosine") {
  const Schedule schedule{CosineLr{0.02}, 0.1, 12};
  CHECK(schedule(0) == close(0.1));
  CHECK(schedule(4) == close(0.02 + 0.08 * 0.75));  // cos(60°) = 1/2
  CHECK(schedule(6) == close(0.06));
  CHECK(schedule(8) == close(0.02 + 0.08 * 0.25));
  for (int step = 1; step < 12; ++step) CHECK(schedule(step) < schedule(step - 1));
}

TEST_CASE("Schedule: cosine with restarts") {
  const Schedule same{CosineRestartsLr{4, 1, 0.02}, 0.1, 12}, once{CosineLr{0.02}, 0.1, 4};
  for (int step = 0; step < 12; ++step) CHECK(same(step) == close(once(step % 4)));
  // Periods of 3, 6, 12 steps that begin at 0, 3, 9.
  const Schedule longer{CosineRestartsLr{3, 2}, 0.1, 21};
  for (const int begin : {0, 3, 9}) CHECK(longer(begin) == 0.1);
  CHECK(longer(6) == close(0.05));
  CHECK(longer(15) == close(0.05));
  CHECK(longer(7) == close(0.1 * 0.25));  // (1 + cos 120°) / 2
  for (int step = 1; step < 21; ++step) CHECK((longer(step) > longer(step - 1)) == (step == 3 || step == 9));
  const Schedule warm{CosineRestartsLr{4, 1, 0.02}, 0.1, 15, 3};  // periods count from the warm-up's end
  for (int step = 0; step < 12; ++step) CHECK(warm(3 + step) == same(step));
}

TEST_CASE("Schedule: one-cycle") {
  const Schedule schedule{OneCycleLr{.pct_start = 0.25, .div_factor = 10, .final_div_factor = 100}, 1, 20};
  CHECK(schedule(0) == close(0.1));
  CHECK(schedule(2) == close(0.55));  // half way up
  CHECK(schedule(4) == close(1));
  CHECK(schedule(19) == close(0.001));
  for (int step = 1; step < 20; ++step) CHECK((schedule(step) > schedule(step - 1)) == (step <= 4));
}

TEST_CASE("Schedule: warm-up leads to the rule's first value, and the rule follows unchanged") {
  const Schedule warm{CosineLr{}, 0.1, 14, 4}, plain{CosineLr{}, 0.1, 10};
  for (int step = 0; step < 4; ++step) CHECK(warm(step) == close(0.1 * (step + 1) / 5));
  for (int step = 0; step < 10; ++step) CHECK(warm(4 + step) == plain(step));

  const Schedule cycle{OneCycleLr{}, 0.1, 24, 4};  // rises to 0.1 / 25 first
  CHECK(cycle(0) == close(0.1 / 25 / 5));
  CHECK(cycle(4) == close(0.1 / 25));
  const Schedule steps{MultiStepLr{{2}, 0.1}, 1, 10, 3};  // milestones count from the warm-up's end
  CHECK(steps(4) == close(1));
  CHECK(steps(5) == close(0.1));
}

TEST_CASE("Schedule: short runs and long warm-ups have finite rates") {
  for (std::int64_t total = 1; total <= 40; ++total)
    for (std::int64_t warmup = 0; warmup <= total; ++warmup) {
      const auto check = [&](const Schedule& schedule) {
        for (std::int64_t step = 0; step < total; ++step) {
          CAPTURE(total);
          CAPTURE(warmup);
          CAPTURE(step);
          CAPTURE(schedule.rule.index());
          const double rate = schedule(step);
          REQUIRE(std::isfinite(rate));
          REQUIRE(rate >= 0);
          REQUIRE(rate <= 0.1 * (1 + 1e-15));
        }
      };
      check({ConstantLr{}, 0.1, total, warmup});
      check({StepLr{1, 0.2}, 0.1, total, warmup});
      check({MultiStepLr{{0, 1}, 0.1}, 0.1, total, warmup});
      check({CosineLr{}, 0.1, total, warmup});
      check({CosineRestartsLr{3, 2}, 0.1, total, warmup});
      for (const double pct_start : {0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 1.0})
        check({OneCycleLr{.pct_start = pct_start}, 0.1, total, warmup});
    }
}

TEST_CASE("Schedule: a run of one step, or all warm-up, learns") {
  CHECK(Schedule{CosineLr{}, 0.1, 1}(0) == 0.1);
  const Schedule all_warm_up{CosineLr{}, 0.1, 4, 4};
  for (int step = 0; step < 4; ++step) CHECK(all_warm_up(step) == close(0.1 * (step + 1) / 5));
  // The rise takes no time: one-cycle begins at its peak.
  CHECK(Schedule{OneCycleLr{.pct_start = 0.125}, 0.1, 8}(0) == close(0.1));
}

TEST_CASE("Schedule: validate refuses nonsense") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const auto refused = [](const Schedule& schedule, const char* message) {
    CHECK_THROWS_WITH_AS(schedule.validate(), doctest::Contains(message), Error);
  };
  for (const double lr : {-0.1, nan, infinity})
    refused({ConstantLr{}, lr, 9}, "schedule: learning rate: expected 0 or more, ");
  refused({ConstantLr{}, 0.1, 0}, "schedule: number of steps: expected 1 or more, found 0");
  for (const std::int64_t warmup : {-1, 10})
    refused({ConstantLr{}, 0.1, 9, warmup}, "schedule: warm-up: expected 0 steps to all of them, found ");
  refused({StepLr{0}, 0.1, 9}, "schedule: step size: expected 1 or more, found 0");
  for (const double gamma : {-0.1, nan, infinity}) {
    refused({StepLr{1, gamma}, 0.1, 9}, "schedule: gamma");
    refused({MultiStepLr{{1}, gamma}, 0.1, 9}, "schedule: gamma");
  }
  refused({MultiStepLr{{-1}}, 0.1, 9},
          "schedule: milestone: expected 0 or more, and more than the one before, found -1");
  refused({MultiStepLr{{4, 6, 6}}, 0.1, 9}, "found 6");
  for (const double min_lr : {-0.1, 0.2, nan}) {
    refused({CosineLr{min_lr}, 0.1, 9}, "schedule: min_lr: expected 0 to the learning rate, found ");
    refused({CosineRestartsLr{2, 1, min_lr}, 0.1, 9}, "schedule: min_lr");
  }
  refused({CosineRestartsLr{0}, 0.1, 9}, "schedule: period: expected 1 or more, found 0");
  refused({CosineRestartsLr{1, 0}, 0.1, 9}, "schedule: factor: expected 1 or more, found 0");
  for (const double share : {-0.1, 1.1, nan}) refused({OneCycleLr{.pct_start = share}, 0.1, 9}, "schedule: pct_start");
  for (const double factor : {0.0, 0.9, nan, infinity}) {
    refused({OneCycleLr{.div_factor = factor}, 0.1, 9}, "schedule: div_factor");
    refused({OneCycleLr{.final_div_factor = factor}, 0.1, 9}, "schedule: final_div_factor");
  }
  for (const Schedule& schedule :
       {Schedule{ConstantLr{}, 0, 1}, Schedule{StepLr{1, 0}, 0.1, 9, 9}, Schedule{MultiStepLr{{0, 4, 99}}, 0.1, 9},
        Schedule{CosineLr{0.1}, 0.1, 9}, Schedule{CosineRestartsLr{1}, 0.1, 9}, Schedule{OneCycleLr{}, 0.1, 9}})
    schedule.validate();
}
