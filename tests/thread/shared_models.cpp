// SPDX-License-Identifier: MIT
// Threads with a Context each infer from one frozen and one plain model; compiled with -fsanitize=thread, which ends the
// program with 66 at a race.
#include <resnet/freeze.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/pad_channels.hpp>
#include <resnet/resnet18.hpp>

#include <cstddef>
#include <cstdio>
#include <thread>
#include <vector>

#include "tests/support/narrow_efficientnet.hpp"
#include "tests/support/values.hpp"

using namespace resnet;

namespace {

template <Shape S, class Model>
bool same_for_all(const char* name) {
  Model model;
  test::randomize(model);
  const auto frozen = freeze<S>(model);
  constexpr int callers = 4, n = 3;
  const auto results = [&](int threads) {
    Context<Cpu> ctx(threads);
    const auto x = test::batch<S>(ctx, test::normal(n * S.size(), 1));
    test::Values all;
    for (int round = 0; round < 2; ++round)
      all = test::join(all, test::values_of(frozen.infer(ctx, x)), test::values_of(model.infer(ctx, x)));
    return all;
  };
  std::vector<test::Values> found(callers);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i)
    threads.emplace_back([&, i] { found[static_cast<std::size_t>(i)] = results(1 + i % 2); });
  for (std::thread& thread : threads) thread.join();
  bool same = true;
  for (const test::Values& values : found) same = same && values == found[0];
  std::printf("%s: %s\n", name, same ? "the same bits" : "DIFFERENT");
  return same;
}

using Layers = Sequential<Conv2d<3, 21, 3, 1, Cpu, 1, true>, ReLU<>, MaxPool2d<2>, PadChannels<24, 0, Cpu>,
                          AvgPool2d<2>, Flatten<>, Linear<24 * 4 * 4, 7>>;

}  // namespace

int main() {
  const bool same[] = {same_for_all<Shape{3, 32, 32}, NarrowResNet18<16>>("ResNet-18"),
                       same_for_all<Shape{3, 16, 16}, test::NarrowEfficientNet<Form::cifar, 5, Cpu>>("EfficientNet"),
                       same_for_all<Shape{3, 16, 16}, Layers>("chain")};
  return same[0] && same[1] && same[2] ? 0 : 1;
}
