// SPDX-License-Identifier: MIT
// What cases about whole networks end with: Net meets images of the shape `image` in one place, or in all.
#include <resnet/freeze.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/train/trainer.hpp>

int main() {
  using namespace resnet;
  Context<Net::Backend> ctx;
  Dataset images{};
  DataLoader loader(images, {});
#if defined(TRAINER) || !defined(WRONG)
  Trainer<Net, image> trainer(ctx, Optimizer<Net>(Sgd{0.9}), Schedule{ConstantLr{}, 0.1, 10});
  initialize(ctx, trainer.model);
  for (const HostBatch& batch : trainer.rest_of_epoch(loader)) trainer.step(batch);
  trainer.save("checkpoint.safetensors");
#endif
#if defined(EVALUATE) || !defined(WRONG)
  Net net;
  evaluate<image>(ctx, net, loader);
#endif
#if defined(FREEZE) || !defined(WRONG)
  Net trained;
  const auto frozen = freeze<image>(trained);
  Context<Cpu> frozen_ctx;
  frozen.infer(frozen_ctx, frozen_ctx.make<image>(1));
#endif
}
