// SPDX-License-Identifier: MIT
// Training on a backend that defers its operations: the host waits for nothing, and the results are those of the backend
// that doesn't.
#include <cmath>
#include <limits>

#include "tests/io/scratch.hpp"
#include "tests/support/deferred.hpp"
#include "tests/support/values.hpp"
#include "tests/train/runs.hpp"

using namespace resnet;
using namespace test;

namespace {

template <class B>
struct RunOn {
  using Model = typename DropoutNet::on<B>;

  Context<B> ctx{1, 5};
  DataLoader loader;
  Trainer<Model, image> trainer;

  RunOn(const Dataset& data, Rule rule)
      : loader(data, {.batch_size = 6, .shuffle = true, .seed = 6, .augment = {2, true}, .mix = {.mixup_alpha = 1}}),
        trainer(ctx, Optimizer<Model>(rule, {.weight = 5e-4}), Schedule{CosineLr{}, 0.05, 12, 2},
                {.label_smoothing = 0.1,
                 .clip_norm = 0.5,
                 .clip_value = 0.1,
                 .accumulate = 2,
                 .ema_decay = 0.9,
                 .lookahead_steps = 2}) {
    initialize(ctx, trainer.model, {.seed = 7});
  }

  void epoch() {
    for (const HostBatch& batch : trainer.rest_of_epoch(loader)) trainer.step(batch);
  }
};

}  // namespace

TEST_CASE("Trainer: a step waits for nothing, and gives the bits of a backend that is done at once") {
  const Dataset data = coloured(24);
  for (const Rule& rule :
       {Rule{Sgd{.momentum = 0.9, .nesterov = true}}, Rule{Adam{}}, Rule{RmsProp{.momentum = 0.5}}}) {
    RunOn<Deferred> late(data, rule);
    RunOn<Ref<float>> now(data, rule);
    late.epoch(), now.epoch();  // memory is taken
    auto epoch = late.trainer.rest_of_epoch(late.loader);
    Deferred::wait();
    const int waits = Deferred::waits;
    for (const HostBatch& batch : epoch) late.trainer.step(batch);
    CHECK(Deferred::waits == waits);
    CHECK(Deferred::begun.size() > 100);

    now.epoch();
    const Metrics found = late.trainer.epoch_so_far(), expected = now.trainer.epoch_so_far();
    CHECK(Deferred::waits == waits + 1);
    CHECK(Deferred::begun.empty());
    CHECK(found.loss_sum == expected.loss_sum);
    CHECK(found.images == 24);
    CHECK(found.correct == expected.correct);
    CHECK(state_of(late.trainer.model) == state_of(now.trainer.model));
    CHECK(state_of(late.trainer.averaged()) == state_of(now.trainer.averaged()));
  }
}

TEST_CASE("Trainer: on a backend that defers, a loss that is not finite changes no parameter and is told when asked") {
  const Dataset data = coloured(24);
  const Scratch scratch;
  for (const Rule& rule : {Rule{Sgd{.momentum = 0.9}}, Rule{AdamW{}}}) {
    RunOn<Deferred> run(data, rule);
    run.epoch();
    run.trainer.save(scratch.file("good"));
    const Values before = parameters_of(run.trainer.model), averaged = parameters_of(run.trainer.averaged());
    auto epoch = run.trainer.rest_of_epoch(run.loader);
    auto& weight = get<0>(run.trainer.model.layers).weight.data()[0];
    const float value = std::exchange(weight, std::numeric_limits<float>::quiet_NaN());
    bool broken = true;
    for (const HostBatch& batch : epoch) {
      run.trainer.step(batch);
      if (std::exchange(broken, false)) Deferred::wait(), weight = value;  // the batches after it are good ones
    }
    CHECK_THROWS_WITH_AS(run.trainer.epoch_so_far(), doctest::Contains("expected finite losses, found one that is not"),
                         DivergedError);
    CHECK_THROWS_AS(run.trainer.rest_of_epoch(run.loader), DivergedError);
    CHECK_THROWS_AS(run.trainer.save(scratch.file("good")), DivergedError);
    CHECK(parameters_of(run.trainer.model) == before);
    CHECK(parameters_of(run.trainer.averaged()) == averaged);

    run.trainer.resume(scratch.file("good"));
    CHECK(parameters_of(run.trainer.model) == before);
    run.epoch();
    CHECK(run.trainer.epoch_so_far().images == 24);
    CHECK(parameters_of(run.trainer.model) != before);
  }
}
