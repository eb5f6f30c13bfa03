// SPDX-License-Identifier: MIT
// ResNet-34, 50, 101 and 152: what the depths and blocks of the family come to, and a training step of the deep ones'
// narrow twin.
#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/resnet101.hpp>
#include <resnet/resnet152.hpp>
#include <resnet/resnet34.hpp>
#include <resnet/resnet50.hpp>

#include "tests/models/check_model.hpp"
#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

// torchvision.models.resnet34() … resnet152(); the CIFAR forms: those of kuangliu/pytorch-cifar.
static_assert(parameter_count<ResNet34<>> == 21'282'122 && parameter_count<ResNet34ImageNet<>> == 21'797'672);
static_assert(parameter_count<ResNet50<>> == 23'520'842 && parameter_count<ResNet50ImageNet<>> == 25'557'032);
static_assert(parameter_count<ResNet101<>> == 42'512'970 && parameter_count<ResNet101ImageNet<>> == 44'549'160);
static_assert(parameter_count<ResNet152<>> == 58'156'618 && parameter_count<ResNet152ImageNet<>> == 60'192'808);

namespace {

constexpr Shape image{3, 8, 8};
template <class B>
using Narrow50 = ResNet<Bottleneck, Depths{3, 4, 6, 3}, Form::cifar, 4, 5, B>;

/// torchvision.models.resnet50().state_dict().keys().
std::vector<std::string> torchvision_names() {
  std::vector<std::string> names;
  const auto conv_and_norm = [&](const std::string& conv, const std::string& norm) {
    names.push_back(conv + ".weight");
    for (const char* entry : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
      names.push_back(norm + "." + entry);
  };
  conv_and_norm("conv1", "bn1");
  const int depths[] = {3, 4, 6, 3};
  for (int layer = 0; layer < 4; ++layer)
    for (int i = 0; i < depths[layer]; ++i) {
      const std::string block = "layer" + std::to_string(layer + 1) + "." + std::to_string(i) + ".";
      for (const char* k : {"1", "2", "3"}) conv_and_norm(block + "conv" + k, block + "bn" + k);
      if (i == 0) conv_and_norm(block + "downsample.0", block + "downsample.1");
    }
  names.insert(names.end(), {"fc.weight", "fc.bias"});
  return names;
}

}  // namespace

TEST_CASE("ResNet-50: torchvision's names in torchvision's order") {
  CHECK(torchvision_names().size() == 320);
  CHECK(test::state_names(Narrow50<Double>{}) == torchvision_names());
}

TEST_CASE("ResNet-50: zero_gamma makes every block its shortcut") {
  Context<Double> ctx;
  auto model = std::make_unique<Narrow50<Double>>();
  initialize(ctx, *model, {.seed = 1, .zero_gamma = true});
  int silent = 0;
  for_each_parameter(
      [&](std::string_view name, Role, const auto& t) {
        if (!name.ends_with("bn3.weight")) return;
        CHECK(test::values_of(t) == Values(t.size(), 0.0));
        ++silent;
      },
      *model);
  CHECK(silent == 16);
}

TEST_CASE("ResNet-50: learns, is saved, loaded and frozen") { test::check_model<Narrow50<Cpu>, image>(0.02); }
