// SPDX-License-Identifier: MIT
// Batches for training and evaluation, each prepared in the background while the one before is used:
//
//   DataLoader loader(train, {.batch_size = 128, .shuffle = true, .augment = cifar_augment});
//   for (int epoch = 0; epoch < epochs; ++epoch)
//     for (const HostBatch& batch : loader.epoch(epoch)) step(batch);
//
// The order of images is a function of (seed, epoch), each image's augmentation one of (seed, epoch, image) and
// each batch's mixing one of (seed, epoch, batch), so epoch(e, k) continues an interrupted run with exactly the
// batches that it had not seen.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>
#include <resnet/data/augment.hpp>
#include <resnet/data/background.hpp>
#include <resnet/data/dataset.hpp>
#include <resnet/data/mix.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <vector>

namespace resnet {

/// A batch in host memory, valid until the loop asks for the next one.
struct HostBatch {
  int n = 0;
  int epoch = 0;
  int index = 0;                                 // of the batch in its epoch
  std::span<const float> images{};               // (n, h, w, c)
  std::span<const std::int32_t> labels{};        // (n)
  std::span<const std::int32_t> indices{};       // (n): which images of the data set these are
  std::span<const std::int32_t> mixed_labels{};  // (n): of what is mixed into each image; empty if nothing is
  double mix = 1;                                // weight of the image's own label; 1 - mix is the other one's
  Shape shape{};                                 // of the data set's images
  int classes = 0;                               // of the data set; 0, and no shape, in a batch made by hand

  /// Of each image's larger part, for the accuracy.
  std::span<const std::int32_t> main_labels() const {
    return mixed_labels.empty() || mix >= 0.5 ? labels : mixed_labels;
  }
};

struct DataLoaderOptions {
  int batch_size = 128;
  bool shuffle = false;
  bool drop_last = false;  // leave out a last batch of fewer images
  std::uint64_t seed = 0;
  Augment augment{};
  Mix mix{};
  Normalize normalize{};  // empty: values from 0 to 1
  /// Called for each image after augmentation and before mixing, in the background, with the image's own random
  /// numbers.
  std::function<void(std::span<float> image, Random& random)> transform{};
};

class DataLoader {
 public:
  class Epoch;

  /// Keeps a reference to `data`. Throws Error for a data set or options that don't make sense.
  explicit DataLoader(const Dataset& data, DataLoaderOptions options = {});
  explicit DataLoader(Dataset&&, DataLoaderOptions = {}) = delete;  // would refer to a temporary

  const Dataset& dataset() const { return data_; }
  const DataLoaderOptions& options() const { return options_; }

  /// Batches in an epoch.
  int batches() const {
    const int full = data_.size() / options_.batch_size;
    return options_.drop_last || data_.size() % options_.batch_size == 0 ? full : full + 1;
  }
  /// Images in an epoch.
  int images() const { return options_.drop_last ? batches() * options_.batch_size : data_.size(); }

  /// The batches of an epoch from `first_batch` on, for one range-for loop at a time: a new loop ends the
  /// previous one. What goes wrong in the background is thrown by the loop.
  Epoch epoch(int epoch, int first_batch = 0);

 private:
  struct Slot {
    std::vector<float> images;
    std::vector<std::int32_t> labels, indices, mixed_labels;
    HostBatch batch;
  };

  void prepare(Slot& slot, int epoch, int index);
  void start(int epoch, int first_batch);
  const HostBatch* next();

  const Dataset& data_;
  DataLoaderOptions options_;
  NormalizeTable normalized_;
  std::vector<std::int32_t> order_;
  int order_epoch_ = -1;
  std::vector<std::uint8_t> bytes_;  // of two images: RandAugment's
  std::vector<float> image_;         // mixing's
  std::array<Slot, 2> slots_;        // the consumer reads one while the job fills the other
  std::size_t filling_ = 0;
  int epoch_ = 0, next_ = 0;  // the batch that the job prepares
  BackgroundJob job_;         // last: it uses the others
};

/// A range over an epoch's batches, to be walked once.
class DataLoader::Epoch {
 public:
  struct Iterator {
    using value_type = HostBatch;
    using difference_type = std::ptrdiff_t;
    DataLoader* loader = nullptr;
    const HostBatch* batch = nullptr;

    const HostBatch& operator*() const { return *batch; }
    const HostBatch* operator->() const { return batch; }
    Iterator& operator++() {
      batch = loader->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.batch == nullptr; }
  };

  Iterator begin() const {
    loader_->start(epoch_, first_batch_);
    return {loader_, loader_->next()};
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend class DataLoader;
  Epoch(DataLoader* loader, int epoch, int first_batch) : loader_(loader), epoch_(epoch), first_batch_(first_batch) {}
  DataLoader* loader_;
  int epoch_, first_batch_;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace resnet {

RESNET_ONCE DataLoader::DataLoader(const Dataset& data, DataLoaderOptions options)
    : data_(data),
      options_(std::move(options)),
      normalized_(options_.normalize, data.shape.c),
      order_(static_cast<std::size_t>(data.size())),
      job_([this] { prepare(slots_[filling_], epoch_, next_); }) {
  data.validate();
  const int padding = options_.augment.crop_padding, longest = std::max(data.shape.h, data.shape.w);
  if (options_.batch_size < 1 || padding > longest)
    throw Error("data loader: expected a batch size of 1 or more and a crop padding of at most " +
                std::to_string(longest) + ", found " + std::to_string(options_.batch_size) + " and " +
                std::to_string(padding));
  validate(options_.augment);
  validate(options_.mix);
  bytes_.resize(2 * data.image_bytes());
  image_.resize(data.image_bytes());
  const auto most = static_cast<std::size_t>(std::min(options_.batch_size, data.size()));
  for (Slot& slot : slots_) {
    slot.images.resize(most * data.image_bytes());
    slot.labels.resize(most);
    slot.indices.resize(most);
    slot.mixed_labels.resize(most);
  }
}

RESNET_ONCE DataLoader::Epoch DataLoader::epoch(int epoch, int first_batch) {
  if (epoch < 0 || first_batch < 0 || first_batch > batches())
    throw Error("data loader: expected an epoch of 0 or more and a batch from 0 to " + std::to_string(batches()) +
                ", found epoch " + std::to_string(epoch) + " and batch " + std::to_string(first_batch));
  return {this, epoch, first_batch};
}

RESNET_ONCE void DataLoader::start(int epoch, int first_batch) {
  try {
    job_.wait();  // for what a loop that was left early had asked for
  } catch (...) {
    // and whose failure concerns nobody any more
  }
  epoch_ = epoch;
  next_ = first_batch;
  if (next_ < batches()) job_.start();
}

/// The batch prepared last, or nullptr after the epoch's end; has the one after it prepared.
RESNET_ONCE const HostBatch* DataLoader::next() {
  if (next_ >= batches()) return nullptr;
  job_.wait();
  const HostBatch* ready = &slots_[filling_].batch;
  filling_ = 1 - filling_;
  if (++next_ < batches()) job_.start();
  return ready;
}

RESNET_ONCE void DataLoader::prepare(Slot& slot, int epoch, int index) {
  if (order_epoch_ != epoch) {
    std::iota(order_.begin(), order_.end(), 0);
    if (options_.shuffle) shuffle(order_, {options_.seed, for_shuffle | static_cast<std::uint64_t>(epoch)});
    order_epoch_ = epoch;
  }
  const int first = index * options_.batch_size;
  const int n = std::min(options_.batch_size, data_.size() - first);
  const auto count = static_cast<std::size_t>(n);
  const std::size_t size = data_.image_bytes();
  for (std::size_t k = 0; k < count; ++k) {
    const std::int32_t i = order_[static_cast<std::size_t>(first) + k];
    const std::span<float> image = std::span(slot.images).subspan(k * size, size);
    Random random = augment_image(data_.image(i), data_.shape, options_.augment,
                                  augment_stream(options_.seed, epoch, i), normalized_, bytes_, image);
    if (options_.transform) options_.transform(image, random);
    slot.labels[k] = data_.labels[static_cast<std::size_t>(i)];
    slot.indices[k] = i;
  }
  slot.batch.n = n;
  slot.batch.shape = data_.shape;
  slot.batch.classes = data_.classes();
  slot.batch.epoch = epoch;
  slot.batch.index = index;
  slot.batch.images = std::span(slot.images).first(count * size);
  slot.batch.labels = std::span(slot.labels).first(count);
  slot.batch.indices = std::span(slot.indices).first(count);
  if (options_.mix.any()) {
    Random random{mix_stream(options_.seed, epoch, index)};
    const MixChoice choice = draw_mix(options_.mix, data_.shape, random);
    mix_images(choice, data_.shape, std::span(slot.images).first(count * size), image_);
    roll_labels(slot.batch.labels, slot.mixed_labels.data());
    slot.batch.mixed_labels = std::span(slot.mixed_labels).first(count);
    slot.batch.mix = choice.label;
  }
}

}  // namespace resnet

#endif  // RESNET_BODIES
