// SPDX-License-Identifier: MIT
#include <resnet/blocks/hidden_classifier.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("HiddenClassifier: gradients, with dropout of 0.5") {
  const test::GradientOptions options{.infer_is_forward = false};
  test::check_random_layer<Shape{5}, HiddenClassifier<LinearReLUDropout, 5, 8, 3, Double>>(3, options);
  test::check_random_layer<Shape{5}, HiddenClassifier<DropoutLinearReLU, 5, 8, 3, Double>>(3, options);
}

TEST_CASE("HiddenClassifier: torchvision's names") {
  using Vgg = HiddenClassifier<LinearReLUDropout, 5, 8, 3, Double>;
  using AlexNet = HiddenClassifier<DropoutLinearReLU, 5, 8, 3, Double>;
  CHECK(test::state_names(Vgg{}) ==
        std::vector<std::string>{"0.weight", "0.bias", "3.weight", "3.bias", "6.weight", "6.bias"});
  CHECK(test::state_names(AlexNet{}) ==
        std::vector<std::string>{"1.weight", "1.bias", "4.weight", "4.bias", "6.weight", "6.bias"});
}
