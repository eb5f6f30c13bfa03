// SPDX-License-Identifier: MIT
// A training run: model, gradient, optimizer and schedule, one step at a time, saved and continued exactly.
//
//   Trainer<ResNet18<10>, Shape{3, 32, 32}> trainer(ctx, Optimizer<ResNet18<10>>(Sgd{0.9}), schedule);
//   initialize(ctx, trainer.model);
//   while (trainer.steps() < schedule.total_steps)
//     for (const HostBatch& batch : trainer.rest_of_epoch(loader)) trainer.step(batch);
//
// The position in a run is the number of steps, one for each batch: learning rate, data order and augmentation are
// functions of it and of the seed.
#pragma once

#include <resnet/backend/plan/cost.hpp>
#include <resnet/core/initialised.hpp>
#include <resnet/core/tally.hpp>
#include <resnet/data/fit.hpp>
#include <resnet/data/loader.hpp>
#include <resnet/io/checkpoint.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/op/parameters.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>
#include <resnet/train/averages.hpp>
#include <resnet/train/buffers.hpp>
#include <resnet/train/evaluate.hpp>
#include <resnet/train/freezer.hpp>
#include <resnet/train/group.hpp>
#include <resnet/train/trainer_options.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace resnet {

template <class Model, Shape S, class Group = Alone>
class Trainer {
  Flat<Model> flat_;  // here, because `model` refers to it

 public:
  using B = typename Model::Backend;
  using Fits = std::bool_constant<is_classifier<Model, S>>;
  static constexpr int classes = Model::out(S).c;
  static constexpr NetworkShape network{S, classes};

  /// Keeps a reference to the context. The model is zero until `initialize`, `load_weights` or `resume`.
  /// Throws Error for a schedule or options that don't make sense.
  Trainer(Context<B>& ctx, Optimizer<Model> optimizer, Schedule schedule, TrainerOptions options = {}, Group group = {})
      : ctx_(ctx),
        optimizer_(std::move(optimizer)),
        schedule_(std::move(schedule)),
        options_(std::move(options)),
        group_(std::move(group)) {
    schedule_.validate();
    validate(options_);
    optimizer_.freeze(options_.frozen);
    if (!options_.frozen.empty()) {
      freezer_.emplace(model, options_.frozen_statistics,
                       [&](std::string_view name) { return optimizer_.is_frozen(name); });
      freezer_->apply(model, *grad_);
    }
    if (options_.ema_decay > 0) average_.emplace(options_.ema_decay);
    if (options_.lookahead_steps > 0) lookahead_.emplace(options_.lookahead_steps, options_.lookahead_rate);
  }

  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  Model& model = *flat_;

  /// The model to evaluate.
  const Model& averaged() const { return average_ && steps() > 0 ? average_->value() : model; }

  /// Batches so far, accumulate of them for each update.
  std::int64_t steps() const { return optimizer_.steps() * options_.accumulate + accumulated_; }
  double learning_rate() const { return schedule_(optimizer_.steps() * options_.accumulate); }
  /// Loss and hits of the training images, as the model was when it saw them, since the epoch began. Waits for the steps
  /// so far; throws DivergedError as `step` does, on a backend that defers.
  Metrics epoch_so_far() const {
    const Tally tally = tally_.read();
    if (tally.diverged)
      throw DivergedError("before step " + std::to_string(steps()) +
                          ": expected finite losses, found one that is not (learning rate " +
                          std::to_string(learning_rate()) + ")");
    return tally.metrics;
  }

  /// The batches of the current epoch that the run has not seen. Throws Error for a data set that the network was not
  /// made for, and for a loader without batches.
  DataLoader::Epoch rest_of_epoch(DataLoader& loader) {
    require_fit("trainer", loader.dataset(), network);
    if (loader.batches() == 0)
      throw Error("trainer: expected a data loader with at least one batch, found " +
                  std::to_string(loader.dataset().size()) + " images for batches of " +
                  std::to_string(loader.options().batch_size));
    const auto epoch = static_cast<int>(steps() / loader.batches()),
               batch = static_cast<int>(steps() % loader.batches());
    if (batch == 0) epoch_so_far(), tally_.write({});
    return loader.epoch(epoch, batch);
  }

  /// Trains on one batch; of one made by hand only images and labels matter. Throws Error for a batch that does not fit
  /// or holds values that are not finite (data/fit.hpp), and DivergedError for a loss that is not finite. A refused
  /// batch leaves everything as it was: who skips it goes on with the same bits as if it had never come. On a backend that
  /// defers its operations nothing is known of the loss yet: parameters, averages and the optimizer's memory stay as they
  /// were from that batch on, and the error comes with epoch_so_far, the next epoch or save.
  void step(const HostBatch& batch) {
    require_fit("trainer", batch, network);
    if (steps() == 0) require_initialised("trainer", model);
    if (freezer_) freezer_->apply(model, *grad_);  // again: the model may be another one by now
    // In pairs: one image is too few for BatchNorm2d where the feature maps have shrunk to one pixel, and the arena
    // rounds sizes up.
    constexpr std::size_t bytes_per_pair =
        training_activation_bytes<Model, S>(2) * sizeof(typename B::Scalar) / sizeof(float);
    ctx_.reserve((batch.labels.size() + 1) / 2 * bytes_per_pair);
    Attempt attempt(*this);
    const auto logits = model.forward(ctx_, ctx_.template upload<S>(batch.images), *saved_);
    auto loss = softmax_cross_entropy(
        ctx_, logits, one_hot<classes>(ctx_, batch.labels, batch.mixed_labels, batch.mix, options_.label_smoothing),
        1.0 / options_.accumulate);
    if constexpr (!is_deferred<B>)
      if (const double value = ctx_.read(loss.value); !std::isfinite(value))
        throw DivergedError("step " + std::to_string(steps()) + ": expected a finite loss, found " +
                            std::to_string(value) + " (learning rate " + std::to_string(learning_rate()) + ")");
    attempt.accept();

    run<op::Count>(ctx_, {.rows = logits.n(),
                          .classes = classes,
                          .logits = logits,
                          .labels = ctx_.upload_values(std::span<const int>(batch.main_labels())),
                          .loss = loss.value,
                          .tally = tally_.data()});
    if (accumulated_ == 0) zero(ctx_, grad_);
    backward_parameters(ctx_, model, std::move(loss.dlogits), *saved_, *grad_);
    if (++accumulated_ == options_.accumulate) update();
  }
  void step(const HostBatch&) requires(!Fits::value) {}  // the error has been said

  /// Writes all that a later `resume` needs to continue bit for bit, and `metadata` of the program's own.
  /// Throws DivergedError and keeps the old file if any of it is not finite: the last step may have been the
  /// one that broke the model, whose loss is that of the weights before it.
  void save(const std::string& path, Metadata metadata = {}) const {
    metadata["steps"] = to_metadata(steps());
    metadata["dropout_stream"] = to_metadata(ctx_.stream_position().id);
    const Metrics epoch = epoch_so_far();
    metadata["epoch_images"] = to_metadata(epoch.images);
    metadata["epoch_correct"] = to_metadata(epoch.correct);
    metadata["epoch_loss_sum"] = to_metadata(epoch.loss_sum);
    if (options_.accumulate > 1) metadata["accumulated"] = to_metadata(accumulated_);
    save_checkpoint(path, model, optimizer_, std::move(metadata), [&](SafeTensors& file) {
      if (average_) average_->save(file);
      if (lookahead_) lookahead_->save(file);
      if (options_.accumulate > 1) put_parameters(file, "gradient.", *grad_);
    });
  }

  /// Continues where `save` was called; the options of the run have to be the same. Returns its metadata, or
  /// throws Error and changes nothing. `check` sees the metadata first and may throw.
  Metadata resume(const std::string& path, const std::function<void(const Metadata&)>& check = {}) {
    RandomStream stream = ctx_.stream_position();
    Metrics epoch;
    std::int64_t steps = 0;
    int accumulated = 0;
    const auto check_all = [&](const Metadata& m) {
      if (check) check(m);
      stream.id = from_metadata<std::uint64_t>(path, m, "dropout_stream");
      if (options_.accumulate > 1) accumulated = from_metadata<int>(path, m, "accumulated", 0, options_.accumulate - 1);
      steps = from_metadata<std::int64_t>(path, m, "steps", accumulated, largest_count);
      if ((steps - accumulated) % options_.accumulate != 0)
        throw Error(path + ": metadata: \"steps\": expected a multiple of " + std::to_string(options_.accumulate) +
                    " batches and " + std::to_string(accumulated) + " more, found " + std::to_string(steps));
      epoch.images = from_metadata<std::int64_t>(path, m, "epoch_images", 0, steps == 0 ? 0 : largest_count);
      epoch.correct = from_metadata<std::int64_t>(path, m, "epoch_correct", 0, epoch.images);
      const double largest = epoch.images == 0 ? 0 : std::numeric_limits<double>::max();
      epoch.loss_sum = from_metadata<double>(path, m, "epoch_loss_sum", -largest, largest);
    };
    Metadata metadata = load_checkpoint(path, model, optimizer_, check_all, [&](StateLoader& loader) {
      if (average_) average_->expect(loader);
      if (lookahead_) lookahead_->expect(loader);
      if (options_.accumulate > 1) expect_parameters(loader, "gradient.", *grad_);
      loader.expect_count("optimizer.step", (steps - accumulated) / options_.accumulate);
    });
    ctx_.set_stream_position(stream);
    tally_.write({epoch});
    accumulated_ = accumulated;
    return metadata;
  }

 private:
  /// A forward pass that leaves no trace unless its loss is accepted.
  class Attempt {
   public:
    explicit Attempt(Trainer& trainer) : trainer_(trainer), stream_(trainer.ctx_.stream_position()) {
      trainer.before_.copy_from(trainer.ctx_, trainer.flat_);
      if (!trainer.saved_) trainer.saved_ = std::make_unique<SavedOf<Model, S>>();
    }
    ~Attempt() {
      if (accepted_) return;
      trainer_.saved_.reset();
      trainer_.before_.copy_to(trainer_.ctx_, trainer_.flat_);
      trainer_.ctx_.set_stream_position(stream_);
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    void accept() {
      if (trainer_.steps() == 0) trainer_.start_averages();
      accepted_ = true;
    }

   private:
    Trainer& trainer_;
    RandomStream stream_;
    bool accepted_ = false;
  };

  /// The averages begin with what the run begins with: the model before its first forward pass.
  void start_averages() {
    if (lookahead_) lookahead_->start(flat_);
    if (!average_) return;
    Flat<Model> before = flat_;
    before_.copy_to(ctx_, before);
    average_->start(before);
  }

  /// The optimizer's step along the gradient, and what follows it.
  void update() {
    group_.sum(ctx_, grad_);
    for (const FlatRange& frozen : optimizer_.frozen_ranges())
      run<op::Fill>(ctx_, {.count = frozen.size, .value = 0, .y = grad_.data() + frozen.begin});  // no part of the norm
    if (options_.clip_value > 0) clip_grad_value(ctx_, grad_, options_.clip_value);
    if (options_.clip_norm > 0) clip_grad_norm(ctx_, grad_, options_.clip_norm);
    optimizer_.step(ctx_, learning_rate(), flat_, grad_, tally_.data());
    accumulated_ = 0;
    if (lookahead_) lookahead_->after_update(ctx_, flat_, optimizer_.steps(), tally_.data());
    if (average_) average_->after_update(ctx_, flat_, optimizer_.steps(), tally_.data());
  }

  Context<B>& ctx_;
  Flat<Model> grad_;
  Optimizer<Model> optimizer_;
  Schedule schedule_;
  TrainerOptions options_;
  Group group_;
  std::optional<Freezer> freezer_;
  std::optional<MovingAverage<Model>> average_;
  std::optional<Lookahead<Model>> lookahead_;
  int accumulated_ = 0;  // batches in the gradient
  std::unique_ptr<SavedOf<Model, S>> saved_;
  Buffers<Model> before_;  // as they were before the last forward pass
  TallyOn<B> tally_;       // since the epoch began
};

}  // namespace resnet
