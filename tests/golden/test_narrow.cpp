// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/resnet18.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow ResNet-18 agrees with PyTorch", B, Ref<double>, Ref<float>, Cpu) {
  check_pass<Shape{3, 32, 32}, B, NarrowResNet18<8, 10, B>>(File("narrow.safetensors"));
}

TEST_CASE_TEMPLATE("ten steps of SGD with momentum agree with PyTorch", B, Ref<double>, Ref<float>, Cpu) {
  check_steps<Shape{3, 32, 32}, B, NarrowResNet18<8, 10, B>>(File("narrow.safetensors"));
}

TEST_CASE_TEMPLATE("cross-entropy with labels, smoothing and soft targets agrees with PyTorch", B, Ref<double>,
                   Ref<float>, Cpu) {
  const File file("narrow.safetensors");
  Context<B> ctx;
  const auto logits = batch<Shape{10}>(ctx, file.values("logits"));
  const auto labels = file.integers("labels");
  Worst worst;
  const auto check = [&](const std::string& name, const Batch<Shape{10}, B>& target) {
    const auto loss = softmax_cross_entropy(ctx, logits, target);
    worst.check("loss/" + name, relative_error({ctx.read(loss.value)}, file.values("loss/" + name)),
                output_tolerance<B>);
    worst.check("dlogits/" + name, relative_error(values_of(loss.dlogits), file.values("dlogits/" + name)),
                gradient_tolerance<B>);
  };
  check("hard", one_hot<10>(ctx, labels));
  check("smooth", one_hot<10>(ctx, labels, 0.1));
  check("soft", batch<Shape{10}>(ctx, file.values("soft_targets")));
  MESSAGE("worst: ", worst.name, " ", worst.error);
}
