// SPDX-License-Identifier: MIT
// A frozen network against the network itself.
#include <resnet/freeze.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/resnet18.hpp>

#include <doctest/doctest.h>

#include <thread>

#include "tests/support/heap_counter.hpp"
#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;

namespace {

constexpr Shape image{3, 32, 32};
using Net = NarrowResNet18<16>;

double relative_error(const Values& found, Values expected) {
  REQUIRE(found.size() == expected.size());
  const double norm = std::sqrt(test::dot(expected, expected));
  for (std::size_t i = 0; i < found.size(); ++i) expected[i] -= found[i];
  return std::sqrt(test::dot(expected, expected)) / norm;
}

template <Shape S>
Values images(int n, std::uint64_t id = 1) {
  return test::normal(static_cast<std::size_t>(n) * S.size(), id);
}

/// On poisoned memory, and with somebody else holding the images.
template <Shape S, class Model>
Values infer(const Model& model, const Values& x, int threads = 2) {
  Context<Cpu> ctx(threads);
  ctx.poison(true);
  const auto batch = test::batch<S>(ctx, x);
  const Values y = test::values_of(model.infer(ctx, batch));
  CHECK(test::values_of(batch) == x);
  return y;
}

/// Batches that are run image by image and ones that are not, of odd sizes, and of each algorithm.
template <Shape S, class Model>
void check_frozen(const Model& model, double tolerance = 1e-5) {
  const auto frozen = freeze<S>(model), direct = freeze<S>(model, {.convolution = ConvolutionAlgorithm::direct});
  for (const int n : {1, 2, 3, 5, 33}) {
    CAPTURE(n);
    const Values x = images<S>(n), expected = infer<S>(model, x);
    CHECK(relative_error(infer<S>(frozen, x), expected) < tolerance);
    CHECK(relative_error(infer<S>(direct, x), expected) < tolerance);
  }
}

template <class Model>
Model random_model() {
  Model model;
  test::randomize(model);
  return model;
}

}  // namespace

TEST_CASE("freeze: ResNet-18") { check_frozen<image>(random_model<Net>()); }

TEST_CASE("freeze: the ImageNet form's stem") {
  check_frozen<Shape{3, 64, 64}>(random_model<ResNet<BasicBlock, Depths{1, 1, 1, 1}, Form::imagenet, 16, 10, Cpu>>());
}

TEST_CASE("freeze: a chain of layers, channels that fill no vector") {
  using Chain = Sequential<Conv2d<3, 21, 3, 1, Cpu, 1, true>, ReLU<>, MaxPool2d<3, 2, 1>, Conv2d<21, 32, 3>,
                           BatchNorm2d<32>, AvgPool2d<2>, ReLU<>, Conv2d<32, 32, 3>, BatchNorm2d<32>, ReLU<>, Dropout<>,
                           GlobalAvgPool2d<>, Linear<32, 20>, ReLU<>, Dropout<>, Linear<20, 7>>;
  check_frozen<Shape{3, 20, 13}>(random_model<Chain>());
}

TEST_CASE("freeze: features in PyTorch's order") {
  using Chain = Sequential<Conv2d<3, 21, 3>, ReLU<>, Flatten<>, Linear<21 * 5 * 4, 7>>;
  check_frozen<Shape{3, 5, 4}>(random_model<Chain>());
}

TEST_CASE("freeze: nothing to do") {
  const Sequential<Dropout<>, Identity<>> model;
  const auto frozen = freeze<Shape{5}>(model);
  CHECK(frozen.program().steps.empty());
  CHECK(infer<Shape{5}>(frozen, images<Shape{5}>(3)) == images<Shape{5}>(3));
}

TEST_CASE("freeze: strange running statistics") {
  auto model = random_model<Sequential<Conv2d<16, 16, 3>, BatchNorm2d<16>>>();
  auto& norm = get<1>(model.layers);
  for (std::size_t c = 0; c < 16; ++c) {
    norm.running_var.data()[c] = c % 4 == 0 ? 0 : std::pow(10.0f, static_cast<float>(c) - 8);
    norm.running_mean.data()[c] = c % 3 == 0 ? 0 : -1e3f;
    norm.weight.data()[c] = c == 5 ? 0 : c % 2 == 0 ? -1.0f : 1e-3f;
  }
  check_frozen<Shape{16, 9, 10}>(model);
}

TEST_CASE("freeze: the network may change or go away") {
  auto model = std::make_unique<Net>(random_model<Net>());
  const Values expected = infer<image>(*model, images<image>(2));
  const auto frozen = freeze<image>(*model);
  zero(*model);
  model.reset();
  CHECK(relative_error(infer<image>(frozen, images<image>(2)), expected) < 1e-5);
}

TEST_CASE("freeze: the same bits with any number of threads, and in part of a batch run otherwise") {
  const auto frozen = freeze<image>(random_model<Net>());
  for (const int n : {1, 2, 3, 5, 33}) {
    const Values expected = infer<image>(frozen, images<image>(n), 1);
    for (const int threads : {2, 3, 7}) CHECK(infer<image>(frozen, images<image>(n), threads) == expected);
  }
}

TEST_CASE("freeze: one frozen network serves several threads") {
  const auto frozen = freeze<image>(random_model<Net>());
  const auto work = [&](int i) {
    Values all;
    for (int n = 1; n <= 4; ++n)
      all = test::join(all, infer<image>(frozen, images<image>(n, static_cast<std::uint64_t>(i)), 1 + i % 2));
    return all;
  };
  std::vector<Values> found(4);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([&, i] { found[static_cast<std::size_t>(i)] = work(i); });
  for (auto& caller : callers) caller.join();
  for (int i = 0; i < 4; ++i) CHECK(found[static_cast<std::size_t>(i)] == work(i));
}

TEST_CASE("freeze: no heap allocation from the second batch on") {
  REQUIRE(test::counts_heap);
  const auto frozen = freeze<image>(random_model<Net>());
  for (const int threads : {1, 2})
    for (const int n : {1, 3, 8}) {
      Context<Cpu> ctx(threads);
      const auto x = test::batch<image>(ctx, images<image>(n));
      frozen.infer(ctx, x);
      const long before = test::heap_allocations;
      for (int i = 0; i < 3; ++i) frozen.infer(ctx, x);
      CHECK(test::heap_allocations == before);
    }
}

TEST_CASE("freeze: a batch whose activations inside are too large is refused") {
  const auto frozen = freeze<Shape{1, 8, 8}>(random_model<Sequential<Conv2d<1, 64, 3>, GlobalAvgPool2d<>>>());
  Context<Cpu> ctx;
  const Batch<Shape{1, 8, 8}, Cpu> x(static_cast<float*>(nullptr), 1 << 20);  // 2^26 scalars; 64 times as many inside
  CHECK_THROWS_WITH_AS(frozen.infer(ctx, x), doctest::Contains("expected 0 to 524287 activations of 4096 scalars"),
                       Error);
}
