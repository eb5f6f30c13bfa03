// SPDX-License-Identifier: MIT
// From bytes to what a network is fed: random crop with padding, random horizontal flip, RandAugment,
// normalisation, erasing.
//   y = (x / 255 - mean[c]) / std[c]
// The order is torchvision's: RandomCrop, RandomHorizontalFlip and RandAugment on the byte image, whose padding
// is therefore black and not the mean colour, then ToTensor and Normalize, then RandomErasing.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>
#include <resnet/core/shape.hpp>
#include <resnet/data/dataset.hpp>
#include <resnet/data/erase.hpp>
#include <resnet/data/rand_augment.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace resnet {

/// Mean and standard deviation of each channel, in units where white is 1. Empty: 0 and 1, which leaves
/// values from 0 to 1.
struct Normalize {
  std::vector<double> mean, std;
};

/// Of CIFAR's training images.
RESNET_ONCE Normalize cifar10_normalize();
RESNET_ONCE Normalize cifar100_normalize();

/// Of these images; a channel without any variation gets std 1. Throws Error for an empty data set.
RESNET_ONCE Normalize compute_normalize(const Dataset& data);

/// The normalised value of each byte in each channel.
class NormalizeTable {
 public:
  /// Throws Error unless there is one finite mean and one positive, finite std for each channel, or none at all.
  NormalizeTable(const Normalize& normalize, int channels);

  float operator()(std::size_t c, std::uint8_t v) const { return values_[c][v]; }

 private:
  std::vector<std::array<float, 256>> values_;
};

inline constexpr int max_crop_padding = 1 << 20;  // coordinates of a padded image fit an int

/// What may be done to a training image.
struct Augment {
  int crop_padding = 0;          // black pixels added at each side before a random crop of the original size
  bool horizontal_flip = false;  // with probability 1/2
  RandAugment rand_augment{};
  Erase erase{};
};

/// Throws Error for options that don't make sense.
RESNET_ONCE void validate(const Augment& a);

/// The usual choice for CIFAR (He et al. 2016, section 4.2).
inline constexpr Augment cifar_augment{4, true};

/// What is done to one image: output pixel (h, w) of the crop is input pixel (h + dy, w + dx); then a flip.
struct CropFlip {
  int dy = 0, dx = 0;
  bool flip = false;
};

/// The stream of one image in one epoch: its choices don't depend on the batch, the thread or what was drawn
/// before. Room for 2^24 epochs and 2^32 images. RandAugment and erasing draw from places of their own in it, so
/// that switching one of them on leaves all other choices.
inline RandomStream augment_stream(std::uint64_t seed, int epoch, int image) {
  return {seed, for_augment | static_cast<std::uint64_t>(epoch) << 32 | static_cast<std::uint64_t>(image)};
}

inline constexpr std::uint64_t rand_augment_position = std::uint64_t{1} << 32;
inline constexpr std::uint64_t erase_position = std::uint64_t{2} << 32;

/// Draws three numbers whatever the options, so that switching one off leaves the others' choices.
RESNET_ONCE CropFlip draw_crop_flip(const Augment& augment, Random& random);

/// Crops and flips one image: y = value(c, byte).
template <class Value, class T>
void crop_flip(const std::uint8_t* x,  // (h, w, c)
               Shape shape, const CropFlip& choice, const Value& value,
               T* y) {  // (h, w, c)
  const auto channels = static_cast<std::size_t>(shape.c);
  for (int h = 0; h < shape.h; ++h) {
    const int from_h = h + choice.dy;
    for (int w = 0; w < shape.w; ++w, y += channels) {
      const int from_w = (choice.flip ? shape.w - 1 - w : w) + choice.dx;
      const bool inside = from_h >= 0 && from_h < shape.h && from_w >= 0 && from_w < shape.w;
      const std::uint8_t* pixel = inside ? x + static_cast<std::size_t>(from_h * shape.w + from_w) * channels : nullptr;
      for (std::size_t c = 0; c < channels; ++c) y[c] = value(c, pixel ? pixel[c] : std::uint8_t{0});
    }
  }
}

/// Crops, flips and normalises one image.
RESNET_ONCE void prepare_image(const std::uint8_t* x,  // (h, w, c)
                               Shape shape, const CropFlip& choice, const NormalizeTable& normalized,
                               float* y);  // (h, w, c)

/// All that `augment` asks for, and the normalisation of one image. Returns the image's random numbers, which go
/// on after those of crop and flip.
RESNET_ONCE Random augment_image(std::span<const std::uint8_t> x,  // (h, w, c)
                                 Shape shape, const Augment& augment, RandomStream stream,
                                 const NormalizeTable& normalized,
                                 std::span<std::uint8_t> scratch,  // two images
                                 std::span<float> y);              // (h, w, c)

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>

#include <cmath>
#include <string>

namespace resnet {

RESNET_ONCE Normalize cifar10_normalize() { return {{0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}}; }

RESNET_ONCE Normalize cifar100_normalize() { return {{0.5071, 0.4865, 0.4409}, {0.2673, 0.2564, 0.2762}}; }

RESNET_ONCE Normalize compute_normalize(const Dataset& data) {
  if (data.size() == 0) throw Error("normalisation: expected at least one image, found an empty data set");
  const auto channels = static_cast<std::size_t>(data.shape.c);
  // Integer sums: exact, so the result does not depend on the order.
  std::vector<std::uint64_t> sum(channels), sum_of_squares(channels);
  for (std::size_t first = 0; first < data.images.size(); first += channels)
    for (std::size_t c = 0; c < channels; ++c) {
      const std::uint64_t v = data.images[first + c];
      sum[c] += v;
      sum_of_squares[c] += v * v;
    }
  const auto count = static_cast<double>(data.images.size() / channels);
  Normalize result;
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    const double variance = static_cast<double>(sum_of_squares[c]) / count - mean * mean;
    result.mean.push_back(mean / 255);
    result.std.push_back(variance > 0 ? std::sqrt(variance) / 255 : 1);
  }
  return result;
}

RESNET_ONCE NormalizeTable::NormalizeTable(const Normalize& normalize, int channels)
    : values_(static_cast<std::size_t>(channels)) {
  const std::size_t means = normalize.mean.size(), stds = normalize.std.size();
  const bool none = means == 0 && stds == 0;
  if (!none && (means != values_.size() || stds != values_.size()))
    throw Error("normalisation: expected " + std::to_string(channels) + " means and standard deviations, found " +
                std::to_string(means) + " and " + std::to_string(stds));
  for (std::size_t c = 0; c < values_.size(); ++c) {
    const double mean = none ? 0 : normalize.mean[c], std = none ? 1 : normalize.std[c];
    if (!std::isfinite(mean) || !(std > 0) || !std::isfinite(std))
      throw Error("normalisation: channel " + std::to_string(c) +
                  ": expected a finite mean and a positive standard deviation, found " + std::to_string(mean) +
                  " and " + std::to_string(std));
    for (std::size_t v = 0; v < 256; ++v)
      values_[c][v] = static_cast<float>((static_cast<double>(v) / 255 - mean) / std);
  }
}

RESNET_ONCE void validate(const Augment& a) {
  if (a.crop_padding < 0 || a.crop_padding > max_crop_padding)
    throw Error("augmentation: expected a crop padding from 0 to " + std::to_string(max_crop_padding) +
                " pixels, found " + std::to_string(a.crop_padding));
  validate(a.rand_augment);
  validate(a.erase);
}

RESNET_ONCE CropFlip draw_crop_flip(const Augment& augment, Random& random) {
  const auto offsets = static_cast<std::uint32_t>(2 * augment.crop_padding + 1);
  const int dy = static_cast<int>(random.below(offsets)) - augment.crop_padding;
  const int dx = static_cast<int>(random.below(offsets)) - augment.crop_padding;
  const bool flip = random.below(2) == 1;
  return {dy, dx, flip && augment.horizontal_flip};
}

RESNET_ONCE void prepare_image(const std::uint8_t* x,  // (h, w, c)
                               Shape shape, const CropFlip& choice, const NormalizeTable& normalized,
                               float* y) {  // (h, w, c)
  crop_flip(x, shape, choice, normalized, y);
}

RESNET_ONCE Random augment_image(std::span<const std::uint8_t> x,  // (h, w, c)
                                 Shape shape, const Augment& augment, RandomStream stream,
                                 const NormalizeTable& normalized,
                                 std::span<std::uint8_t> scratch,  // two images
                                 std::span<float> y) {             // (h, w, c)
  Random random{stream};
  const CropFlip choice = draw_crop_flip(augment, random);
  if (augment.rand_augment.operations > 0) {
    const auto bytes = scratch.first(x.size());
    crop_flip(
        x.data(), shape, choice, [](std::size_t, std::uint8_t v) { return v; }, bytes.data());
    Random draws{stream, rand_augment_position};
    rand_augment(augment.rand_augment, shape, bytes, scratch.last(x.size()), draws);
    prepare_image(bytes.data(), shape, {}, normalized, y.data());
  } else {
    prepare_image(x.data(), shape, choice, normalized, y.data());
  }
  Random draws{stream, erase_position};
  erase(augment.erase, shape, y, draws);
  return random;
}

}  // namespace resnet

#endif  // RESNET_BODIES
