// SPDX-License-Identifier: MIT
// ResNet-18 on the Cpu backend: the full network, and a narrow one of the same topology against Ref<double>.
#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/resnet18.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/heap_counter.hpp"
#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;

namespace {

using Full = ResNet18<10>;
template <class B>
using Narrow = NarrowResNet18<8, 10, B>;
constexpr Shape image{3, 32, 32}, small{3, 16, 16};

/// Logits, the gradient of every parameter by name, and the state afterwards.
struct Pass {
  Values logits, state;
  std::map<std::string, Values> gradients;
  friend bool operator==(const Pass&, const Pass&) = default;
};

template <Shape S, class Model, class B>
Pass forward_and_backward(Model model, Context<B>& ctx, int n) {
  const auto count = static_cast<std::size_t>(n);
  Model grad;
  zero(grad);
  SavedOf<Model, S> saved;
  Pass pass;
  {
    const auto logits = model.forward(ctx, test::batch<S>(ctx, test::normal(count * S.size(), 1)), saved);
    pass.logits = test::values_of(logits);
  }
  auto dlogits = test::batch<Shape{10}>(ctx, test::normal(count * 10, 2));
  model.backward_parameters(ctx, std::move(dlogits), saved, grad);
  pass.state = test::state_of(model);
  for_each_parameter(
      [&](std::string_view name, Role, const auto& g) { pass.gradients[std::string(name)] = test::values_of(g); },
      grad);
  return pass;
}

double relative_error(const Values& found, Values expected) {
  REQUIRE(found.size() == expected.size());
  const double norm = std::sqrt(test::dot(expected, expected));
  for (std::size_t i = 0; i < found.size(); ++i) expected[i] -= found[i];
  return std::sqrt(test::dot(expected, expected)) / norm;
}

/// The same random network on two backends.
template <class A, class B>
void randomize_both(A& a, B& b) {
  test::randomize(a);
  for_each_state(
      [](std::string_view, Role, auto& from, auto& to) {
        if constexpr (requires { from.data(); })
          test::upload<typename B::Backend>(test::values_of(from), to.data());
        else
          to = from;
      },
      a, b);
}

}  // namespace

TEST_CASE("ResNet-18: model creation") {
  const Full model;
  const Values state = test::state_of(model);
  CHECK(state.size() == 11'173'962 + 2 * 4800 + 20);  // parameters, running statistics, counters
  for_each_state(
      [](std::string_view name, Role role, const auto& value) {
        if constexpr (requires { value.data(); }) {
          const double start = role == Role::scale || name.ends_with("running_var") ? 1 : 0;
          CHECK_MESSAGE(test::values_of(value) == Values(value.size(), start), name);
        } else {
          CHECK_MESSAGE(value == 0, name);
        }
      },
      model);
  Full copy = model;
  copy.fc.bias.data()[0] = 1;
  CHECK(model.fc.bias.data()[0] == 0);
}

TEST_CASE("ResNet-18: parameter count") {
  static_assert(parameter_count<Full> == 11'173'962);
  static_assert(tensor_count<Full> == 62);
  static_assert(state_count<Full> == 122);
  static_assert(parameter_count<ResNet18<100>> == 11'173'962 + 90 * 513);
  static_assert(parameter_count<ResNet18ImageNet<1000>> == 11'689'512);
  const Full model;
  std::size_t scalars = 0, tensors = 0, entries = 0;
  for_each_parameter([&](std::string_view, Role, const auto& t) { scalars += t.size(), ++tensors; }, model);
  for_each_state([&](std::string_view, Role, const auto&) { ++entries; }, model);
  CHECK(scalars == 11'173'962);
  CHECK(tensors == 62);
  CHECK(entries == 122);
}

TEST_CASE("ResNet-18: more parameters than a simple CNN") {
  using SimpleCnn = Sequential<Conv2d<3, 32, 3>, ReLU<>, MaxPool2d<2>, Conv2d<32, 64, 3>, ReLU<>, MaxPool2d<2>,
                               GlobalAvgPool2d<>, Linear<64, 10>>;
  static_assert(SimpleCnn::out(image) == Full::out(image));
  CHECK(parameter_count<SimpleCnn> == 27 * 32 + 288 * 64 + 650);
  CHECK(parameter_count<Full> > 100 * parameter_count<SimpleCnn>);
}

TEST_CASE("ResNet-18: forward pass") {
  Full model;
  test::randomize(model);
  Context<Cpu> ctx(2);
  const auto y = model.infer(ctx, test::batch<image>(ctx, test::normal(2 * image.size(), 1)));
  static_assert(decltype(y)::shape == Shape{10});
  CHECK(y.n() == 2);
  const Values logits = test::values_of(y);
  for (const double x : logits) CHECK(std::isfinite(x));
  CHECK(!std::equal(logits.begin(), logits.begin() + 10, logits.begin() + 10));

  Narrow<Cpu> narrow;
  Narrow<Ref<double>> reference;
  randomize_both(narrow, reference);
  Context<Ref<double>> exact;
  const Values images = test::normal(3 * image.size(), 3);
  CHECK(relative_error(test::values_of(narrow.infer(ctx, test::batch<image>(ctx, images))),
                       test::values_of(reference.infer(exact, test::batch<image>(exact, images)))) < 1e-5);
}

TEST_CASE("ResNet-18: backward pass") {
  Full model;
  test::randomize(model);
  Context<Cpu> ctx(2);
  const Pass full = forward_and_backward<image>(model, ctx, 2);
  CHECK(full.gradients.size() == 62);
  for (const auto& entry : full.gradients) {
    const double squares = test::dot(entry.second, entry.second);
    CHECK_MESSAGE((squares > 0 && std::isfinite(squares)), entry.first);
  }

  Narrow<Cpu> narrow;
  Narrow<Ref<double>> reference;
  randomize_both(narrow, reference);
  Context<Ref<double>> exact;
  const Pass found = forward_and_backward<small>(narrow, ctx, 9),
             expected = forward_and_backward<small>(reference, exact, 9);
  CHECK(relative_error(found.logits, expected.logits) < 1e-5);
  CHECK(relative_error(found.state, expected.state) < 1e-6);
  for (const auto& entry : found.gradients)
    CHECK_MESSAGE(relative_error(entry.second, expected.gradients.at(entry.first)) < 1e-4, entry.first);
}

TEST_CASE("ResNet-18: variable batch sizes on one Context") {
  Narrow<Cpu> model;
  test::randomize(model);
  Context<Cpu> ctx(2);
  const Values images = test::normal(33 * small.size(), 1);
  const Values all = test::values_of(model.infer(ctx, test::batch<small>(ctx, images)));
  for (const std::size_t n : {1u, 2u, 7u, 33u}) {
    const Values some(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(n * small.size()));
    const Values y = test::values_of(model.infer(ctx, test::batch<small>(ctx, some)));
    CHECK(relative_error(y, Values(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n * 10))) < 1e-5);
    CHECK(forward_and_backward<small>(model, ctx, static_cast<int>(n)).logits.size() == n * 10);
  }
}

TEST_CASE("ResNet-18: dropout before the logits") {
  Sequential<Narrow<Cpu>, Dropout<Cpu>> model;
  test::randomize(model);
  const auto& [network, dropout] = model.layers;
  Context<Cpu> ctx;
  const auto x = test::batch<small>(ctx, test::normal(8 * small.size(), 1));
  SavedOf<decltype(model), small> saved;
  const Values trained = test::values_of(model.forward(ctx, x, saved));
  const auto zeros = std::count(trained.begin(), trained.end(), 0.0);
  CHECK(zeros > 20);
  CHECK(zeros < 60);
  const Values y = test::values_of(model.infer(ctx, x));
  CHECK(std::count(y.begin(), y.end(), 0.0) == 0);
  CHECK(y == test::values_of(network.infer(ctx, x)));
}

TEST_CASE("ResNet-18: the same bits with any number of threads") {
  Narrow<Cpu> model;
  test::randomize(model);
  Context<Cpu> one(1);
  const Pass expected = forward_and_backward<small>(model, one, 9);
  for (const int threads : {2, 3, 7}) {
    Context<Cpu> ctx(threads);
    CHECK(forward_and_backward<small>(model, ctx, 9) == expected);
  }
}

TEST_CASE("ResNet-18: one model serves several threads, each with a Context of its own") {
  Narrow<Cpu> trained;
  test::randomize(trained);
  const Narrow<Cpu>& model = trained;
  const auto infer = [&](int threads, int seed) {
    Context<Cpu> ctx(threads);
    Values all;
    for (int n = 1; n <= 4; ++n)
      all = test::join(std::move(all),
                       test::values_of(model.infer(
                           ctx, test::batch<small>(ctx, test::normal(static_cast<std::size_t>(n) * small.size(),
                                                                     static_cast<std::uint64_t>(seed))))));
    return all;
  };
  std::vector<Values> found(4);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&, i] { found[static_cast<std::size_t>(i)] = infer(1 + i % 2, i); });
  for (auto& caller : callers) caller.join();
  for (int i = 0; i < 4; ++i) CHECK(found[static_cast<std::size_t>(i)] == infer(1, i));
}

TEST_CASE("ResNet-18: no heap allocation after the first step") {
  REQUIRE(test::counts_heap);
  const long before = test::heap_allocations;
  std::vector<int>(100).swap(*std::make_unique<std::vector<int>>());
  REQUIRE(test::heap_allocations > before);  // the counter counts

  constexpr int n = 8;
  const std::vector<float> images(n * small.size(), 0.5f);
  const std::vector<int> labels(n, 3);
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    Flat<Narrow<Cpu>> model, grad;
    test::randomize(*model);
    Optimizer<Narrow<Cpu>> optimizer(Sgd{.momentum = 0.9, .nesterov = true}, {.weight = 5e-4});
    Context<Cpu> ctx(threads);
    const auto step = [&] {
      zero(ctx, grad);
      SavedOf<Narrow<Cpu>, small> saved;
      auto logits = model->forward(ctx, ctx.upload<small>(std::span<const float>(images)), saved);
      {
        const auto target = one_hot<10>(ctx, labels, 0.1);
        auto loss = softmax_cross_entropy(ctx, logits, target);
        logits = std::move(loss.dlogits);
      }
      model->backward_parameters(ctx, std::move(logits), saved, *grad);
      optimizer.step(ctx, 0.1, model, grad);
    };
    const auto infer = [&] { model->infer(ctx, ctx.upload<small>(std::span<const float>(images))); };
    for (const auto& repeated : {std::function<void()>(step), std::function<void()>(infer)}) {
      repeated();
      const long first = test::heap_allocations;
      for (int i = 0; i < 3; ++i) repeated();
      CHECK(test::heap_allocations == first);
    }
  }
}
