// SPDX-License-Identifier: MIT
// A run is resumed from the input: it goes on, or it is as if nobody had tried.
#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/train.hpp>

#include "target.hpp"

namespace {

using namespace resnet;

constexpr Shape image{1, 1, 2};
using B = Ref<float>;
using Net = Sequential<BatchNorm2d<1, B>, Flatten<B>, Linear<2, 2, B>>;

struct Run {
  Context<B> ctx{1, 1};
  Dataset data{image, {"left", "right"}, {0, 255, 200, 0, 10, 90}, {1, 0, 1}};
  DataLoader loader{data, {.batch_size = 3}};
  Trainer<Net, image> trainer{ctx,
                              Optimizer<Net>(Sgd{.momentum = 0.9}),
                              Schedule{CosineLr{}, 0.1, 8},
                              {.accumulate = 2, .ema_decay = 0.9, .lookahead_steps = 2}};

  Run() { initialize(ctx, trainer.model); }
  std::string saved() const {
    const std::string path = fuzz::folder() / "saved.safetensors";
    trainer.save(path);
    return fuzz::content(path);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file("input.safetensors", data, size);
  Run run;
  static const std::string untouched = run.saved();
  bool resumed = false;
  fuzz::read_or_refuse([&] {
    run.trainer.resume(path);
    resumed = true;
    for (int step = 0; step < 3; ++step)
      for (const HostBatch& batch : run.trainer.rest_of_epoch(run.loader)) run.trainer.step(batch);
    run.saved();
  });
  fuzz::require(resumed || run.saved() == untouched, "a refused checkpoint changes nothing");
  return 0;
}
