// SPDX-License-Identifier: MIT
// Checkpoints that contradict themselves, and values that may not be saved.
#include <doctest/doctest.h>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/train/trainer.hpp>

#include <limits>
#include <string>
#include <vector>

#include "tests/io/raw_file.hpp"
#include "tests/io/scratch.hpp"

using namespace resnet;

namespace {

using B = Ref<float>;
constexpr Shape image{1, 2, 2};
using Net = Sequential<Flatten<B>, Linear<4, 2, B>>;

struct Run {
  Context<B> ctx{1};
  Trainer<Net, image> trainer;

  explicit Run(TrainerOptions options, int steps = 0)
      : trainer(ctx, Optimizer<Net>(Sgd{.momentum = 0.9}), Schedule{ConstantLr{}, 0.1, 100}, options) {
    initialize(ctx, trainer.model);
    const std::vector<float> images{1, 2, 3, 4, 4, 3, 2, 1};
    const std::vector<int> labels{0, 1};
    for (int step = 0; step < steps; ++step) trainer.step({.images = images, .labels = labels});
  }
};

}  // namespace

TEST_CASE("Trainer: counters of a checkpoint that contradict each other are refused") {
  const Scratch scratch;
  const std::string path = scratch.file("c");
  Run(TrainerOptions{.accumulate = 2}, 5).trainer.save(path);
  const SafeTensors good = read_safetensors(path);
  Run run(TrainerOptions{.accumulate = 2}, 3);
  run.trainer.save(scratch.file("before"));
  const auto refused = [&](const std::string& key, const std::string& value, const std::string& message) {
    SafeTensors bad = good;
    bad.metadata[key] = value;
    write_raw(path, bad);
    CHECK_THROWS_WITH_AS(run.trainer.resume(path), doctest::Contains((path + ": " + message).c_str()), Error);
    run.trainer.save(scratch.file("after"));
    CHECK(bytes_of(scratch.file("after")) == bytes_of(scratch.file("before")));
  };
  refused("accumulated", "-1", "metadata: \"accumulated\": expected a number from 0 to 1, found -1");
  refused("accumulated", "2", "metadata: \"accumulated\": expected a number from 0 to 1, found 2");
  refused("accumulated", "0", "metadata: \"steps\": expected a multiple of 2 batches and 0 more, found 5");
  refused("steps", "-5", "metadata: \"steps\": expected a number from 1 to 9007199254740992, found -5");
  refused("steps", "7",
          "the file does not fit, nothing was loaded (1 problem):\n  contradictory: optimizer.step, expected "
          "3 from the "
          "file's metadata, found 2");
  refused("epoch_images", "-10", "metadata: \"epoch_images\": expected a number from 0 to 9007199254740992, found -10");
  refused("epoch_correct", "11", "metadata: \"epoch_correct\": expected a number from 0 to 10, found 11");
  refused("epoch_loss_sum", "nan", "metadata: \"epoch_loss_sum\": expected a number from ");

  // Options that count the same steps in other groups.
  write_raw(path, good);
  Run four(TrainerOptions{.accumulate = 4});
  CHECK_THROWS_WITH_AS(four.trainer.resume(path), doctest::Contains("contradictory: optimizer.step, expected 1"),
                       Error);
  run.trainer.resume(path);
  CHECK(run.trainer.steps() == 5);
}

TEST_CASE("Trainer: an average that is not finite is not saved") {
  const Scratch scratch;
  const std::string path = scratch.file("c");
  Run run(TrainerOptions{.ema_decay = 0.9}, 2);
  run.trainer.save(path);
  const std::string good = bytes_of(path);
  // The model itself is fine; its average is no const object.
  auto& average = const_cast<Net&>(run.trainer.averaged());
  REQUIRE(&average != &run.trainer.model);
  for_each_parameter([](std::string_view, Role, auto& t) { t.data()[0] = std::numeric_limits<float>::infinity(); },
                     average);
  CHECK_THROWS_WITH_AS(run.trainer.save(path),
                       (path + ": \"averaged.1.bias\": expected finite values, found inf at index [0]").c_str(),
                       DivergedError);
  CHECK(bytes_of(path) == good);
}
