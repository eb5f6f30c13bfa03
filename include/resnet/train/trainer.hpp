// SPDX-License-Identifier: MIT
// A training run: model, gradient, optimizer and schedule, one step at a time, saved and continued exactly.
//
//   Trainer<ResNet18<10>, Shape{3, 32, 32}> trainer(ctx, Optimizer<ResNet18<10>>(Sgd{0.9}), schedule);
//   initialize(ctx, trainer.model);
//   while (trainer.steps() < schedule.total_steps)
//     for (const HostBatch& batch : trainer.rest_of_epoch(loader)) trainer.step(batch.images, batch.labels);
//
// The position in a run is the number of steps: learning rate, data order and augmentation are functions of
// it and of the seed.
#pragma once

#include <resnet/backend/plan/cost.hpp>
#include <resnet/data/loader.hpp>
#include <resnet/io/checkpoint.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>
#include <resnet/train/evaluate.hpp>

#include <cmath>
#include <functional>
#include <memory>
#include <string>

namespace resnet {

struct TrainerOptions {
  double label_smoothing = 0;
  double clip_norm = 0;  // largest L2 norm of the gradient; 0: any
};

/// The loss of a step, or a value of the model, was not finite. No parameter has changed.
class DivergedError : public Error {
 public:
  using Error::Error;
};

template <class Model, Shape S>
class Trainer {
 public:
  using B = typename Model::Backend;
  static constexpr int classes = Model::out(S).c;

  /// Keeps a reference to the context. The model is zero until `initialize`, `load_weights` or `resume`.
  Trainer(Context<B>& ctx, Optimizer<Model> optimizer, Schedule schedule, TrainerOptions options = {})
      : ctx_(ctx), optimizer_(std::move(optimizer)), schedule_(std::move(schedule)), options_(options) {}

  Model model;

  std::int64_t steps() const { return optimizer_.steps(); }
  double learning_rate() const { return schedule_(steps()); }
  /// Loss and hits of the training images, as the model was when it saw them, since the epoch began.
  const Metrics& epoch_so_far() const { return epoch_; }

  /// The batches of the current epoch that the run has not seen.
  DataLoader::Epoch rest_of_epoch(DataLoader& loader) {
    if (loader.batches() == 0)
      throw Error("trainer: expected a data loader with at least one batch, found " +
                  std::to_string(loader.dataset().size()) + " images for batches of " +
                  std::to_string(loader.options().batch_size));
    const auto epoch = static_cast<int>(steps() / loader.batches()), batch = static_cast<int>(steps() % loader.batches());
    if (batch == 0) epoch_ = {};
    return loader.epoch(epoch, batch);
  }

  /// One optimizer step on images (n, h, w, c) and their labels. Throws DivergedError for a loss that is not
  /// finite.
  void step(std::span<const float> images, std::span<const int> labels) {
    // In pairs: one image is too few for BatchNorm2d where the feature maps have shrunk to one pixel, and the arena
    // rounds sizes up.
    constexpr std::size_t bytes_per_pair = training_activation_bytes<Model, S>(2) * sizeof(typename B::Scalar) / sizeof(float);
    ctx_.reserve((labels.size() + 1) / 2 * bytes_per_pair);
    const auto logits = model.forward(ctx_, ctx_.template upload<S>(images), *saved_);
    auto loss = softmax_cross_entropy(ctx_, logits, one_hot<classes>(ctx_, labels, options_.label_smoothing));
    if (!std::isfinite(loss.value))
      throw DivergedError("step " + std::to_string(steps()) + ": expected a finite loss, found " +
                          std::to_string(loss.value) + " (learning rate " + std::to_string(learning_rate()) + ")");
    predict(ctx_, logits, predictions_);
    epoch_.add(loss.value, labels, predictions_);

    zero(grad_);
    backward_parameters(ctx_, model, std::move(loss.dlogits), *saved_, grad_);
    if (options_.clip_norm > 0) clip_grad_norm(ctx_, grad_, options_.clip_norm);
    optimizer_.step(ctx_, learning_rate(), model, grad_);
  }

  /// Writes all that a later `resume` needs to continue bit for bit, and `metadata` of the program's own. Throws
  /// DivergedError and keeps the old file if the model holds a value that is not finite.
  void save(const std::string& path, Metadata metadata = {}) const {
    require_finite();
    metadata["dropout_stream"] = to_metadata(ctx_.stream_position().id);
    metadata["epoch_images"] = to_metadata(epoch_.images);
    metadata["epoch_correct"] = to_metadata(epoch_.correct);
    metadata["epoch_loss_sum"] = to_metadata(epoch_.loss_sum);
    save_checkpoint(path, model, optimizer_, std::move(metadata));
  }

  /// Continues where `save` was called; the options of the run have to be the same. Returns its metadata, or
  /// throws Error and changes nothing. `check` sees the metadata first and may throw.
  Metadata resume(const std::string& path, const std::function<void(const Metadata&)>& check = {}) {
    Stream stream = ctx_.stream_position();
    Metrics epoch;
    Metadata metadata = load_checkpoint(path, model, optimizer_, [&](const Metadata& m) {
      if (check) check(m);
      stream.id = from_metadata<std::uint64_t>(path, m, "dropout_stream");
      epoch.images = from_metadata<std::int64_t>(path, m, "epoch_images");
      epoch.correct = from_metadata<std::int64_t>(path, m, "epoch_correct");
      epoch.loss_sum = from_metadata<double>(path, m, "epoch_loss_sum");
    });
    ctx_.set_stream_position(stream);
    epoch_ = epoch;
    return metadata;
  }

 private:
  /// The last step may have been the one that broke the model: its loss is that of the weights before it.
  void require_finite() const {
    for_each_state(
        [&](std::string_view name, Role, const auto& value) {
          if constexpr (requires { value.data(); })
            if (!std::isfinite(B::sum_of_squares(ctx_, value.size(), value.data())))
              throw DivergedError("after step " + std::to_string(steps() - 1) + ": expected finite values in " +
                                  std::string(name) + ", found NaN or infinity");
        },
        model);
  }

  Context<B>& ctx_;
  Model grad_;
  Optimizer<Model> optimizer_;
  Schedule schedule_;
  TrainerOptions options_;
  std::unique_ptr<SavedOf<Model, S>> saved_ = std::make_unique<SavedOf<Model, S>>();
  std::vector<int> predictions_;
  Metrics epoch_;
};

}  // namespace resnet
