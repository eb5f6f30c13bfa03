// SPDX-License-Identifier: MIT
#include "tests/train/runs.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "tests/io/scratch.hpp"
#include "tests/support/heap_counter.hpp"
#include "tests/support/values.hpp"

using namespace resnet;
using namespace test;

namespace {

/// A batch of coloured images in memory of its own.
struct Images {
  std::vector<float> images;
  std::vector<int> labels;
  explicit Images(int n) {
    const Dataset data = coloured(n);
    for (const std::uint8_t byte : data.images) images.push_back(static_cast<float>(byte) / 255);
    labels = data.labels;
  }
};

struct Reference {
  double loss;
  Net grad;
};
/// Loss and gradient of a training step, from the parts that Trainer is made of.
Reference loss_and_gradient(Net model, const Images& batch, double smoothing) {
  Context<Cpu> ctx(1);
  Net::Saved<image> saved;
  Reference result;
  const auto logits = model.forward(ctx, ctx.upload<image>(batch.images), saved);
  auto loss = softmax_cross_entropy(ctx, logits, one_hot<3>(ctx, batch.labels, smoothing));
  result.loss = ctx.read(loss.value);
  zero(result.grad);
  model.backward(ctx, std::move(loss.dlogits), saved, result.grad);
  return result;
}

/// One step with learning rate 0.5 against update(gradient of an element), the change that is expected.
void check_step(const Rule& rule, TrainerOptions options, auto&& update) {
  Context<Cpu> ctx(2);
  Trainer<Net, image> trainer(ctx, Optimizer<Net>(rule), Schedule{ConstantLr{}, 0.5, 1}, options);
  initialize(ctx, trainer.model);
  const Net before = trainer.model;
  const Images batch(6);
  Reference reference = loss_and_gradient(before, batch, options.label_smoothing);
  const Values gradient = parameters_of(reference.grad);
  const double norm = std::sqrt(dot(gradient, gradient));
  REQUIRE(norm > 0.1);

  trainer.step({.images = batch.images, .labels = batch.labels});
  CHECK(trainer.steps() == 1);
  CHECK(trainer.epoch_so_far().loss() == doctest::Approx(reference.loss).epsilon(1e-6));
  CHECK(trainer.epoch_so_far().images == 6);
  const Values was = parameters_of(before), is = parameters_of(trainer.model);
  const double factor = options.clip_norm > 0 ? std::min(1.0, options.clip_norm / norm) : 1;
  double worst = 0;
  for (std::size_t i = 0; i < was.size(); ++i)
    worst = std::max(worst, std::abs(is[i] - (was[i] - 0.5 * update(factor * gradient[i]))));
  CHECK(worst < 1e-5);
  CHECK(trainer.model.bn1.num_batches_tracked == 1);
}
double plain(double g) { return g; }

Values logits_of(const auto& model) {
  Context<Cpu> ctx;
  return values_of(model.infer(ctx, ctx.upload<image>(Images(5).images)));
}

}  // namespace

TEST_CASE("Trainer: a training step with SGD") {
  check_step(Sgd{}, {}, plain);
  check_step(Sgd{.momentum = 0.9, .nesterov = true}, {}, [](double g) { return 1.9 * g; });
}

TEST_CASE("Trainer: a training step with Adam") {
  check_step(Adam{}, {}, [](double g) { return g / (std::abs(g) + 1e-8); });
}

TEST_CASE("Trainer: label smoothing and the gradient's norm") {
  check_step(Sgd{}, {.label_smoothing = 0.2}, plain);
  check_step(Sgd{}, {.clip_norm = 0.05}, plain);
  check_step(Sgd{}, {.clip_norm = 1e3}, plain);
  // The options do something here.
  Context<Cpu> ctx;
  Net model;
  initialize(ctx, model);
  const Images batch(6);
  CHECK(std::abs(loss_and_gradient(model, batch, 0).loss - loss_and_gradient(model, batch, 0.2).loss) > 1e-3);
}

TEST_CASE("Trainer: a step against a computation by hand") {
  using Double = Ref<double>;
  constexpr Shape pixel{2};
  Context<Double> ctx;
  Trainer<Linear<2, 2, Double>, pixel> trainer(ctx, Optimizer<Linear<2, 2, Double>>(Sgd{}),
                                               Schedule{StepLr{1, 0.5}, 0.25, 2});
  // Two images, (1, 0) of class 0 and (0, 2) of class 1. Weights of zero give probabilities of 1/2, so
  // dlogits are (-1/4, 1/4) and (1/4, -1/4).
  const std::vector<float> images{1, 0, 0, 2};
  const std::vector<int> labels{0, 1};
  trainer.step({.images = images, .labels = labels});
  CHECK(trainer.epoch_so_far().loss() == doctest::Approx(std::log(2)).epsilon(1e-15));
  CHECK(trainer.epoch_so_far().correct == 1);  // equal logits: the first class
  CHECK(values_of(trainer.model.weight) == Values{0.0625, -0.125, -0.0625, 0.125});
  CHECK(values_of(trainer.model.bias) == Values{0, 0});
  CHECK(trainer.learning_rate() == 0.125);
  // Logits are now ±0.0625 and ±0.25.
  const double p0 = 1 / (1 + std::exp(0.125)), p1 = 1 / (1 + std::exp(0.5));
  trainer.step({.images = images, .labels = labels});
  const Values expected{0.0625 + 0.0625 * p0, -0.125 - 0.125 * p1, -0.0625 - 0.0625 * p0, 0.125 + 0.125 * p1};
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(values_of(trainer.model.weight)[i] == doctest::Approx(expected[i]).epsilon(1e-14));
  CHECK(trainer.epoch_so_far().correct == 3);
}

TEST_CASE_TEMPLATE("Trainer: several steps, and the loss falls", Model, Net, DropoutNet) {
  const Dataset data = coloured(36);
  Context<Cpu> ctx(1);
  DataLoader loader(data, {.batch_size = 12, .shuffle = true});
  Trainer<Model, image> trainer(ctx, Optimizer<Model>(Adam{}), Schedule{ConstantLr{}, 0.03, 90});
  initialize(ctx, trainer.model);
  double first = 0;
  while (trainer.steps() < 90) {
    for (const HostBatch& b : trainer.rest_of_epoch(loader)) trainer.step(b);
    CHECK(trainer.epoch_so_far().images == 36);
    if (trainer.steps() == 3) first = trainer.epoch_so_far().loss();
  }
  CHECK(trainer.epoch_so_far().loss() < 0.5 * first);
  CHECK(evaluate<image>(ctx, trainer.model, loader).metrics.accuracy() > 0.9);
}

TEST_CASE("Trainer: a network learns labels by heart") {
  const Dataset data = noise(12);
  Context<Cpu> ctx(1);
  DataLoader loader(data, {.batch_size = 12});
  using Wider = NarrowResNet18<4, 3>;
  Trainer<Wider, image> trainer(ctx, Optimizer<Wider>(Sgd{.momentum = 0.9}), Schedule{ConstantLr{}, 0.05, 60});
  initialize(ctx, trainer.model);
  while (trainer.steps() < 60)
    for (const HostBatch& b : trainer.rest_of_epoch(loader)) trainer.step(b);
  CHECK(trainer.epoch_so_far().loss() < 0.02);
  CHECK(trainer.epoch_so_far().accuracy() == 1);
  const Metrics found = evaluate<image>(ctx, trainer.model, loader).metrics;  // with running statistics
  CHECK(found.loss() < 0.05);
  CHECK(found.accuracy() == 1);
}

TEST_CASE_TEMPLATE("Trainer: save and load give the same logits", Model, Net, DropoutNet) {
  const Dataset data = coloured(22);
  const Scratch scratch;
  TrainingRun<Model> run(data);
  run.train_until(5);
  save_weights(scratch.file("weights"), run.trainer.model);
  run.trainer.save(scratch.file("checkpoint"));
  const Values expected = logits_of(run.trainer.model);
  Model fresh;
  CHECK(logits_of(fresh) != expected);
  for (const char* file : {"weights", "checkpoint"}) {
    Model loaded;
    load_weights(scratch.file(file), loaded);
    CHECK(state_of(loaded) == state_of(run.trainer.model));
    CHECK(logits_of(loaded) == expected);
  }
}

TEST_CASE_TEMPLATE("Trainer: a resumed run continues bit for bit, with any number of threads", Model, Net, DropoutNet) {
  const Dataset data = coloured(22);
  for (const Rule& rule : {Rule(Sgd{.momentum = 0.9}), Rule(Adam{})}) {
    const Scratch scratch;
    // What a run writes after a step is all of it: model, optimizer, dropout's stream, metrics of the epoch.
    TrainingRun<Model> whole(data, 1, rule);
    for (std::int64_t step = 0; step <= Run::steps; ++step) {
      whole.train_until(step);
      whole.trainer.save(scratch.file(std::to_string(step)), {{"of", "the program"}});
    }
    const std::string end = bytes_of(scratch.file(std::to_string(Run::steps)));
    CHECK(end != bytes_of(scratch.file(std::to_string(Run::steps - 1))));
    CHECK(whole.trainer.epoch_so_far().images == 22);

    TrainingRun<Model> two_threads(data, 2, rule);
    two_threads.train_until(Run::steps);
    two_threads.trainer.save(scratch.file("two"), {{"of", "the program"}});
    CHECK(bytes_of(scratch.file("two")) == end);

    for (const std::int64_t from : {0, 1, 4, 6, 7, 8}) {  // the beginning, in epochs, between epochs
      for (const int threads : {1, 2}) {
        CAPTURE(from);
        TrainingRun<Model> resumed(data, threads, rule);
        const Metadata metadata = resumed.trainer.resume(scratch.file(std::to_string(from)));
        CHECK(metadata.at("of") == "the program");
        CHECK(resumed.trainer.steps() == from);
        resumed.trainer.save(scratch.file("again"), metadata);
        CHECK(bytes_of(scratch.file("again")) == bytes_of(scratch.file(std::to_string(from))));
        resumed.train_until(Run::steps);
        resumed.trainer.save(scratch.file("resumed"), metadata);
        CHECK(bytes_of(scratch.file("resumed")) == end);
        // From 7 on the first batch is a small one, and the arena grows with the second.
        if (from != 7) CHECK(resumed.ctx.peak_bytes() == whole.ctx.peak_bytes());
        const Metrics found = resumed.trainer.epoch_so_far(), expected = whole.trainer.epoch_so_far();
        CHECK(found.loss_sum == expected.loss_sum);
        CHECK(found.correct == expected.correct);
        CHECK(found.images == expected.images);
      }
    }
  }
}

TEST_CASE("Trainer: a checkpoint that doesn't fit changes nothing") {
  const Dataset data = coloured(22);
  const Scratch scratch;
  TrainingRun<DropoutNet> run(data);
  run.train_until(3);
  run.trainer.save(scratch.file("before"));
  const auto unchanged = [&] {
    run.trainer.save(scratch.file("after"));
    return bytes_of(scratch.file("after")) == bytes_of(scratch.file("before"));
  };
  TrainingRun<DropoutNet> other(data);
  other.train_until(5);
  other.trainer.save(scratch.file("other"));
  const auto refuse = [](const Metadata&) { throw Error("another data set"); };
  CHECK_THROWS_WITH_AS(run.trainer.resume(scratch.file("other"), refuse), "another data set", Error);
  CHECK(unchanged());
  const std::string bytes = bytes_of(scratch.file("other"));
  write_bytes(scratch.file("other"), bytes.substr(0, bytes.size() - 1));
  CHECK_THROWS_AS(run.trainer.resume(scratch.file("other")), Error);
  CHECK(unchanged());
  save_checkpoint(scratch.file("other"), other.trainer.model, Optimizer<DropoutNet>(Sgd{}), {});
  CHECK_THROWS_WITH_AS(run.trainer.resume(scratch.file("other")), doctest::Contains("\"dropout_stream\""), Error);
  CHECK(unchanged());
}

TEST_CASE_TEMPLATE("Trainer: a loss that is not finite stops the run and keeps its checkpoint", Model, Net,
                   DropoutNet) {
  const Dataset data = coloured(22);
  const Scratch scratch;
  TrainingRun<Model> whole(data), run(data);
  whole.train_until(Run::steps);
  whole.trainer.save(scratch.file("whole"));
  run.train_until(5);
  run.trainer.save(scratch.file("good"));

  // A parameter that is infinite; then back to the checkpoint, as if nothing had been.
  for_each_parameter([](std::string_view, Role, auto& t) { t.data()[0] = std::numeric_limits<float>::infinity(); },
                     run.trainer.model);
  CHECK_THROWS_AS(run.train_until(6), DivergedError);
  const std::string good = bytes_of(scratch.file("good"));
  CHECK_THROWS_WITH_AS(run.trainer.save(scratch.file("good")), doctest::Contains("expected finite values, found inf"),
                       DivergedError);
  CHECK(bytes_of(scratch.file("good")) == good);
  run.trainer.resume(scratch.file("good"));
  run.train_until(Run::steps);
  run.trainer.save(scratch.file("again"));
  CHECK(bytes_of(scratch.file("again")) == bytes_of(scratch.file("whole")));
}

TEST_CASE("Trainer: a refused batch leaves nothing behind") {
  // All that a step moves: BatchNorm2d's statistics, dropout's stream, the gradient so far, averages, Adam's state.
  const Dataset data = coloured(22);
  const TrainerOptions options{.label_smoothing = 0.1, .accumulate = 3, .ema_decay = 0.5, .lookahead_steps = 2};
  const Scratch scratch;
  const auto bytes = [&](const auto& run) {
    run.trainer.save(scratch.file("now"));
    return bytes_of(scratch.file("now"));
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  TrainingRun<DropoutNet> whole(data, 1, Adam{}, options), disturbed(data, 2, Adam{}, options);
  for (std::int64_t step = 0; step < Run::steps; ++step) {
    CAPTURE(step);
    const std::string before = bytes(disturbed);
    const Images good(6);
    const auto refuse = [&](const Images& batch, std::span<const int> mixed = {}) {
      CHECK_THROWS_AS(disturbed.trainer.step({.images = batch.images, .labels = batch.labels, .mixed_labels = mixed}),
                      Error);
    };
    Images bad = good;
    for (const float value : {nan, infinity}) {
      bad.images[1234] = value;
      refuse(bad);
    }
    bad = good;
    bad.labels[5] = 3;
    refuse(bad);
    refuse(good, bad.labels);
    bad = Images(5);
    bad.labels.push_back(0);
    refuse(bad);
    bad = good;  // the loss: BatchNorm2d's statistics and dropout's stream have moved by then
    auto& head = get<6>(disturbed.trainer.model.layers);
    const float weight = std::exchange(head.weight.data()[0], nan);
    CHECK_THROWS_WITH_AS(disturbed.trainer.step({.images = good.images, .labels = good.labels}),
                         doctest::Contains("expected a finite loss, found "), DivergedError);
    head.weight.data()[0] = weight;
    CHECK(bytes(disturbed) == before);
    CHECK(disturbed.trainer.steps() == step);

    whole.train_until(step + 1);
    disturbed.train_until(step + 1);
    CHECK(bytes(disturbed) == bytes(whole));
    CHECK(state_of(disturbed.trainer.averaged()) == state_of(whole.trainer.averaged()));
    CHECK(disturbed.trainer.epoch_so_far().loss_sum == whole.trainer.epoch_so_far().loss_sum);
    CHECK(disturbed.trainer.epoch_so_far().images == whole.trainer.epoch_so_far().images);
  }
}

TEST_CASE("Trainer: a batch too small for a layer in the middle of the network leaves nothing behind") {
  const Dataset data = coloured(22);
  const Scratch scratch;
  constexpr Shape tiny{3, 8, 8};  // one pixel is left for the last stage: one image has no variance there
  Context<Cpu> ctx(1);
  Trainer<Net, tiny> trainer(ctx, Optimizer<Net>(Sgd{0.9}), Schedule{ConstantLr{}, 0.1, 9});
  initialize(ctx, trainer.model);
  const std::vector<float> images(2 * tiny.size(), 0.25f);
  const std::vector<int> labels{0, 1};
  const auto step = [&](std::size_t n) {
    trainer.step({.images = std::span(images).first(n * tiny.size()), .labels = std::span(labels).first(n)});
  };
  step(2);
  trainer.save(scratch.file("before"));
  CHECK_THROWS_WITH_AS(step(1), doctest::Contains("more than 1 value per channel"), Error);
  trainer.save(scratch.file("after"));
  CHECK(bytes_of(scratch.file("after")) == bytes_of(scratch.file("before")));
  step(2);
}

TEST_CASE("Trainer: a refused step gives its memory back, and the next one allocates nothing") {
  Context<Cpu> ctx(1);
  Trainer<Net, image> trainer(ctx, Optimizer<Net>(Sgd{}), Schedule{ConstantLr{}, 0.1, 9});
  initialize(ctx, trainer.model);
  const Images batch(6);
  const auto step = [&] { trainer.step({.images = batch.images, .labels = batch.labels}); };
  step();
  const std::size_t peak = ctx.peak_bytes();
  const float weight = std::exchange(trainer.model.fc.weight.data()[0], std::numeric_limits<float>::quiet_NaN());
  for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(step(), DivergedError);
  trainer.model.fc.weight.data()[0] = weight;
  step();
  CHECK(ctx.peak_bytes() == peak);
  const long allocations = heap_allocations;
  step();
  CHECK((!counts_heap || heap_allocations == allocations));
}

TEST_CASE("Trainer: refuses data of another network before any work") {
  const Dataset other{{3, 8, 32}, {"a", "b", "c"}, std::vector<std::uint8_t>(768), {0}};
  Dataset many = coloured(6);
  many.class_names.push_back("violet");
  const Dataset fitting = coloured(22);
  TrainingRun<Net> run(fitting);
  DataLoader wrong_shape(other), wrong_classes(many);
  CHECK_THROWS_WITH_AS(run.trainer.rest_of_epoch(wrong_shape),
                       doctest::Contains("trainer: the data set's images are 8x32 (height x width) of 3 channels, the "
                                         "network was made for 16x16"),
                       Error);
  CHECK_THROWS_WITH_AS(run.trainer.rest_of_epoch(wrong_classes),
                       "trainer: the data set has 4 classes, the network has 3 outputs", Error);
  CHECK_THROWS_AS(run.trainer.step(*wrong_shape.epoch(0).begin()), Error);
  CHECK_THROWS_AS(run.trainer.step(*wrong_classes.epoch(0).begin()), Error);
  CHECK_THROWS_WITH_AS(run.trainer.step({}), "trainer: expected a batch of 1 image or more, found none", Error);
}

TEST_CASE("Trainer: a model without values is refused") {
  Context<Cpu> ctx(1);
  Trainer<Net, image> trainer(ctx, Optimizer<Net>(Sgd{}), Schedule{ConstantLr{}, 0.1, 2});
  const Images batch(2);
  const auto step = [&] { trainer.step({.images = batch.images, .labels = batch.labels}); };
  CHECK_THROWS_WITH_AS(step(), doctest::Contains("call initialize, load_weights or resume first"), Error);
  initialize(ctx, trainer.model);
  step();
}

TEST_CASE_TEMPLATE("Trainer: uses the planned memory exactly", Model, Net, DropoutNet) {
  for (const int n : {1, 2, 3, 5, 6, 11}) {
    CAPTURE(n);
    Context<Cpu> ctx(2);
    Trainer<Model, image> trainer(ctx, Optimizer<Model>(Sgd{}), Schedule{ConstantLr{}, 0.1, 2});
    initialize(ctx, trainer.model);
    const Images batch(n);
    for (int step = 0; step < 2; ++step) trainer.step({.images = batch.images, .labels = batch.labels});
    CHECK(ctx.peak_bytes() == training_activation_bytes<Model, image>(n));
  }
}

TEST_CASE_TEMPLATE("Trainer: no heap allocation in a step after the first of its batch size", Model, Net, DropoutNet) {
  if (!counts_heap) return;
  const Dataset data = coloured(22);
  for (const int threads : {1, 2}) {
    TrainingRun<Model> run(data, threads);
    const auto allocations_until = [&](std::int64_t step) {
      const long before = heap_allocations;
      run.train_until(step);
      return heap_allocations - before;
    };
    CHECK(allocations_until(1) > 1);  // the counter counts
    CHECK(allocations_until(Run::batches - 1) == 0);
    allocations_until(Run::batches);  // the first batch of four images
    CHECK(allocations_until(Run::steps) == 0);
  }
}

TEST_CASE("Trainer: the number of steps says which batch comes next") {
  const Dataset data = coloured(22);
  TrainingRun<DropoutNet> run(data);
  for (std::int64_t step = 0; step < 2 * Run::batches; ++step) {
    const HostBatch& next = *run.trainer.rest_of_epoch(run.loader).begin();
    CHECK(next.epoch == step / Run::batches);
    CHECK(next.index == step % Run::batches);
    run.trainer.step(next);
  }
}

TEST_CASE("Trainer: a loader without any batch is an error") {
  const Dataset data = coloured(4);
  TrainingRun<DropoutNet> run(data);
  DataLoader empty(data, {.batch_size = 5, .drop_last = true});
  CHECK_THROWS_AS(run.trainer.rest_of_epoch(empty), Error);
}
