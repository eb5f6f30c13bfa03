// SPDX-License-Identifier: MIT
// Whether images and labels fit a network: compared wherever the two meet, before anything is computed.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/data/loader.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace resnet {

/// What a network takes and puts out.
struct NetworkShape {
  Shape image;
  int classes;
};

/// Throws Error, which begins with `who`, unless a data set of these images and classes is what the network
/// was made for.
RESNET_ONCE void require_fit(std::string_view who, Shape image, int classes, const NetworkShape& network);
RESNET_ONCE void require_fit(std::string_view who, const Dataset& data, const NetworkShape& network);

/// Throws Error for a value that is NaN or infinite. `indices`: which images of the data set these are, or
/// empty.
RESNET_ONCE void require_finite(std::string_view who, std::span<const float> images, std::size_t image_size,
                                std::span<const std::int32_t> indices = {});

/// Throws Error unless the batch is one of the network's: shape and classes of its data set (where it knows
/// them), at least one image, as many labels and mixed labels as images, each label one of the network's
/// classes, each pixel finite.
RESNET_ONCE void require_fit(std::string_view who, const HostBatch& batch, const NetworkShape& network);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>

#include <algorithm>
#include <bit>
#include <string>

namespace resnet {

namespace detail {

inline std::string text_of(Shape s) {
  return std::to_string(s.h) + "x" + std::to_string(s.w) + " (height x width) of " + std::to_string(s.c) + " channels";
}

inline void require_labels(std::string_view who, const char* what, std::span<const std::int32_t> labels, int classes) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      throw Error(std::string(who) + ": " + what + " " + std::to_string(i) + " of the batch: expected 0 to " +
                  std::to_string(classes - 1) + ", found " + std::to_string(labels[i]));
}

}  // namespace detail

RESNET_ONCE void require_fit(std::string_view who, Shape image, int classes, const NetworkShape& network) {
  if (image != network.image)
    throw Error(std::string(who) + ": the data set's images are " + detail::text_of(image) +
                ", the network was made for " + detail::text_of(network.image));
  if (classes != network.classes)
    throw Error(std::string(who) + ": the data set has " + std::to_string(classes) + " classes, the network has " +
                std::to_string(network.classes) + " outputs");
}

RESNET_ONCE void require_fit(std::string_view who, const Dataset& data, const NetworkShape& network) {
  require_fit(who, data.shape, data.classes(), network);
}

RESNET_ONCE void require_finite(std::string_view who, std::span<const float> images, std::size_t image_size,
                                std::span<const std::int32_t> indices) {
  // On the bits without the sign: a loop that vectors can do, and that no compiler option takes away.
  const auto magnitude = [](float x) { return std::bit_cast<std::uint32_t>(x) & 0x7fffffffu; };
  constexpr std::uint32_t infinity = 0x7f800000u;
  std::uint32_t largest = 0;
  for (const float x : images) largest = std::max(largest, magnitude(x));
  if (largest < infinity) return;
  std::size_t i = 0;
  while (magnitude(images[i]) < infinity) ++i;
  const std::size_t image = i / image_size;
  throw Error(std::string(who) + ": image " + std::to_string(image) + " of the batch" +
              (image < indices.size() ? " (image " + std::to_string(indices[image]) + " of the data set)" : "") +
              ": expected finite pixels, found " + std::to_string(images[i]) + " at value " +
              std::to_string(i % image_size));
}

RESNET_ONCE void require_fit(std::string_view who, const HostBatch& batch, const NetworkShape& network) {
  if (batch.classes != 0) require_fit(who, batch.shape, batch.classes, network);
  const std::size_t size = network.image.size(), images = batch.images.size() / size, labels = batch.labels.size();
  if (batch.images.size() % size != 0)
    throw Error(std::string(who) + ": expected whole images of " + std::to_string(size) + " values, " +
                detail::text_of(network.image) + ", found " + std::to_string(batch.images.size()) + " values");
  if (images == 0) throw Error(std::string(who) + ": expected a batch of 1 image or more, found none");
  if (labels != images || (batch.n != 0 && batch.n != static_cast<int>(images)))
    throw Error(std::string(who) + ": expected a label for each image, found " + std::to_string(images) +
                " images and " + std::to_string(labels) + " labels in a batch of " +
                std::to_string(batch.n != 0 ? static_cast<std::size_t>(batch.n) : images));
  if (!batch.mixed_labels.empty() && batch.mixed_labels.size() != images)
    throw Error(std::string(who) + ": expected a mixed label for each image or none at all, found " +
                std::to_string(images) + " images and " + std::to_string(batch.mixed_labels.size()) + " mixed labels");
  if (!(batch.mix >= 0 && batch.mix <= 1))
    throw Error(std::string(who) + ": expected a mix from 0 to 1, found " + std::to_string(batch.mix));
  detail::require_labels(who, "label", batch.labels, network.classes);
  detail::require_labels(who, "mixed label", batch.mixed_labels, network.classes);
  require_finite(who, batch.images, size, batch.indices);
}

}  // namespace resnet

#endif  // RESNET_BODIES
