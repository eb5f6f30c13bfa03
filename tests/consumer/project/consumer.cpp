// SPDX-License-Identifier: MIT
// A user's first program: a network with random weights looks at a random image.
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

#ifdef _OPENMP
static_assert(EXPECT_OPENMP, "the library was configured without OpenMP, this program was compiled with it");
#else
static_assert(!EXPECT_OPENMP, "the library was configured with OpenMP, this program was compiled without it");
#endif

int main() {
  using namespace resnet;
  constexpr Shape image{3, 32, 32};
  static_assert(parameter_count<ResNet18<10>> == 11'173'962);

  Context<Cpu> ctx;
  ResNet18<10> model;
  initialize(ctx, model);

  std::vector<float> pixels(image.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(normal_at({.seed = 1}, i));
  const auto logits = model.infer(ctx, ctx.upload<image>(std::span<const float>(pixels)));

  bool good = logits.n() == 1 && logits.size() == 10;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    std::printf("%zu: %g\n", i, logits.data()[i]);
    good = good && std::isfinite(logits.data()[i]) && logits.data()[i] != 0;
  }
  return good ? 0 : 1;
}
