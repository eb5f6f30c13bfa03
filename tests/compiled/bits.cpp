// SPDX-License-Identifier: MIT
// Prints the instruction set of the kernels, then hashes of what comes out of three steps of training, of inference and of
// a frozen network: the same for kernels compiled with the program and once (CMakeLists.txt).
#include <resnet/freeze.hpp>
#include <resnet/io/xxh64.hpp>
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <cstdio>

using namespace resnet;

int main() {
  constexpr Shape image{3, 16, 16};
  using Net = NarrowResNet18<16>;
  constexpr int n = 6;
  std::vector<float> images(n * image.size());
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(normal_at({.seed = 1}, i));
  const std::vector<std::int32_t> labels{0, 1, 2, 3, 4, 5};

  Context<Cpu> ctx(2);
  Trainer<Net, image> trainer(ctx, Optimizer<Net>(Sgd{.momentum = 0.9}), Schedule{ConstantLr{}, 0.01, 3},
                              {.ema_decay = 0.9});
  initialize(ctx, trainer.model);
  for (int step = 0; step < 3; ++step) trainer.step({.images = images, .labels = labels});

  std::uint64_t trained = 0;
  const auto add = [&](std::string_view, Role, const auto& values) {
    if constexpr (requires { values.data(); })
      trained = xxh64(std::as_bytes(std::span(values.data(), values.size())), trained);
  };
  for_each_state(add, trainer.model);
  for_each_state(add, trainer.averaged());
  const auto hash = [](const auto& batch) { return xxh64(std::as_bytes(std::span(batch.data(), batch.size())), 0); };
  const auto x = ctx.upload<image>(images);
  std::printf("%s\n%016llx %016llx %016llx\n", std::string(Cpu::instruction_set()).c_str(),
              static_cast<unsigned long long>(trained),
              static_cast<unsigned long long>(hash(trainer.model.infer(ctx, x))),
              static_cast<unsigned long long>(hash(freeze<image>(trainer.model).infer(ctx, x))));
}
