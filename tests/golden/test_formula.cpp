// SPDX-License-Identifier: MIT
#include "tests/golden/golden.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/models/resnet.hpp>

using namespace golden;

TEST_CASE("the formula gives the same values here and in make_golden.py") {
  const File file("formula.safetensors");
  CHECK(unit("unit", 1000) == file.values("unit"));
  CHECK(labels("labels", 100, 10) == file.integers("labels"));
}

TEST_CASE("every parameter of ResNet-18 begins and ends as in make_golden.py") {
  using Model = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::cifar, 64, 10, Ref<float>>;
  const File file("formula.safetensors");
  const Model model;
  int tensors = 0;
  for_each_state(
      [&](std::string_view name, Role, const auto& value) {
        if constexpr (requires { value.dims(); }) {
          const Values kept = sample(name, parameter(name, value.dims()));
          const Values some{kept[0], kept[1], kept.end()[-2], kept.end()[-1]};
          CHECK_MESSAGE(some == file.values(std::string(name)), name);
          ++tensors;
        }
      },
      model);
  CHECK(tensors + 2 == static_cast<int>(file.tensors().size()));
}
