// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/models/resnet.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/io/models.hpp"
#include "tests/io/raw_file.hpp"
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
        for (int i = 0; i < 3; ++i) conv.weight.data()[((o * 3 + h) * 3 + w) * 3 + i] = 1000 * o + 100 * i + 10 * h + w;
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

TEST_CASE("state_dict: values that are not finite are neither saved nor loaded") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  TinyNet<Ref<float>> net, other;
  fill_with_numbers(net, 1);
  fill_with_numbers(other, 2);
  save_weights(path, net);
  const std::string good = bytes_of(path);
  net.conv1.weight.data()[3 * 9 * 2 + 7] = std::numeric_limits<float>::infinity();  // OHWI: output 2, pixel (0, 2)
  CHECK_THROWS_WITH_AS(save_weights(path, net),
                       (path + ": \"conv1.weight\": expected finite values, found inf at index [2,1,0,2]").c_str(),
                       DivergedError);
  CHECK(bytes_of(path) == good);

  SafeTensors file;
  put_state(file, "", net);
  file.tensors["bn1.running_var"] = StoredTensor::of<double>({4}, {1, 1, 1, 3.5e38});
  file.tensors["fc.bias"] = {Dtype::bf16, {3}, std::vector<std::byte>(6, std::byte{0xFF})};
  file.tensors["fc.weight"] = StoredTensor::of<double>({3, 4}, std::vector<double>(12, 3.4028235e38));  // the largest
  write_raw(path, file);
  const std::vector<double> before = values_of(other);
  CHECK_THROWS_WITH_AS(
      load_weights(path, other),
      (path + ": the file does not fit, nothing was loaded (3 problems):"
              "\n  not finite: conv1.weight, expected finite values of type F32, found inf at index [2,1,0,2]"
              "\n  not finite: bn1.running_var, expected finite values of type F32, found 3.5e+38 at index [3]"
              "\n  not finite: fc.bias, expected finite values of type F32, found nan at index [0]")
          .c_str(),
      Error);
  CHECK(values_of(other) == before);
}

TEST_CASE("state_dict: num_batches_tracked") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  TinyNet<Ref<float>> net, other;
  fill_with_numbers(net, 1);
  fill_with_numbers(other, 2);
  SafeTensors file;
  put_state(file, "", net);
  SUBCASE("one that is missing counts as 0, as in PyTorch") {
    file.tensors.erase("bn1.num_batches_tracked");
    write_raw(path, file);
    load_weights(path, other);
    CHECK(other.bn1.num_batches_tracked == 0);
    CHECK(values_of(other.fc) == values_of(net.fc));
  }
  SUBCASE("one that is no count is refused") {
    for (const std::int64_t number : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
      file.tensors["bn1.num_batches_tracked"] = StoredTensor::of<std::int64_t>({}, {number});
      write_raw(path, file);
      CHECK_THROWS_WITH_AS(load_weights(path, other),
                           doctest::Contains(("out of range: bn1.num_batches_tracked, expected a count from 0 to 2^53, "
                                              "found " +
                                              std::to_string(number))
                                                 .c_str()),
                           Error);
      CHECK(other.bn1.num_batches_tracked == 2);
    }
  }
}

TEST_CASE("state_dict: long lists of problems are cut at ten") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  SafeTensors file;
  for (int i = 10; i < 77; ++i) file.tensors["t" + std::to_string(i)] = StoredTensor::of<float>({}, {1});
  write_raw(path, file);
  TinyNet<Ref<float>> net;
  std::string message;
  try {
    load_weights(path, net);
  } catch (const Error& e) {
    message = e.what();
  }
  CHECK(message.find("nothing was loaded (74 problems):\n  missing: conv1.weight") != std::string::npos);
  CHECK(message.find("\n  missing: fc.bias, expected shape [3]\n  unexpected: t10, found shape []\n") !=
        std::string::npos);
  CHECK(message.ends_with("\n  unexpected: t19, found shape []\n  … and 57 more"));
}

TEST_CASE("state_dict: other programs' names get a hint and can be renamed") {
  using Net = ResNet<BasicBlock, Depths{1, 1, 1, 1}, Form::cifar, 4, 3, Ref<float>>;
  const Scratch scratch;
  const std::string path = scratch.file("w");
  Net net, other;
  fill_with_numbers(net, 1);
  SafeTensors ours, theirs;
  put_state(ours, "", net);
  const auto their_file = [&](const std::string& prefix, const Renames& names) {
    theirs = {};
    for (const auto& [name, tensor] : ours.tensors) theirs.tensors[prefix + renamed(name, names)] = tensor;
    write_raw(path, theirs);
  };
  const auto hint = [&] {
    try {
      load_weights(path, other);
    } catch (const Error& e) {
      const std::string message = e.what();
      const std::size_t at = message.find("\n  hint: ");
      return at == std::string::npos ? "" : message.substr(at + 9);
    }
    return std::string("no error");
  };
  const Renames kuangliu{{"downsample.", "shortcut."}, {"fc.", "linear."}};

  their_file("module.", {});
  CHECK(hint() == "74 of the unexpected names are missing ones after LoadOptions{.rename = {{\"module.\", \"\"}}}");
  load_weights(path, other, {.rename = {{"module.", ""}}});
  CHECK(values_of(other) == values_of(net));

  fill_with_numbers(other, 2);
  their_file("", kuangliu);
  CHECK(hint() ==
        "20 of the unexpected names are missing ones after LoadOptions{.rename = "
        "{{\"shortcut.\", \"downsample.\"}, {\"linear.\", \"fc.\"}}}");
  load_weights(path, other, {.rename = {{"shortcut.", "downsample."}, {"linear.", "fc."}}});
  CHECK(values_of(other) == values_of(net));

  fill_with_numbers(other, 2);
  their_file("net.module.", kuangliu);
  CHECK(hint() == "");  // nothing that we know leads to a name that fits
  load_weights(path, other, {.prefix = "net.", .rename = known_renames()});
  CHECK(values_of(other) == values_of(net));

  their_file("", {{"layer1.0.conv1.", "layer1.0.convolution."}});
  CHECK(hint() == "");
  CHECK_THROWS_WITH_AS(load_weights(path, other, {.rename = {{"linear.", "fc."}}}),
                       (path + ": rename: expected a part of a name in the file, found \"linear.\"").c_str(), Error);
  CHECK_THROWS_WITH_AS(load_weights(path, other, {.rename = {{"conv2.", "conv1."}, {"convolution.", "conv1."}}}),
                       doctest::Contains("rename: expected every name once, found it twice: layer1.0.conv1.weight"),
                       Error);
  CHECK_THROWS_WITH_AS(load_weights(path, other, {.rename = {{"", "x."}}}), doctest::Contains("rename: expected"),
                       Error);
}
