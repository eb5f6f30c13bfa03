// SPDX-License-Identifier: MIT
// Optimizers on whole models; each rule's numbers are in backend/test_optimizer.cpp and
// golden/test_optim.cpp.
#include <doctest/doctest.h>

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/optim/optimizer.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;

namespace {

using Double = Ref<double>;

/// A tensor of each role; the sizes of the first three lie around Cpu's piece of 16,384 elements.
template <class B>
struct Net {
  using Backend = B;
  Tensor<B, 127, 129> weight;
  Tensor<B, 16'384> scale;
  Tensor<B, 5, 29, 113> conv;
  Tensor<B, 1> bias;
  Tensor<B, 3> mean;
  std::int64_t count = 0;

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::weight, self.weight...);
    f("scale", Role::scale, self.scale...);
    f("conv", Role::weight, self.conv...);
    f("bias", Role::bias, self.bias...);
    f("mean", Role::buffer, self.mean...);
    f("count", Role::buffer, self.count...);
  }
};
static_assert(Tensor<Double, 127, 129>::size() == 16'383 && Tensor<Double, 5, 29, 113>::size() == 16'385);

template <class B>
Net<B> random_net(std::uint64_t id) {
  Net<B> net;
  for_each_state(
      [&](std::string_view, Role, auto& value) {
        if constexpr (requires { value.data(); })
          test::upload<B>(test::normal(value.size(), id++), value.data());
        else
          value = 12;
      },
      net);
  return net;
}

const Rule rules[] = {Sgd{},   Sgd{.momentum = 0.9},    Sgd{.momentum = 0.9, .nesterov = true}, Adam{},
                      AdamW{}, RmsProp{.momentum = 0.5}};
constexpr WeightDecay decay{.weight = 0.1, .scale = 0.2, .bias = 0.3};

template <class B>
Values after_three_steps(const Rule& rule, int threads) {
  Context<B> ctx(threads);
  Flat<Net<B>> net = random_net<B>(1);
  Optimizer<Net<B>> optimizer(rule, decay);
  for (std::uint64_t step = 0; step < 3; ++step) optimizer.step(ctx, 0.125, net, random_net<B>(100 + 10 * step));
  CHECK(optimizer.steps() == 3);
  return test::state_of(*net);
}

}  // namespace

TEST_CASE("Optimizer: Cpu agrees with Ref<double>, and gives the same bits for any number of threads") {
  for (const Rule& rule : rules) {
    const Values exact = after_three_steps<Double>(rule, 1), found = after_three_steps<Cpu>(rule, 1);
    double worst = 0;
    REQUIRE(found.size() == exact.size());
    for (std::size_t i = 0; i < exact.size(); ++i)
      worst = std::max(worst, std::abs(found[i] - exact[i]) / (1 + std::abs(exact[i])));
    CHECK(worst < 1e-5);  // in float 1 - 0.999 is off by 1.3e-5 of it
    for (const int threads : {2, 3, 7}) CHECK(after_three_steps<Cpu>(rule, threads) == found);
  }
}

TEST_CASE("Optimizer: weight decay by role, buffers left alone") {
  const auto before = random_net<Double>(1);
  const Net<Double> zero_gradient;
  const auto check = [&](const Rule& rule, WeightDecay d, double lr) {
    Context<Double> ctx;
    Flat<Net<Double>> net = before;
    Optimizer<Net<Double>>(rule, d).step(ctx, lr, net, zero_gradient);
    for_each_state(
        [&](std::string_view name, Role role, const auto& now, const auto& then) {
          const double rate = role == Role::weight  ? d.weight
                              : role == Role::scale ? d.scale
                              : role == Role::bias  ? d.bias
                                                    : 0;
          CAPTURE(name);
          if constexpr (requires { now.data(); })
            for (std::size_t i = 0; i < now.size(); ++i)
              REQUIRE(now.data()[i] == doctest::Approx(then.data()[i] * (1 - lr * rate)).epsilon(1e-14));
          else
            CHECK(now == then);
        },
        *net, before);
  };
  check(Sgd{}, decay, 0.5);
  check(AdamW{}, decay, 0.5);
  check(Sgd{}, {.weight = 0.1}, 0.5);
  for (const Rule& rule : rules) check(rule, {}, 0.5);
}

TEST_CASE("Optimizer: the first step of each rule, in closed form") {
  // With gradient g: SGD moves by lr·g, Nesterov by lr·(1 + momentum)·g, Adam by lr·sign(g), RMSprop by
  // lr·sign(g) / sqrt(1 - alpha).
  const auto moved = [](const Rule& rule, double gradient) {
    Context<Double> ctx;
    Flat<Net<Double>> net, grad;
    grad->bias.data()[0] = gradient;
    Optimizer<Net<Double>>(rule).step(ctx, 0.5, net, grad);
    CHECK(net->weight.data()[7] == 0);
    return -net->bias.data()[0] / 0.5;
  };
  for (const double g : {-3.0, 0.25}) {
    const double sign = g < 0 ? -1 : 1;
    CHECK(moved(Sgd{}, g) == doctest::Approx(g));
    CHECK(moved(Sgd{.momentum = 0.75}, g) == doctest::Approx(g));
    CHECK(moved(Sgd{.momentum = 0.75, .nesterov = true}, g) == doctest::Approx(1.75 * g));
    CHECK(moved(Adam{}, g) == doctest::Approx(sign).epsilon(1e-6));
    CHECK(moved(AdamW{}, g) == doctest::Approx(sign).epsilon(1e-6));
    CHECK(moved(RmsProp{}, g) == doctest::Approx(10 * sign).epsilon(1e-6));
  }
}

TEST_CASE("Optimizer: torch.optim's names for what a checkpoint holds") {
  using Names = std::vector<std::string>;
  const auto names = [](const Rule& rule) {
    Names found;
    Optimizer<Net<Double>>(rule).visit_state([&](const std::string& name, auto& part) {
      CHECK((name == "step") == std::is_same_v<std::remove_reference_t<decltype(part)>, std::int64_t>);
      found.push_back(name);
    });
    return found;
  };
  CHECK(names(Sgd{}) == Names{"step", "momentum_buffer"});
  CHECK(names(Adam{}) == Names{"step", "exp_avg", "exp_avg_sq"});
  CHECK(names(AdamW{}) == Names{"step", "exp_avg", "exp_avg_sq"});
  CHECK(names(RmsProp{}) == Names{"step", "momentum_buffer", "square_avg"});
}

TEST_CASE("Optimizer: the named averages are those that they say") {
  Context<Double> ctx;
  Flat<Net<Double>> net, grad;
  grad->bias.data()[0] = 2;
  const auto averages = [&](const Rule& rule, int steps) {
    Values found;
    Optimizer<Net<Double>> optimizer(rule);
    for (int step = 0; step < steps; ++step) optimizer.step(ctx, 0.5, net, grad);
    optimizer.visit_state([&](const std::string&, auto& part) {
      if constexpr (requires { part.bias; }) found.push_back(part.bias.data()[0]);
    });
    return found;
  };
  CHECK(averages(Sgd{.momentum = 0.75}, 2) == Values{2 + 0.75 * 2});
  CHECK(averages(Adam{.beta1 = 0.75, .beta2 = 0.875}, 1) == Values{0.5, 0.5});
  CHECK(averages(AdamW{.beta1 = 0.75, .beta2 = 0.5}, 2) == Values{0.5 * 1.75, 3});
  // 2 / sqrt(0.25·4) and 0.25·4; with alpha 0 each step adds 1 to the velocity.
  CHECK(averages(RmsProp{.alpha = 0.75, .eps = 0}, 1) == Values{2, 1});
  CHECK(averages(RmsProp{.alpha = 0, .eps = 0, .momentum = 0.5}, 2) == Values{1.5, 4});
}

TEST_CASE("Optimizer: averages begin at zero, also of parameters that begin at one") {
  using Norm = BatchNorm2d<3, Double>;
  for (const Rule& rule : rules) {
    int parts = 0;
    Optimizer<Norm>(rule).visit_state([&](const std::string&, auto& part) {
      if constexpr (requires { part.weight; }) {
        CHECK(test::parameters_of(part) == Values(6, 0.0));
        ++parts;
      }
    });
    CHECK(parts == (std::holds_alternative<Sgd>(rule) ? 1 : 2));
  }
}

TEST_CASE("Optimizer: rules and weight decays that make no sense are refused") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const auto refused = [](const Rule& rule, const WeightDecay& decay, const char* message) {
    CHECK_THROWS_WITH_AS((Optimizer<BatchNorm2d<1, Double>>(rule, decay)), doctest::Contains(message), Error);
  };
  for (const double wrong : {-0.1, 1.0, nan}) {
    refused(Sgd{.momentum = wrong}, {}, "optimizer: momentum: expected 0 to below 1, found ");
    refused(RmsProp{.momentum = wrong}, {}, "optimizer: momentum");
    refused(RmsProp{.alpha = wrong}, {}, "optimizer: alpha");
    refused(Adam{.beta1 = wrong}, {}, "optimizer: beta1");
    refused(Adam{.beta2 = wrong}, {}, "optimizer: beta2");
    refused(AdamW{.beta1 = wrong}, {}, "optimizer: beta1");
    refused(AdamW{.beta2 = wrong}, {}, "optimizer: beta2");
  }
  for (const double wrong : {-1e-8, nan, infinity}) {
    refused(Adam{.eps = wrong}, {}, "optimizer: eps: expected 0 or more, found ");
    refused(AdamW{.eps = wrong}, {}, "optimizer: eps");
    refused(RmsProp{.eps = wrong}, {}, "optimizer: eps");
    refused(Sgd{}, {.weight = wrong}, "optimizer: weight decay: ");
    refused(Sgd{}, {.scale = wrong}, "optimizer: weight decay of scales");
    refused(Sgd{}, {.bias = wrong}, "optimizer: weight decay of biases");
  }
}

TEST_CASE("Optimizer: frozen parameters and their averages keep their bits") {
  const auto before = random_net<Double>(1), grad = random_net<Double>(100);
  for (const Rule& rule : rules) {
    Context<Double> ctx;
    Flat<Net<Double>> net = before, free = before;
    Optimizer<Net<Double>> optimizer(rule, decay), unfrozen(rule, decay);
    optimizer.freeze({"weight", "sc"});
    for (int step = 0; step < 2; ++step) optimizer.step(ctx, 0.5, net, grad), unfrozen.step(ctx, 0.5, free, grad);
    CHECK(test::values_of(net->weight) == test::values_of(before.weight));
    CHECK(test::values_of(net->scale) == test::values_of(before.scale));
    CHECK(test::values_of(net->conv) == test::values_of(free->conv));
    CHECK(test::values_of(net->bias) == test::values_of(free->bias));
    CHECK(test::values_of(net->conv) != test::values_of(before.conv));
    optimizer.visit_state([&](const std::string&, auto& part) {
      if constexpr (requires { part.weight; }) CHECK(test::values_of(part.weight) == Values(16'383, 0.0));
    });
  }
  Optimizer<Net<Double>> optimizer(Sgd{});
  CHECK_THROWS_WITH_AS(optimizer.freeze({"weight", "mean"}),  // a buffer
                       "optimizer: freeze: expected the beginning of a parameter's name, found \"mean\"", Error);
  CHECK(!optimizer.is_frozen("weight"));  // nothing has changed
}

TEST_CASE_TEMPLATE("clip_grad_value", B, Double, Ref<float>, Cpu) {
  Context<B> ctx(2);
  Flat<Net<B>> grad;
  grad->weight.data()[16'000] = 3;
  grad->scale.data()[0] = -4;
  grad->bias.data()[0] = 0.25;
  grad->mean.data()[0] = 100;  // no gradient
  clip_grad_value(ctx, grad, 0.5);
  CHECK(grad->weight.data()[16'000] == 0.5);
  CHECK(grad->scale.data()[0] == -0.5);
  CHECK(grad->bias.data()[0] == 0.25);
  CHECK(grad->mean.data()[0] == 100);
}

TEST_CASE_TEMPLATE("clip_grad_norm", B, Double, Ref<float>, Cpu) {
  Context<B> ctx(2);
  Flat<Net<B>> grad;
  grad->weight.data()[16'000] = 3;
  grad->scale.data()[0] = -4;
  grad->conv.data()[16'384] = 12;
  grad->mean.data()[0] = 100;  // no gradient
  const Net<B> before = *grad;

  CHECK(ctx.read(clip_grad_norm(ctx, grad, 14)) == 13 * 13);
  CHECK(test::state_of(*grad) == test::state_of(before));

  CHECK(ctx.read(clip_grad_norm(ctx, grad, 1)) == 13 * 13);
  const double factor = 1 / (13 + 1e-6);
  CHECK(grad->weight.data()[16'000] == doctest::Approx(3 * factor).epsilon(1e-7));
  CHECK(grad->scale.data()[0] == doctest::Approx(-4 * factor).epsilon(1e-7));
  CHECK(grad->conv.data()[16'384] == doctest::Approx(12 * factor).epsilon(1e-7));
  CHECK(grad->mean.data()[0] == 100);

  zero(ctx, grad);
  CHECK(ctx.read(clip_grad_norm(ctx, grad, 1)) == 0 * 0);
  CHECK(test::parameters_of(*grad) == Values(test::parameters_of(*grad).size(), 0.0));
}
