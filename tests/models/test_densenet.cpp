// SPDX-License-Identifier: MIT
// The DenseNets' sizes, and a narrow one of each form.
#include <resnet/backend/plan/cost.hpp>
#include <resnet/densenet121.hpp>
#include <resnet/densenet169.hpp>
#include <resnet/densenet201.hpp>
#include <resnet/densenet_bc100.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;

// torchvision.models.densenet121(), …; the CIFAR forms: tests/golden/make_densenet.py.
static_assert(parameter_count<DenseNetBC100<>> == 769'162);
static_assert(parameter_count<DenseNet121<>> == 6'956'298 && parameter_count<DenseNet121ImageNet<>> == 7'978'856);
static_assert(parameter_count<DenseNet169<>> == 12'493'322 && parameter_count<DenseNet169ImageNet<>> == 14'149'480);
static_assert(parameter_count<DenseNet201<>> == 18'104'330 && parameter_count<DenseNet201ImageNet<>> == 20'013'928);

// torch.utils.flop_counter on the same: multiply-accumulates of convolutions and Linear.
static_assert(forward_macs<DenseNet121ImageNet<>, Shape{3, 224, 224}>() == 2'834'161'664);
static_assert(forward_macs<DenseNetBC100<>, Shape{3, 32, 32}>() == 287'929'692);

namespace {

constexpr Shape image{3, 16, 16};
template <Depths D, Form F>
using Narrow = DenseNet<D, F, 8, 4, 5, Cpu>;

}  // namespace

TEST_CASE("DenseNet, three blocks: learns, is saved, loaded and frozen") {
  test::check_model<Narrow<Depths{2, 3, 2, 0}, Form::cifar>, image>(0.3);
}

TEST_CASE("DenseNet, four blocks: learns, is saved, loaded and frozen") {
  test::check_model<Narrow<Depths{2, 1, 2, 2}, Form::imagenet>, Shape{3, 32, 32}>(0.1);
}
