// SPDX-License-Identifier: MIT
// What TrainerOptions adds to a training step, against computations in double.
#include "tests/train/runs.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "tests/io/scratch.hpp"
#include "tests/support/heap_counter.hpp"
#include "tests/support/values.hpp"

using namespace resnet;
using namespace test;

namespace {

using Double = Ref<double>;
constexpr Shape small{3, 4, 4};
using Plain = Sequential<Conv2d<3, 2, 3, 1, Double>, ReLU<Double>, GlobalAvgPool2d<Double>, Linear<2, 3, Double>>;
using Normed =
    Sequential<Conv2d<3, 2, 3, 1, Double>, BatchNorm2d<2, Double>, GlobalAvgPool2d<Double>, Linear<2, 3, Double>>;

/// Six images of noise.
struct Batches {
  std::vector<float> images;
  std::vector<int> labels{0, 2, 1, 1, 0, 2};
  Batches() {
    for (const double x : normal(6 * small.size(), 1)) images.push_back(static_cast<float>(x));
  }
  HostBatch all() const { return {.images = images, .labels = labels}; }
  /// Two of them; k below 3.
  HostBatch part(std::size_t k) const {
    return {.images = std::span(images).subspan(2 * k * small.size(), 2 * small.size()),
            .labels = std::span(labels).subspan(2 * k, 2)};
  }
};

template <class Model>
struct Training {
  Context<Double> ctx;
  Trainer<Model, small> trainer;
  Training(const Schedule& schedule, TrainerOptions options, Rule rule = Sgd{})
      : trainer(ctx, Optimizer<Model>(rule, {.weight = 0.01}), schedule, std::move(options)) {
    initialize(ctx, trainer.model, {.seed = 3});
  }
};
const Schedule constant{ConstantLr{}, 0.5, 100};

void check_close(const Values& found, const Values& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) worst = std::max(worst, std::abs(found[i] - expected[i]));
  CHECK(worst <= tolerance);
}
Values moved(Values from, const Values& to, double t) {
  for (std::size_t i = 0; i < from.size(); ++i) from[i] += t * (to[i] - from[i]);
  return from;
}

/// Weights of zero, two images (1, 0) and (0, 2) of classes 0 and 1: the gradient is (-1/4, 1/2, 1/4, -1/2).
struct TwoPixels {
  static constexpr Shape pixel{2};
  using Model = Linear<2, 2, Double>;
  Context<Double> ctx;
  Trainer<Model, pixel> trainer;
  std::vector<float> images{1, 0, 0, 2};
  std::vector<int> labels{0, 1}, others{1, 0};
  explicit TwoPixels(TrainerOptions options)
      : trainer(ctx, Optimizer<Model>(Sgd{}), Schedule{ConstantLr{}, 1, 9}, std::move(options)) {}
};

}  // namespace

TEST_CASE("Trainer: mixed labels share the loss, accuracy counts the larger part's") {
  TwoPixels run({});
  // Probabilities of 1/2 less targets (3/4, 1/4) and (1/4, 3/4): half of what hard labels give.
  run.trainer.step({.images = run.images, .labels = run.labels, .mixed_labels = run.others, .mix = 0.75});
  CHECK(values_of(run.trainer.model.weight) == Values{0.125, -0.25, -0.125, 0.25});
  CHECK(run.trainer.epoch_so_far().correct == 1);
  run.trainer.step({.images = run.images, .labels = run.labels, .mixed_labels = run.others, .mix = 0.75});
  CHECK(run.trainer.epoch_so_far().correct == 3);

  TwoPixels other({});  // the same with the smaller part's label first
  for (const int correct : {1, 3}) {
    other.trainer.step({.images = run.images, .labels = run.others, .mixed_labels = run.labels, .mix = 0.25});
    CHECK(other.trainer.epoch_so_far().correct == correct);
  }
  CHECK(values_of(other.trainer.model.weight) == values_of(run.trainer.model.weight));

  TwoPixels smooth({.label_smoothing = 0.5});  // (5/8, 3/8) with smoothing: half of that again
  smooth.trainer.step({.images = run.images, .labels = run.labels, .mixed_labels = run.others, .mix = 0.75});
  CHECK(values_of(smooth.trainer.model.weight) == Values{0.0625, -0.125, -0.0625, 0.125});
}

TEST_CASE("Trainer: the gradient's elements are limited, then its norm") {
  TwoPixels value({.clip_value = 0.375}), both({.clip_norm = 0.1, .clip_value = 0.375});
  value.trainer.step({.images = value.images, .labels = value.labels});
  CHECK(values_of(value.trainer.model.weight) == Values{0.25, -0.375, -0.25, 0.375});
  both.trainer.step({.images = both.images, .labels = both.labels});
  const double factor = 0.1 / (std::sqrt(2 * (0.25 * 0.25 + 0.375 * 0.375)) + 1e-6);
  check_close(values_of(both.trainer.model.weight), {0.25 * factor, -0.375 * factor, -0.25 * factor, 0.375 * factor},
              1e-15);
}

TEST_CASE("Trainer: gradients of three batches are those of one three times as large") {
  const Batches batches;
  const TrainerOptions options{.label_smoothing = 0.1, .clip_norm = 0.5};
  TrainerOptions accumulating = options;
  accumulating.accumulate = 3;
  Training<Plain> large({CosineLr{}, 0.5, 4}, options, Sgd{.momentum = 0.9});
  Training<Plain> parts({CosineLr{}, 0.5, 12}, accumulating, Sgd{.momentum = 0.9});
  for (int update = 0; update < 4; ++update) {
    const Values before = state_of(parts.trainer.model);
    CHECK(parts.trainer.learning_rate() == doctest::Approx(large.trainer.learning_rate()).epsilon(1e-15));
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(parts.trainer.steps() == 3 * update + static_cast<int>(k));
      CHECK(state_of(parts.trainer.model) == before);
      parts.trainer.step(batches.part(k));
    }
    large.trainer.step(batches.all());
    CHECK(state_of(parts.trainer.model) != before);
    check_close(state_of(parts.trainer.model), state_of(large.trainer.model), 1e-14);
  }
  CHECK(parts.trainer.steps() == 12);
  CHECK(large.trainer.steps() == 4);
}

TEST_CASE("Trainer: the averaged model is the moving average, buffers and all") {
  const Batches batches;
  for (const int accumulate : {1, 2}) {
    Training<Normed> run(constant, {.accumulate = accumulate, .ema_decay = 0.3});
    Training<Normed> without(constant, {.accumulate = accumulate});
    CHECK(&run.trainer.averaged() == &run.trainer.model);
    CHECK(&without.trainer.averaged() == &without.trainer.model);
    Values average = state_of(run.trainer.model);
    for (const double decay : {1 / 10.0, 2 / 11.0, 3 / 12.0, 0.3, 0.3, 0.3}) {
      for (int k = 0; k < accumulate; ++k) run.trainer.step(batches.all()), without.trainer.step(batches.all());
      const Values now = state_of(run.trainer.model);
      CHECK(now == state_of(without.trainer.model));  // training takes no notice of it
      average = moved(average, now, 1 - decay);
      Values expected = average;
      const std::size_t counter = 3 * 2 * 9 + 4 * 2;  // after conv's weight and four tensors of BatchNorm2d
      REQUIRE(now[counter] == static_cast<double>(run.trainer.steps()));
      expected[counter] = now[counter];
      check_close(state_of(run.trainer.averaged()), expected, 1e-14);
    }
  }
}

TEST_CASE("Trainer: lookahead keeps a share of the way of each three updates") {
  const Batches batches;
  Training<Plain> run(constant, {.lookahead_steps = 3, .lookahead_rate = 0.25}), fast(constant, {});
  for (int round = 0; round < 3; ++round) {
    const Values slow = parameters_of(run.trainer.model);
    for (int k = 0; k < 3; ++k) {
      run.trainer.step(batches.all()), fast.trainer.step(batches.all());
      if (k < 2) CHECK(parameters_of(run.trainer.model) == parameters_of(fast.trainer.model));
    }
    check_close(parameters_of(run.trainer.model), moved(slow, parameters_of(fast.trainer.model), 0.25), 1e-14);
    fast.trainer.model = run.trainer.model;
  }
}

TEST_CASE("Trainer: frozen parameters keep their bits and have no part in the gradient's norm") {
  const Batches batches;
  for (const FrozenStatistics statistics : {FrozenStatistics::hold, FrozenStatistics::move}) {
    Training<Normed> run({ConstantLr{}, 0.5, 9},
                         {.clip_norm = 1e-3, .frozen = {"0.", "1."}, .frozen_statistics = statistics});
    const Normed before = run.trainer.model;
    run.trainer.step(batches.all());
    Values change = parameters_of(get<3>(run.trainer.model.layers));
    const Values head = parameters_of(get<3>(before.layers));
    const auto was = [&](const auto& now, const auto& then) { return parameters_of(now) == parameters_of(then); };
    CHECK(was(get<0>(run.trainer.model.layers), get<0>(before.layers)));
    CHECK(was(get<1>(run.trainer.model.layers), get<1>(before.layers)));
    const bool held = state_of(get<1>(run.trainer.model.layers)) == state_of(get<1>(before.layers));
    CHECK(held == (statistics == FrozenStatistics::hold));
    // Without weight decay the head moves by the learning rate times the largest norm, which only it has used
    // up.
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= head[i] * (i < 6 ? 1 - 0.5 * 0.01 : 1);
    CHECK(std::sqrt(dot(change, change)) == doctest::Approx(0.5 * 1e-3).epsilon(1e-2));
  }
}

TEST_CASE("Trainer: a head alone learns from the features that evaluation uses, to the bit") {
  const Batches batches;
  Training<Normed> run(constant, {.frozen = {"0.", "1."}});
  randomize(run.trainer.model);
  // The same by hand: features of infer, and the head as a network of its own.
  auto& layers = run.trainer.model.layers;
  using Head = Linear<2, 3, Double>;
  Context<Double> ctx;
  Flat<Head> head = get<3>(layers), grad;
  Optimizer<Head> optimizer(Sgd{}, {.weight = 0.01});
  for (int step = 0; step < 3; ++step) {
    auto x = get<0>(layers).infer(ctx, ctx.upload<small>(batches.images));
    auto features = get<2>(layers).infer(ctx, std::as_const(get<1>(layers)).infer(ctx, std::move(x)));
    SavedOf<Head, Shape{2}> saved;
    auto loss =
        softmax_cross_entropy(ctx, head->forward(ctx, std::move(features), saved), one_hot<3>(ctx, batches.labels));
    zero(ctx, grad);
    head->backward_weight(ctx, loss.dlogits, saved, *grad);
    optimizer.step(ctx, 0.5, head, grad);
    run.trainer.step(batches.all());
    CHECK(parameters_of(get<3>(layers)) == parameters_of(*head));
  }
}

TEST_CASE("Trainer: frozen layers between trained ones pass the gradient on") {
  const Batches batches;
  Training<Normed> run(constant, {.frozen = {"1."}});
  const Normed before = run.trainer.model;
  run.trainer.step(batches.all());
  CHECK(parameters_of(get<0>(run.trainer.model.layers)) != parameters_of(get<0>(before.layers)));
  CHECK(state_of(get<1>(run.trainer.model.layers)) == state_of(get<1>(before.layers)));
}

TEST_CASE(
    "Trainer: a model assigned later is frozen too, and a run without frozen parameters leaves settings "
    "alone") {
  const Batches batches;
  Training<Normed> run(constant, {.frozen = {"0.", "1."}}), free(constant, {});
  run.trainer.model = Normed(free.trainer.model);
  const Values before = state_of(get<1>(run.trainer.model.layers));
  run.trainer.step(batches.all());
  CHECK(state_of(get<1>(run.trainer.model.layers)) == before);
  get<1>(free.trainer.model.layers).statistics = Statistics::running;
  free.trainer.step(batches.all());
  const auto& norm = get<1>(free.trainer.model.layers);
  CHECK(values_of(norm.running_mean) == Values{0, 0});
  CHECK(norm.num_batches_tracked == 0);
}

TEST_CASE("Trainer: options that don't make sense are refused") {
  const auto refused = [](TrainerOptions options, const char* message) {
    CHECK_THROWS_WITH_AS((Training<Plain>(constant, std::move(options))), doctest::Contains(message), Error);
  };
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  refused({.accumulate = 0}, "trainer: accumulate: expected 1 batch or more for each update, found 0");
  for (const double wrong : {-0.1, 1.1, nan})
    refused({.label_smoothing = wrong}, "trainer: label_smoothing: expected 0 to 1");
  for (const double wrong : {-1.0, infinity, nan}) {
    refused({.clip_norm = wrong}, "trainer: clip_norm: expected 0 or more");
    refused({.clip_value = wrong}, "trainer: clip_value: expected 0 or more");
  }
  for (const double wrong : {-0.1, 1.0, nan})
    refused({.ema_decay = wrong}, "trainer: ema_decay: expected 0 to below 1");
  refused({.lookahead_steps = -1}, "trainer: lookahead_steps: expected 0 or more, found -1");
  for (const double wrong : {0.0, 1.1, nan})
    refused({.lookahead_steps = 1, .lookahead_rate = wrong},
            "trainer: lookahead_rate: expected more than 0, at most 1");
  CHECK_THROWS_WITH_AS((Training<Plain>({ConstantLr{}, nan, 9}, {})), doctest::Contains("schedule: learning rate"),
                       Error);
  CHECK_THROWS_WITH_AS((Training<Plain>(constant, {}, Sgd{.momentum = 1})), doctest::Contains("optimizer: momentum"),
                       Error);
  CHECK_THROWS_WITH_AS((Training<Plain>(constant, {.frozen = {"conv1."}})), doctest::Contains("\"conv1.\""), Error);
}

TEST_CASE("Trainer: with everything on, a resumed run continues bit for bit and allocates nothing") {
  const Dataset data = coloured(22);
  for (const std::vector<std::string>& frozen : {std::vector<std::string>{"1."}, {"0.", "1."}}) {
    const TrainerOptions options{.label_smoothing = 0.1,
                                 .clip_norm = 5,
                                 .clip_value = 0.1,
                                 .accumulate = 3,  // across epochs of four batches
                                 .ema_decay = 0.5,
                                 .lookahead_steps = 2,
                                 .frozen = frozen};
    const auto run = [&](int threads) {
      return std::make_unique<TrainingRun<DropoutNet>>(data, threads, Sgd{.momentum = 0.9}, options, Mix{0.4, 1});
    };
    const Scratch scratch;
    const auto bytes = [&](auto& training) {
      training->trainer.save(scratch.file("now"));
      return bytes_of(scratch.file("now"));
    };
    const auto whole = run(1);
    std::vector<std::string> states;
    for (std::int64_t step = 0; step <= Run::steps; ++step) {
      whole->train_until(step);
      states.push_back(bytes(whole));
      CHECK((step == 0 || states.back() != states[states.size() - 2]));
    }
    for (std::size_t from = 0; from <= 8; ++from) {
      CAPTURE(from);
      const auto resumed = run(2);
      write_bytes(scratch.file("from"), states[from]);
      resumed->trainer.resume(scratch.file("from"));
      CHECK(resumed->trainer.steps() == static_cast<std::int64_t>(from));
      CHECK(bytes(resumed) == states[from]);
      resumed->train_until(Run::steps);
      CHECK(bytes(resumed) == states.back());
      CHECK(state_of(resumed->trainer.averaged()) == state_of(whole->trainer.averaged()));
    }

    // Without the options the file does not fit, and nothing changes.
    TrainingRun<DropoutNet> plain(data);
    const Values before = state_of(plain.trainer.model);
    CHECK_THROWS_WITH_AS(plain.trainer.resume(scratch.file("from")), doctest::Contains("unexpected: averaged."), Error);
    CHECK(state_of(plain.trainer.model) == before);
    plain.trainer.save(scratch.file("plain"));
    CHECK_THROWS_WITH_AS(whole->trainer.resume(scratch.file("plain")), doctest::Contains("\"accumulated\""), Error);
    CHECK(bytes(whole) == states.back());

    if (!counts_heap) continue;
    const auto counted = run(2);
    counted->train_until(Run::batches);
    const long allocations = heap_allocations;
    counted->train_until(Run::steps);
    CHECK(heap_allocations == allocations);
  }
}
