// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/io/checkpoint.hpp>
#include <resnet/optim/optimizer.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "tests/io/models.hpp"
#include "tests/io/raw_file.hpp"
#include "tests/io/scratch.hpp"

using namespace resnet;

namespace {

using B = Ref<float>;
using Net = TinyNet<B>;

/// Some training steps with a gradient that depends on the weights.
void train(Flat<Net>& net, Optimizer<Net>& optimizer, int steps) {
  Context<B> ctx(1);
  for (int step = 0; step < steps; ++step) {
    Flat<Net> grad = net;
    clip_grad_value(ctx, grad, 0.1);
    optimizer.step(ctx, 0.05, net, grad);
    ++net->bn1.num_batches_tracked;
  }
}

}  // namespace

TEST_CASE("checkpoint: a resumed run continues bit for bit") {
  for (const Rule rule :
       {Rule(Sgd{.momentum = 0.9, .nesterov = true}), Rule(Adam{}), Rule(AdamW{}), Rule(RmsProp{.momentum = 0.5})}) {
    const Scratch scratch;
    const std::string path = scratch.file("last.safetensors");
    Flat<Net> flat;
    Net& net = *flat;
    fill_with_numbers(net, 1);
    Optimizer<Net> optimizer(rule, {.weight = 1e-3});
    train(flat, optimizer, 3);
    save_checkpoint(path, net, optimizer, {{"epoch", "3"}});
    train(flat, optimizer, 4);

    Flat<Net> resumed;
    Optimizer<Net> resumed_optimizer(rule, {.weight = 1e-3});
    CHECK(load_checkpoint(path, *resumed, resumed_optimizer) == Metadata{{"epoch", "3"}});
    CHECK(resumed_optimizer.steps() == 3);
    train(resumed, resumed_optimizer, 4);
    CHECK(values_of(*resumed) == values_of(net));
    CHECK(scratch.count() == 1);
  }
}

TEST_CASE("checkpoint: names in the file") {
  const Scratch scratch;
  Net net;
  Optimizer<Net> optimizer(Adam{});
  save_checkpoint(scratch.file("c"), net, optimizer, {});
  const SafeTensors file = read_safetensors(scratch.file("c"));
  CHECK(file.tensors.size() == 8 + 2 * 5 + 1);
  CHECK(file.tensors.contains("model.bn1.running_var"));
  CHECK(file.tensors.contains("optimizer.exp_avg_sq.conv1.weight"));
  CHECK(!file.tensors.contains("optimizer.exp_avg.bn1.running_var"));
  CHECK(file.tensors.at("optimizer.step").dtype == Dtype::i64);
}

TEST_CASE("checkpoint: weights can be taken out of it") {
  const Scratch scratch;
  Net net, other;
  fill_with_numbers(net, 1);
  save_checkpoint(scratch.file("c"), net, Optimizer<Net>(Sgd{}), {});
  load_weights(scratch.file("c"), other);
  CHECK(values_of(other) == values_of(net));
}

TEST_CASE("checkpoint: what does not fit changes nothing") {
  const Scratch scratch;
  const std::string path = scratch.file("c");
  Flat<Net> flat;
  Net &net = *flat, other;
  fill_with_numbers(net, 1);
  fill_with_numbers(other, 2);
  Optimizer<Net> optimizer(Sgd{.momentum = 0.9}), adam(Adam{});
  train(flat, optimizer, 2);
  const std::vector<double> before = values_of(other);

  save_checkpoint(path, net, optimizer, {});
  CHECK_THROWS_WITH_AS(load_checkpoint(path, other, adam),
                       doctest::Contains("missing: optimizer.exp_avg.conv1.weight, expected shape [4,3,3,3]"), Error);
  CHECK_THROWS_WITH_AS(load_checkpoint(path, other, adam),
                       doctest::Contains("unexpected: optimizer.momentum_buffer.fc.bias"), Error);
  const auto refuse = [](const Metadata&) { throw Error("another data set"); };
  CHECK_THROWS_WITH_AS(load_checkpoint(path, other, optimizer, refuse), "another data set", Error);
  write_bytes(path, bytes_of(path) + "x");
  CHECK_THROWS_AS(load_checkpoint(path, other, optimizer), Error);
  save_weights(path, net);
  CHECK_THROWS_WITH_AS(load_checkpoint(path, other, optimizer), doctest::Contains("expected a training checkpoint"),
                       Error);
  CHECK(values_of(other) == before);
  CHECK(adam.steps() == 0);
}

TEST_CASE("checkpoint: what the optimizer remembers is checked like the model") {
  const Scratch scratch;
  const std::string path = scratch.file("c");
  Flat<Net> flat;
  Net &net = *flat, other;
  fill_with_numbers(net, 1);
  fill_with_numbers(other, 2);
  Optimizer<Net> optimizer(Sgd{.momentum = 0.9}), other_optimizer(Sgd{.momentum = 0.9});
  train(flat, optimizer, 2);
  save_checkpoint(path, net, optimizer, {});
  const std::string good = bytes_of(path);
  SafeTensors file = read_safetensors(path);
  const std::vector<double> before = values_of(other);
  const auto refused = [&](const std::string& problem) {
    write_raw(path, file);
    CHECK_THROWS_WITH_AS(load_checkpoint(path, other, other_optimizer),
                         (path + ": the file does not fit, nothing was loaded (1 problem):\n  " + problem).c_str(),
                         Error);
    CHECK(values_of(other) == before);
    CHECK(other_optimizer.steps() == 0);
  };
  const StoredTensor step = std::exchange(file.tensors["optimizer.step"], StoredTensor::of<std::int64_t>({}, {-3}));
  refused("out of range: optimizer.step, expected a count from 0 to 2^53, found -3");
  file.tensors.erase("optimizer.step");
  refused("missing: optimizer.step, expected shape []");
  file.tensors["optimizer.step"] = step;
  file.tensors["optimizer.momentum_buffer.fc.bias"] =
      StoredTensor::of<float>({3}, {1, std::numeric_limits<float>::quiet_NaN(), 1});
  refused(
      "not finite: optimizer.momentum_buffer.fc.bias, expected finite values of type F32, found nan at index "
      "[1]");

  write_bytes(path, good);
  Flat<Net> grad;
  grad->fc.bias.data()[2] = std::numeric_limits<float>::infinity();
  Context<B> ctx(1);
  optimizer.step(ctx, 0, flat, grad);  // a learning rate of 0: 0 · ∞ breaks the model as well
  fill_with_numbers(net, 1);
  CHECK_THROWS_WITH_AS(save_checkpoint(path, net, optimizer, {}),
                       doctest::Contains("\"optimizer.momentum_buffer.fc.bias\": expected finite values, found "),
                       DivergedError);
  CHECK(bytes_of(path) == good);
}

TEST_CASE("checkpoint: numbers in the metadata keep their bits") {
  const auto check = [](auto number) {
    const Metadata metadata{{"key", to_metadata(number)}};
    CHECK(from_metadata<decltype(number)>("c", metadata, "key") == number);
  };
  check(0.1);
  check(std::numeric_limits<double>::denorm_min());
  check(std::nextafter(1.0, 2.0));
  check(std::numeric_limits<std::uint64_t>::max());
  check(std::numeric_limits<std::int64_t>::min());

  const Metadata metadata{{"epoch", "3x"}, {"large", "300"}};
  CHECK_THROWS_WITH_AS(from_metadata<int>("c", metadata, "epoch"),
                       "c: metadata: \"epoch\": expected a number in range, found \"3x\"", Error);
  CHECK_THROWS_AS(from_metadata<signed char>("c", metadata, "large"), Error);
  CHECK_THROWS_WITH_AS(from_metadata<int>("c", metadata, "step"), "c: metadata: expected the key \"step\", found none",
                       Error);
  const Metadata numbers{{"seven", "7"}, {"nan", "nan"}, {"inf", "inf"}};
  CHECK(from_metadata<int>("c", numbers, "seven", 7, 7) == 7);
  CHECK_THROWS_WITH_AS(from_metadata<int>("c", numbers, "seven", 0, 6),
                       "c: metadata: \"seven\": expected a number from 0 to 6, found 7", Error);
  CHECK_THROWS_AS(from_metadata<double>("c", numbers, "nan", 0.0, 1.0), Error);
  CHECK_THROWS_AS(from_metadata<double>("c", numbers, "inf", 0.0, std::numeric_limits<double>::max()), Error);
}
