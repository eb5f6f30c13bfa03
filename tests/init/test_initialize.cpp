// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/resnet18.hpp>

#include <algorithm>
#include <bit>
#include <set>

#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;

namespace {

template <class B>
using Narrow = NarrowResNet18<16, 10, B>;  // its largest tensors are many pieces of a parallel fill

template <class Model>
Model initialized(InitOptions options, int threads = 1) {
  using B = typename Model::Backend;
  Context<B> ctx(threads);
  Model model;
  for_each_state(  // all that must be overwritten
      [](std::string_view, Role, auto& value) {
        if constexpr (requires { value.data(); })
          B::fill(value.size(), -77, value.data());
        else
          value = 77;
      },
      model);
  initialize(ctx, model, options);
  return model;
}

double deviation(const Values& x) { return std::sqrt(test::dot(x, x) / static_cast<double>(x.size())); }
double largest(const Values& x) {
  return test::absolute(x)[static_cast<std::size_t>(
      std::max_element(x.begin(), x.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }) - x.begin())];
}

}  // namespace

TEST_CASE("initialize: convolutions are normal with fan-out's standard deviation") {
  using Double = Ref<double>;
  const auto check = [](const auto& conv, int out, int kernel) {
    const Values w = test::values_of(conv.weight);
    const double expected = std::sqrt(2.0 / (out * kernel * kernel)), n = static_cast<double>(w.size());
    CHECK(std::abs(deviation(w) / expected - 1) < 4 / std::sqrt(2 * n));  // four standard errors
    CHECK(std::abs(test::dot(w, Values(w.size(), 1.0)) / n) < 4 * expected / std::sqrt(n));
    // Normal: 31.73 % lie beyond one standard deviation, 4.55 % beyond two.
    for (const auto& [sigmas, share] : {std::pair{1.0, 0.3173}, std::pair{2.0, 0.0455}}) {
      const auto beyond =
          std::count_if(w.begin(), w.end(), [&, s = sigmas](double x) { return std::abs(x) > s * expected; });
      CHECK(std::abs(static_cast<double>(beyond) / n - share) < 4 * std::sqrt(share * (1 - share) / n));
    }
  };
  check(initialized<Conv2d<16, 64, 3, 1, Double>>({}), 64, 3);
  check(initialized<Conv2d<64, 16, 3, 2, Double>>({}), 16, 3);
  check(initialized<Conv2d<64, 128, 1, 2, Double>>({}), 128, 1);
  check(initialized<Conv2d<3, 64, 7, 2, Double>>({.seed = 1}), 64, 7);
}

TEST_CASE("initialize: Linear and a convolution's bias are uniform in ±1 / sqrt(fan in)") {
  using Double = Ref<double>;
  const auto check = [](const Values& x, double bound) {
    CHECK(largest(x) <= bound);
    CHECK(largest(x) > bound * (1 - 20 / static_cast<double>(x.size())));
    CHECK(deviation(x) == doctest::Approx(bound / std::sqrt(3)).epsilon(0.1));
    CHECK(*std::min_element(x.begin(), x.end()) < -0.8 * bound);
    CHECK(*std::max_element(x.begin(), x.end()) > 0.8 * bound);
  };
  const auto linear = initialized<Linear<25, 200, Double>>({});
  check(test::values_of(linear.weight), 0.2);
  check(test::values_of(linear.bias), 0.2);
  const auto conv = initialized<Conv2d<4, 200, 5, 1, Double, 2, true>>({});
  check(test::values_of(conv.bias), 0.1);
}

TEST_CASE("initialize: BatchNorm2d, also after a layer with a bias") {
  using Double = Ref<double>;
  const auto model = initialized<Sequential<Conv2d<2, 8, 3, 1, Double, 1, true>, BatchNorm2d<8, Double>>>({});
  const auto& norm = get<1>(model.layers);
  CHECK(test::values_of(norm.weight) == Values(8, 1.0));
  CHECK(test::values_of(norm.bias) == Values(8, 0.0));
  CHECK(test::values_of(norm.running_mean) == Values(8, 0.0));
  CHECK(test::values_of(norm.running_var) == Values(8, 1.0));
  CHECK(norm.num_batches_tracked == 0);
  CHECK(deviation(test::values_of(get<0>(model.layers).bias)) > 0.05);
}

TEST_CASE("initialize: zero_gamma silences the last norm of each block and changes nothing else") {
  using Net = NarrowResNet18<2, 10, Ref<float>>;
  const Net plain = initialized<Net>({.seed = 5});
  const Net silent = initialized<Net>({.seed = 5, .zero_gamma = true});
  std::set<std::string> changed;
  for_each_state(
      [&](std::string_view name, Role, const auto& before, const auto& after) {
        if constexpr (requires { before.data(); }) {
          const Values values = test::values_of(after);
          if (values == test::values_of(before)) return;
          changed.emplace(name);
          CHECK(values == Values(values.size(), 0.0));
        } else {
          CHECK(after == before);
        }
      },
      plain, silent);
  std::set<std::string> expected;
  for (const char* layer : {"layer1", "layer2", "layer3", "layer4"})
    for (const char* block : {".0", ".1"}) expected.insert(std::string(layer) + block + ".bn2.weight");
  CHECK(changed == expected);
}

TEST_CASE("initialize: a seed's bits don't depend on the backend or the threads") {
  const Values expected = test::state_of(initialized<Narrow<Ref<float>>>({.seed = 3}));
  for (const int threads : {1, 2, 3, 7})
    CHECK(test::state_of(initialized<Narrow<Cpu>>({.seed = 3}, threads)) == expected);
  Values rounded = test::state_of(initialized<Narrow<Ref<double>>>({.seed = 3}));
  for (double& x : rounded) x = static_cast<float>(x);
  CHECK(rounded == expected);
}

TEST_CASE("initialize: seeds differ, and so do tensors of one model") {
  const auto first_values = [](std::uint64_t seed) {
    std::vector<double> firsts;
    const auto model = initialized<Narrow<Ref<float>>>({.seed = seed});
    for_each_parameter(
        [&](std::string_view name, Role role, const auto& t) {
          // As multiples of the scale, so that equal numbers show in tensors of different fans.
          if (role == Role::weight && name != "fc.weight")
            firsts.push_back(static_cast<double>(t.data()[0]) * std::sqrt(t.dims()[0] * t.dims()[1] * t.dims()[2]));
        },
        model);
    return firsts;
  };
  Values all = test::join(first_values(0), first_values(1), first_values(std::uint64_t{1} << 32));
  std::sort(all.begin(), all.end());
  CHECK(all.size() == 60);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i] - all[i - 1] > 1e-6);
}

TEST_CASE("initialize: the same bits on every platform") {
  const auto model = initialized<NarrowResNet18<4, 10, Ref<float>>>({.seed = 2024});
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for_each_parameter(
      [&](std::string_view, Role, const auto& t) {
        for (std::size_t i = 0; i < t.size(); ++i)
          hash = (hash ^ std::bit_cast<std::uint32_t>(t.data()[i])) * 1099511628211u;
      },
      model);
  CHECK(hash == 5249904667517040268u);
}
