// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/models/resnet.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/io/models.hpp"
#include "tests/io/scratch.hpp"

using namespace resnet;

TEST_CASE("state_dict: PyTorch's names, shapes and layout") {
  using Net = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::imagenet, 64, 1000, Ref<float>>;
  SafeTensors file;
  put_state(file, "", Net());
  const auto& tensors = file.tensors;
  CHECK(tensors.size() == 122);
  CHECK(tensors.at("conv1.weight").shape == Dimensions{64, 3, 7, 7});
  CHECK(tensors.at("layer1.0.conv1.weight").shape == Dimensions{64, 64, 3, 3});
  CHECK(tensors.at("layer2.0.downsample.0.weight").shape == Dimensions{128, 64, 1, 1});
  CHECK(tensors.at("layer4.1.bn2.running_var").shape == Dimensions{512});
  CHECK(tensors.at("fc.weight").shape == Dimensions{1000, 512});
  CHECK(tensors.at("fc.weight").dtype == Dtype::f32);
  CHECK(tensors.at("bn1.num_batches_tracked").shape.empty());
  CHECK(tensors.at("bn1.num_batches_tracked").dtype == Dtype::i64);
}

TEST_CASE("state_dict: a convolution's weight changes from OHWI to OIHW and back") {
  using Conv = Conv2d<3, 4, 3, 1, Ref<double>>;
  Conv conv;
  for (int o = 0; o < 4; ++o)
    for (int h = 0; h < 3; ++h)
      for (int w = 0; w < 3; ++w)
        for (int i = 0; i < 3; ++i)
          conv.weight.data()[((o * 3 + h) * 3 + w) * 3 + i] = 1000 * o + 100 * i + 10 * h + w;
  SafeTensors file;
  put_state(file, "conv1.", conv);
  const StoredTensor& stored = file.tensors.at("conv1.weight");
  CHECK(stored.dtype == Dtype::f64);
  std::vector<double> want;
  for (int o = 0; o < 4; ++o)
    for (int i = 0; i < 3; ++i)
      for (int h = 0; h < 3; ++h)
        for (int w = 0; w < 3; ++w) want.push_back(1000 * o + 100 * i + 10 * h + w);
  CHECK(stored.values<double>() == want);

  Conv again;
  StateLoader loader("memory", file);
  expect_state(loader, "conv1.", again);
  loader.finish();
  CHECK(values_of(again) == values_of(conv));
}

TEST_CASE("state_dict: weights survive a file bit for bit, on every backend") {
  const auto check = []<class B>(B) {
    const Scratch scratch;
    TinyNet<B> net, again;
    fill_with_numbers(net, 1);
    save_weights(scratch.file("w"), net, {{"accuracy", "0.9"}});
    CHECK(load_weights(scratch.file("w"), again) == Metadata{{"accuracy", "0.9"}});
    CHECK(values_of(again) == values_of(net));
  };
  check(Ref<float>());
  check(Ref<double>());
  check(Elsewhere());  // memory that only upload and download reach
}

TEST_CASE("state_dict: loads any floating-point type") {
  const Scratch scratch;
  TinyNet<Ref<float>> net;
  TinyNet<Ref<double>> wide;
  fill_with_numbers(net, 1);
  save_weights(scratch.file("w"), net);
  load_weights(scratch.file("w"), wide);
  CHECK(values_of(wide) == values_of(net));
  TinyNet<Ref<float>> back;
  save_weights(scratch.file("w"), wide);
  load_weights(scratch.file("w"), back);
  CHECK(values_of(back) == values_of(net));

  SafeTensors file = read_safetensors(scratch.file("w"));
  file.tensors["fc.bias"] = {Dtype::f16, {3}, std::vector<std::byte>(6, std::byte{0x3C})};
  write_safetensors(scratch.file("w"), file);
  load_weights(scratch.file("w"), back);
  CHECK(back.fc.bias.data()[2] == half_to_float(0x3C3C));
}

TEST_CASE("state_dict: one error lists everything that does not fit and nothing is loaded") {
  const Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  TinyNet<Ref<float>> net, other;
  fill_with_numbers(net, 1);
  fill_with_numbers(other, 2);
  save_weights(path, net);
  SafeTensors file = read_safetensors(path);
  file.tensors.erase("bn1.bias");
  file.tensors.erase("bn1.running_mean");
  file.tensors["fc.bias"] = StoredTensor::of<float>({4}, {1, 2, 3, 4});
  file.tensors["fc.extra"] = StoredTensor::of<float>({1}, {1});
  file.tensors["bn1.num_batches_tracked"] = StoredTensor::of<float>({}, {1});
  write_safetensors(path, file);

  const std::vector<double> before = values_of(other);
  CHECK_THROWS_WITH_AS(load_weights(path, other),
                       (path + ": the file does not fit, nothing was loaded (5 problems):"
                               "\n  missing: bn1.bias, expected shape [4]"
                               "\n  missing: bn1.running_mean, expected shape [4]"
                               "\n  mistyped: bn1.num_batches_tracked, expected an integer type, found F32"
                               "\n  mis-shaped: fc.bias, expected shape [3], found [4]"
                               "\n  unexpected: fc.extra, found shape [1]")
                           .c_str(),
                       Error);
  CHECK(values_of(other) == before);

  write_bytes(path, bytes_of(path).substr(0, 200));
  CHECK_THROWS_AS(load_weights(path, other), Error);
  CHECK(values_of(other) == before);
}

TEST_CASE("state_dict: a new head on old features") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  TinyNet<Ref<float>, 3> old;
  TinyNet<Ref<float>, 5> net;
  fill_with_numbers(old, 1);
  fill_with_numbers(net, 2);
  save_weights(path, old);
  CHECK_THROWS_WITH_AS(load_weights(path, net), doctest::Contains("fc.weight"), Error);
  const std::vector<double> head = values_of(net.fc);
  load_weights(path, net, {.skip = {"fc."}});
  CHECK(values_of(net.fc) == head);
  CHECK(values_of(net.conv1) == values_of(old.conv1));
  CHECK(values_of(net.bn1) == values_of(old.bn1));

  const std::vector<double> before = values_of(net);
  CHECK_THROWS_WITH_AS(load_weights(path, net, {.skip = {"fc.", "classifier."}}),
                       (path + ": the file does not fit, nothing was loaded (1 problem):"
                               "\n  to be left out, but neither expected nor in the file: classifier.…")
                           .c_str(),
                       Error);
  CHECK(values_of(net) == before);
}

TEST_CASE("state_dict: a part of a file") {
  const Scratch scratch;
  TinyNet<Ref<float>> net, again;
  fill_with_numbers(net, 1);
  SafeTensors file;
  put_state(file, "module.", net);
  file.tensors["other"] = StoredTensor::of<float>({}, {1});
  write_safetensors(scratch.file("w"), file);
  CHECK_THROWS_AS(load_weights(scratch.file("w"), again), Error);
  load_weights(scratch.file("w"), again, {.prefix = "module."});
  CHECK(values_of(again) == values_of(net));
}
