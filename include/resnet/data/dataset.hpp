// SPDX-License-Identifier: MIT
// Labelled images in host memory, as bytes: what files are read into and a DataLoader reads from.
// Splitting and shuffling are functions of a seed alone, so a run that is resumed or repeated sees the
// same images in the same order.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>
#include <resnet/core/shape.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

struct Dataset {
  Shape shape{};                         // of one image
  std::vector<std::string> class_names;  // the name of label k is class_names[k]
  std::vector<std::uint8_t> images;      // (n, h, w, c)
  std::vector<std::int32_t> labels;      // (n)

  int size() const { return static_cast<int>(labels.size()); }
  int classes() const { return static_cast<int>(class_names.size()); }
  std::size_t image_bytes() const { return shape.size(); }

  /// Pixels of image i: (h, w, c).
  std::span<const std::uint8_t> image(int i) const {
    return {images.data() + static_cast<std::size_t>(i) * image_bytes(), image_bytes()};
  }

  /// Throws Error unless the sizes agree and every label names a class.
  void validate() const;

  /// The images with these indices, in this order. Throws Error for an index outside [0, size()).
  Dataset subset(std::span<const int> indices) const;

  /// The first n images, or all if there are fewer.
  Dataset first(int n) const;
};

struct TrainTest {
  Dataset train, test;
};

struct TrainValidation {
  Dataset train, validation;
};

/// Fisher-Yates: every order is equally likely, and the order depends on the stream alone.
template <class Items>
void shuffle(Items& items, RandomStream stream) {
  Random random{stream};
  for (std::size_t left = items.size(); left > 1; --left)
    std::swap(items[left - 1], items[random.below(static_cast<std::uint32_t>(left))]);
}

/// Takes `validation_size` random images out of the training set, each class in proportion (rounded up or
/// down). Both parts keep the original order. Throws Error if the set has fewer images.
RESNET_ONCE TrainValidation split(const Dataset& data, int validation_size, std::uint64_t seed);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>
#include <numeric>

namespace resnet {

RESNET_ONCE void Dataset::validate() const {
  if (images.size() != labels.size() * image_bytes())
    throw Error("data set: expected " + std::to_string(labels.size()) + " images of " + std::to_string(image_bytes()) +
                " bytes, one for each label, found " + std::to_string(images.size()) + " bytes");
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes())
      throw Error("data set: image " + std::to_string(i) + ": expected a label from 0 to " +
                  std::to_string(classes() - 1) + ", found " + std::to_string(labels[i]));
}

RESNET_ONCE Dataset Dataset::subset(std::span<const int> indices) const {
  Dataset chosen{shape, class_names, {}, {}};
  chosen.images.reserve(indices.size() * image_bytes());
  chosen.labels.reserve(indices.size());
  for (const int i : indices) {
    if (i < 0 || i >= size())
      throw Error("data set: expected an image index below " + std::to_string(size()) + ", found " + std::to_string(i));
    const auto pixels = image(i);
    chosen.images.insert(chosen.images.end(), pixels.begin(), pixels.end());
    chosen.labels.push_back(labels[static_cast<std::size_t>(i)]);
  }
  return chosen;
}

RESNET_ONCE Dataset Dataset::first(int n) const {
  std::vector<int> indices(static_cast<std::size_t>(std::clamp(n, 0, size())));
  std::iota(indices.begin(), indices.end(), 0);
  return subset(indices);
}

RESNET_ONCE TrainValidation split(const Dataset& data, int validation_size, std::uint64_t seed) {
  data.validate();
  if (validation_size < 0 || validation_size > data.size())
    throw Error("validation split: expected a size from 0 to " + std::to_string(data.size()) + ", found " +
                std::to_string(validation_size));

  std::vector<int> train, validation;
  std::int64_t seen = 0;  // images of the classes handled so far
  for (int label = 0; label < data.classes(); ++label) {
    std::vector<int> members;
    for (int i = 0; i < data.size(); ++i)
      if (data.labels[static_cast<std::size_t>(i)] == label) members.push_back(i);
    shuffle(members, {seed, for_split | static_cast<std::uint64_t>(label)});
    // Differences of rounded-down running totals: each is within one of its share, and they add up.
    const auto total_until = [&](std::int64_t n) { return data.size() ? n * validation_size / data.size() : 0; };
    const auto count = static_cast<std::int64_t>(members.size());
    const auto cut = members.begin() + (total_until(seen + count) - total_until(seen));
    validation.insert(validation.end(), members.begin(), cut);
    train.insert(train.end(), cut, members.end());
    seen += count;
  }
  std::sort(train.begin(), train.end());
  std::sort(validation.begin(), validation.end());
  return {data.subset(train), data.subset(validation)};
}

}  // namespace resnet

#endif  // RESNET_BODIES
