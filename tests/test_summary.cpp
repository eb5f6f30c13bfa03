// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/relu.hpp>
#include <resnet/models/resnet.hpp>
#include <resnet/summary.hpp>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

using namespace resnet;

namespace {

using B = Ref<float>;
template <int Width, Form F = Form::cifar>
using Net = ResNet<BasicBlock, Depths{2, 2, 2, 2}, F, Width, 10, B>;

struct Row {
  std::string name, shape;
  long long parameters, macs;
};
struct Table {
  std::vector<Row> layers;
  Row total;
  std::string memory;
  const Row& operator[](const std::string& name) const {
    const auto found = std::find_if(layers.begin(), layers.end(), [&](const Row& row) { return row.name == name; });
    REQUIRE_MESSAGE(found != layers.end(), name);
    return *found;
  }
};

long long number(std::string text) {
  std::erase(text, ',');
  return std::stoll(text);
}

template <class Model, Shape S>
Table table(int n = 1) {
  std::stringstream text;
  print_summary<Model, S>(text, n);
  Table result;
  std::string line;
  std::getline(text, line);
  CHECK(line.starts_with("layer "));
  while (std::getline(text, line)) {
    if (line.starts_with("memory")) {
      result.memory = line;
      continue;
    }
    std::istringstream words(line);
    std::string name, c, x, h, w, parameters, macs;
    words >> name >> c >> x >> h >> x >> w >> parameters >> macs;
    const Row row{name, c + "x" + h + "x" + w, number(parameters), number(macs)};
    if (name == "total")
      result.total = row;
    else
      result.layers.push_back(row);
  }
  return result;
}

void check_sums(const Table& t) {
  long long parameters = 0, macs = 0;
  for (const Row& row : t.layers) parameters += row.parameters, macs += row.macs;
  CHECK(parameters == t.total.parameters);
  CHECK(macs == t.total.macs);
}

constexpr Shape cifar_image{3, 32, 32};

}  // namespace

TEST_CASE("summary: ResNet-18 for CIFAR") {
  const Table t = table<Net<64>, cifar_image>();
  CHECK(t.total.parameters == 11'173'962);
  CHECK(t.total.macs == 555'422'720);
  CHECK(t.total.shape == "10x1x1");
  check_sums(t);

  // Three layers in the stem, six in each of eight blocks, two in each of three projections, pooling and fc.
  CHECK(t.layers.size() == 2 + 8 * 4 + 3 * 2 + 2);
  std::map<std::string, int> names;
  for (const Row& row : t.layers) ++names[row.name];
  CHECK(names.size() == t.layers.size());
  CHECK(t.layers.front().name == "conv1");
  CHECK(t.layers.back().name == "fc");

  CHECK(t["conv1"].parameters == 64 * 27);
  CHECK(t["conv1"].macs == 64 * 27 * 1024);
  CHECK(t["conv1"].shape == "64x32x32");
  CHECK(t["bn1"].parameters == 128);
  CHECK(t["bn1"].macs == 0);
  CHECK(t["layer2.0.conv1"].shape == "128x16x16");
  CHECK(t["layer2.0.conv1"].macs == 128 * 64 * 9 * 256);
  CHECK(t["layer2.0.downsample.0"].parameters == 64 * 128);
  CHECK(t["layer4.1.bn2"].shape == "512x4x4");
  CHECK(t["avgpool"].shape == "512x1x1");
  CHECK(t["fc"].parameters == 5130);
  CHECK(t["fc"].macs == 5120);
}

TEST_CASE("summary: the ImageNet form has a row for its pooling") {
  const Table t = table<Net<64, Form::imagenet>, Shape{3, 224, 224}>();
  check_sums(t);
  CHECK(t.layers.size() == 43);
  CHECK(t["conv1"].shape == "64x112x112");
  CHECK(t["maxpool"].shape == "64x56x56");
  CHECK(t.total.macs == 1'814'073'344 - 990 * 512);  // torchvision's, for 10 classes instead of 1,000
}

TEST_CASE("summary: layers without parameters, shapes that aren't square, other containers") {
  using Model = Sequential<Conv2d<3, 4, 3, 2, B, 1, true>, Sequential<ReLU<B>, MaxPool2d<2, 2, 0, B>>,
                           GlobalAvgPool2d<B>, Dropout<B>, Linear<4, 5, B>>;
  const Table t = table<Model, Shape{3, 9, 16}>();
  check_sums(t);
  CHECK(t.layers.size() == 6);
  CHECK(t["0"].shape == "4x5x8");
  CHECK(t["0"].parameters == 4 * 27 + 4);
  CHECK(t["0"].macs == 40 * 4 * 27);
  CHECK(t["1.1"].shape == "4x2x4");
  CHECK(t["3"].shape == "4x1x1");
  CHECK(t["4"].parameters == 25);
}

TEST_CASE("summary: memory") {
  using Model = Net<8>;
  const auto mebibytes = [](std::size_t bytes) {
    std::ostringstream text;
    text << std::fixed;
    text.precision(1);
    text << static_cast<double>(bytes) / 1048576 << " MiB";
    return text.str();
  };
  CHECK(table<Model, cifar_image>().memory ==
        "memory for 1 image: " + mebibytes(training_bytes<Model, cifar_image>(1)) + " for training with SGD, " +
            mebibytes(inference_bytes<Model, cifar_image>(1)) + " for inference");
  CHECK(table<Model, cifar_image>(128).memory.starts_with("memory for 128 images: "));
}
