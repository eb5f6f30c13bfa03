// SPDX-License-Identifier: MIT
// The model's mathematics, on narrow networks and the reference backend.
#include <resnet/blocks/basic_block.hpp>
#include <resnet/layers/relu.hpp>
#include <resnet/models/resnet.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

template <int Width, class B>
using Cifar = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::cifar, Width, 5, B>;
template <int Width, class B>
using ImageNet = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::imagenet, Width, 5, B>;
using Small = Cifar<2, Double>;
constexpr Shape image{3, 8, 8};
const test::GradientOptions sampled{.infer_is_forward = false, .entries = 6};

/// torchvision.models.resnet18().state_dict().keys().
std::vector<std::string> torchvision_names() {
  std::vector<std::string> names;
  const auto norm = [&](const std::string& path) {
    for (const char* entry : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
      names.push_back(path + "." + entry);
  };
  const auto conv_and_norm = [&](const std::string& conv, const std::string& bn) {
    names.push_back(conv + ".weight");
    norm(bn);
  };
  conv_and_norm("conv1", "bn1");
  for (const char* layer : {"layer1", "layer2", "layer3", "layer4"})
    for (const char* index : {".0.", ".1."}) {
      const std::string block = std::string(layer) + index;
      conv_and_norm(block + "conv1", block + "bn1");
      conv_and_norm(block + "conv2", block + "bn2");
      if (layer[5] > '1' && index[1] == '0') conv_and_norm(block + "downsample.0", block + "downsample.1");
    }
  names.insert(names.end(), {"fc.weight", "fc.bias"});
  return names;
}

}  // namespace

TEST_CASE("ResNet: gradients, CIFAR form") {
  test::check_random_layer<image, Small>(6, sampled);
  test::check_random_layer<Shape{3, 5, 7}, Cifar<1, Double>>(8, sampled);
}

TEST_CASE("ResNet: gradients, ImageNet form") {
  test::check_random_layer<Shape{3, 33, 16}, ImageNet<2, Double>>(6, sampled);
}

TEST_CASE("ResNet: torchvision's names in torchvision's order") {
  CHECK(torchvision_names().size() == 122);
  CHECK(test::state_names(Small{}) == torchvision_names());
  CHECK(test::state_names(ImageNet<1, Double>{}) == torchvision_names());
}

TEST_CASE("ResNet: backward_parameters is backward without the images' gradient") {
  Small model, whole, part;
  test::randomize(model);
  Context<Double> ctx;
  for (auto* grad : {&whole, &part}) {
    SavedOf<Small, image> saved;
    model.forward(ctx, test::batch<image>(ctx, test::normal(2 * image.size(), 1)), saved);
    auto dy = test::batch<Shape{5}>(ctx, test::normal(10, 2));
    zero(*grad);
    if (grad == &whole)
      model.backward(ctx, std::move(dy), saved, *grad);
    else
      model.backward_parameters(ctx, std::move(dy), saved, *grad);
  }
  CHECK(test::parameters_of(part) == test::parameters_of(whole));
}

TEST_CASE("ResNet: variable batch sizes") {
  Small model;
  test::randomize(model);
  Context<Double> ctx;
  const Values images = test::normal(7 * image.size(), 1);
  const auto logits = test::values_of(model.infer(ctx, test::batch<image>(ctx, images)));
  REQUIRE(logits.size() == 7 * 5);
  for (const std::size_t n : {1u, 2u, 5u}) {  // an image's result does not depend on its company
    const Values some(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(n * image.size()));
    const auto y = model.infer(ctx, test::batch<image>(ctx, some));
    CHECK(y.n() == static_cast<int>(n));
    CHECK(test::values_of(y) == Values(logits.begin(), logits.begin() + static_cast<std::ptrdiff_t>(n * 5)));
  }
  SavedOf<Small, image> saved;
  Small grad;
  zero(grad);
  for (const std::size_t n : {5u, 2u, 3u}) {  // one Context, one Saved and one gradient serve them all
    const auto y = model.forward(ctx, test::batch<image>(ctx, test::normal(n * image.size(), n)), saved);
    CHECK(y.n() == static_cast<int>(n));
    const auto dx = model.backward(ctx, test::batch<Shape{5}>(ctx, test::normal(n * 5, 2)), saved, grad);
    CHECK(dx.size() == n * image.size());
    const Values values = test::parameters_of(grad);
    CHECK(std::isfinite(test::dot(values, values)));
  }
}

TEST_CASE("ResNet: residual connections working") {
  // With every residual branch at 0, what arrives at the classifier is what the shortcuts hand on.
  Small model;
  test::randomize(model);
  const auto silence = [](auto& block) {
    Double::fill(block.bn2.weight.size(), 0, block.bn2.weight.data());
    Double::fill(block.bn2.bias.size(), 0, block.bn2.bias.data());
  };
  const auto stage = [&](auto& layer) {
    silence(layer.first);
    for (auto& block : layer.rest) silence(block);
  };
  stage(model.layer1), stage(model.layer2), stage(model.layer3), stage(model.layer4);

  Context<Double> ctx;
  const ReLU<Double> relu;
  const auto x = test::batch<image>(ctx, test::normal(2 * image.size(), 1));
  auto stem = relu.infer(ctx, model.bn1.infer(ctx, model.conv1.infer(ctx, x)));
  auto y2 = relu.infer(ctx, model.layer2.first.downsample.infer(ctx, std::move(stem)));
  auto y3 = relu.infer(ctx, model.layer3.first.downsample.infer(ctx, std::move(y2)));
  auto y4 = relu.infer(ctx, model.layer4.first.downsample.infer(ctx, std::move(y3)));
  const auto logits = model.fc.infer(ctx, model.avgpool.infer(ctx, std::move(y4)));
  CHECK(test::values_of(model.infer(ctx, x)) == test::values_of(logits));
  CHECK(test::values_of(logits) != test::values_of(model.fc.bias));  // something does arrive
}

TEST_CASE("ResNet: skip connections present") {
  // Eight blocks; the shortcut is a projection where the shape changes, and the identity elsewhere.
  const auto identities = []<class... Blocks>(const Blocks&...) {
    return (0 + ... + std::is_same_v<typename Blocks::Downsample, Identity<Double>>);
  };
  const Small m;
  CHECK(identities(m.layer1.first, m.layer1.rest[0], m.layer2.rest[0], m.layer3.rest[0], m.layer4.rest[0]) == 5);
  CHECK(identities(m.layer2.first, m.layer3.first, m.layer4.first) == 0);

  // They carry the gradient: with silent branches the first convolution learns all the same.
  Small model, grad;
  test::randomize(model);
  for_each_parameter(
      [](std::string_view name, Role, auto& t) {
        if (name.find("bn2") != name.npos) Double::fill(t.size(), 0, t.data());
      },
      model);
  Context<Double> ctx;
  SavedOf<Small, image> saved;
  model.forward(ctx, test::batch<image>(ctx, test::normal(4 * image.size(), 1)), saved);
  zero(grad);
  model.backward(ctx, test::batch<Shape{5}>(ctx, test::normal(20, 2)), saved, grad);
  const Values first = test::values_of(grad.conv1.weight), branch = test::values_of(grad.layer1.first.conv1.weight);
  CHECK(test::dot(first, first) > 1e-6);
  CHECK(test::dot(branch, branch) == 0);
}
