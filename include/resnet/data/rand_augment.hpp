// SPDX-License-Identifier: MIT
// RandAugment (Cubuk et al. 2019, arXiv 1909.13719): a few operations on the bytes of an image, each drawn from
// fourteen with equal chance, all of the same magnitude. Operations and magnitudes are those of
// torchvision.transforms.RandAugment with 31 bins, results those of its PIL images: nearest pixel, black outside.
//
// Whole numbers decide every byte (factors are hundredths, coordinates 16.16 fixed point), so results are the
// same on every platform. PIL's floating-point factors make a byte one less here and there: 0.1 % of CIFAR-10's.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>
#include <resnet/core/shape.hpp>

#include <cstdint>
#include <span>

namespace resnet {

struct RandAugment {
  int operations = 0;  // for each image, up to 100; torchvision's default is 2
  int magnitude = 9;   // from 0 to 30
};

enum class ImageOperation {
  // The first nine go in either direction: draw_image_operation gives a negative magnitude to half of them.
  shear_x,      // m / 100 pixels for each pixel down
  shear_y,      // m / 100 pixels for each pixel to the right
  translate_x,  // ⌊150 / 331 · m / 30 · width⌋ pixels to the right
  translate_y,
  rotate,      // m degrees, counterclockwise
  brightness,  // factor 1 + 3m / 100: away from black
  color,       // the same, away from grey; nothing happens to images of one channel
  contrast,    // away from the image's mean grey
  sharpness,   // away from the image smoothed
  identity,
  posterize,      // keeps the upper 8 - ⌊4m / 30 + 1/2⌋ bits
  solarize,       // inverts values from 255 - 8.5m on
  auto_contrast,  // stretches each channel to 0…255
  equalize,       // flattens each channel's histogram
};
inline constexpr int image_operations = 14, signed_image_operations = 9;

/// Throws Error for options that don't make sense.
RESNET_ONCE void validate(const RandAugment& r);

/// x and y: (h, w, c), different memory. The magnitude is negative for the other direction.
RESNET_ONCE void apply_image_operation(ImageOperation operation, int magnitude, Shape s,
                                       std::span<const std::uint8_t> x, std::uint8_t* y);

/// An operation and its magnitude with a sign. Draws two numbers.
struct ImageOperationChoice {
  ImageOperation operation;
  int magnitude;
};
RESNET_ONCE ImageOperationChoice draw_image_operation(int magnitude, Random& random);

/// Changes the image, (h, w, c), in place; `scratch` has its size.
RESNET_ONCE void rand_augment(const RandAugment& options, Shape s, std::span<std::uint8_t> image,
                              std::span<std::uint8_t> scratch, Random& random);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>

namespace resnet {

namespace detail {

/// What each value of a byte becomes.
using ByteTable = std::array<std::uint8_t, 256>;

template <class F>
ByteTable byte_table(F&& value) {
  ByteTable table;
  for (int v = 0; v < 256; ++v) table[static_cast<std::size_t>(v)] = static_cast<std::uint8_t>(value(v));
  return table;
}
template <class F>
void each_value(std::span<const std::uint8_t> x, std::uint8_t* y, F&& value) {
  const ByteTable table = byte_table(value);
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = table[x[i]];
}

/// from + factor · (to - from), rounded down, within a byte (PIL's Image.blend); the factor in hundredths.
inline std::uint8_t blend(int from, int to, int hundredths) {
  return static_cast<std::uint8_t>(std::clamp((100 * from + hundredths * (to - from)) / 100, 0, 255));
}

/// BT.601's luma of three channels as in PIL, the mean of any other number.
inline int gray(const std::uint8_t* pixel, int channels) {
  if (channels == 3) return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
  int sum = channels / 2;
  for (int c = 0; c < channels; ++c) sum += pixel[c];
  return sum / channels;
}
inline int mean_gray(std::span<const std::uint8_t> x, int channels) {
  const auto step = static_cast<std::size_t>(channels);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < x.size(); i += step) sum += static_cast<std::size_t>(gray(&x[i], channels));
  const std::size_t pixels = x.size() / step;
  return static_cast<int>((2 * sum + pixels) / (2 * pixels));
}

/// Output pixel (row, column) is the input pixel under its centre: input column = m[0]·column + m[1]·row + m[2],
/// input row = m[3]·column + m[4]·row + m[5].
inline void affine(const std::array<double, 6>& m, Shape s, const std::uint8_t* x, std::uint8_t* y) {
  const auto fixed = [](double v) { return static_cast<std::int64_t>(std::floor(v * 65536 + 0.5)); };
  const std::int64_t w_by_w = fixed(m[0]), w_by_h = fixed(m[1]), first_w = fixed(m[2] + (m[0] + m[1]) / 2);
  const std::int64_t h_by_w = fixed(m[3]), h_by_h = fixed(m[4]), first_h = fixed(m[5] + (m[3] + m[4]) / 2);
  for (int h = 0; h < s.h; ++h)
    for (int w = 0; w < s.w; ++w, y += s.c) {
      const std::int64_t from_w = (first_w + w * w_by_w + h * w_by_h) >> 16;
      const std::int64_t from_h = (first_h + w * h_by_w + h * h_by_h) >> 16;
      if (from_w >= 0 && from_w < s.w && from_h >= 0 && from_h < s.h)
        std::copy_n(x + (from_h * s.w + from_w) * s.c, s.c, y);
      else
        std::fill_n(y, s.c, std::uint8_t{0});
    }
}

inline void rotate(int degrees, Shape s, const std::uint8_t* x, std::uint8_t* y) {
  const double angle = degrees * std::numbers::pi / 180, cos = std::cos(angle), sin = std::sin(angle);
  const double center_w = s.w / 2.0, center_h = s.h / 2.0;
  affine({cos, -sin, center_w - cos * center_w + sin * center_h,  //
          sin, cos, center_h - sin * center_w - cos * center_h},
         s, x, y);
}

/// Each pixel moves away from the weighted mean of 3×3, its own weight 5 and the others' 1; the border stays.
inline void sharpen(int hundredths, Shape s, std::span<const std::uint8_t> x, std::uint8_t* y) {
  std::copy(x.begin(), x.end(), y);
  const auto at = [&](int h, int w, int c) { return static_cast<std::size_t>((h * s.w + w) * s.c + c); };
  for (int h = 1; h < s.h - 1; ++h)
    for (int w = 1; w < s.w - 1; ++w)
      for (int c = 0; c < s.c; ++c) {
        int sum = 4 * x[at(h, w, c)];
        for (int dh = -1; dh <= 1; ++dh)
          for (int dw = -1; dw <= 1; ++dw) sum += x[at(h + dh, w + dw, c)];
        y[at(h, w, c)] = blend((2 * sum + 13) / 26, x[at(h, w, c)], hundredths);
      }
}

inline ByteTable auto_contrast_table(const std::array<int, 256>& histogram) {
  int low = 0, high = 255;
  while (low < high && histogram[static_cast<std::size_t>(low)] == 0) ++low;
  while (high > low && histogram[static_cast<std::size_t>(high)] == 0) --high;
  if (low == high) return byte_table([](int v) { return v; });
  return byte_table([&](int v) { return std::clamp((v - low) * 255 / (high - low), 0, 255); });
}

/// Value v becomes the number of pixels below v, in units of 1/255 of those below the largest value.
inline ByteTable equalize_table(const std::array<int, 256>& histogram) {
  int pixels = 0, largest = 0;
  for (const int count : histogram) {
    pixels += count;
    if (count > 0) largest = count;
  }
  const int step = (pixels - largest) / 255;
  if (step == 0) return byte_table([](int v) { return v; });
  int below = step / 2;
  return byte_table([&](int v) {
    const int value = std::min(below / step, 255);
    below += histogram[static_cast<std::size_t>(v)];
    return value;
  });
}

template <class F>
void each_channel(int channels, std::span<const std::uint8_t> x, std::uint8_t* y, F&& table_of) {
  const auto step = static_cast<std::size_t>(channels);
  for (std::size_t c = 0; c < step; ++c) {
    std::array<int, 256> histogram{};
    for (std::size_t i = c; i < x.size(); i += step) ++histogram[x[i]];
    const ByteTable table = table_of(histogram);
    for (std::size_t i = c; i < x.size(); i += step) y[i] = table[x[i]];
  }
}

}  // namespace detail

RESNET_ONCE void validate(const RandAugment& r) {
  if (r.operations < 0 || r.operations > 100 || r.magnitude < 0 || r.magnitude > 30)
    throw Error("RandAugment: expected 0 to 100 operations of a magnitude from 0 to 30, found " +
                std::to_string(r.operations) + " of " + std::to_string(r.magnitude));
}

RESNET_ONCE void apply_image_operation(ImageOperation operation, int magnitude, Shape s,
                                       std::span<const std::uint8_t> x, std::uint8_t* y) {
  const int m = magnitude, factor = 100 + 3 * m;
  switch (operation) {
    case ImageOperation::shear_x:
      return detail::affine({1, m / 100.0, 0, 0, 1, 0}, s, x.data(), y);
    case ImageOperation::shear_y:
      return detail::affine({1, 0, 0, m / 100.0, 1, 0}, s, x.data(), y);
    case ImageOperation::translate_x:
      return detail::affine({1, 0, -1.0 * (5 * m * s.w / 331), 0, 1, 0}, s, x.data(), y);
    case ImageOperation::translate_y:
      return detail::affine({1, 0, 0, 0, 1, -1.0 * (5 * m * s.h / 331)}, s, x.data(), y);
    case ImageOperation::rotate:
      return detail::rotate(m, s, x.data(), y);
    case ImageOperation::brightness:
      return detail::each_value(x, y, [=](int v) { return detail::blend(0, v, factor); });
    case ImageOperation::color:
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t pixel = i - i % static_cast<std::size_t>(s.c);
        y[i] = detail::blend(detail::gray(&x[pixel], s.c), x[i], factor);
      }
      return;
    case ImageOperation::contrast:
      return detail::each_value(
          x, y, [=, mean = detail::mean_gray(x, s.c)](int v) { return detail::blend(mean, v, factor); });
    case ImageOperation::sharpness:
      return detail::sharpen(factor, s, x, y);
    case ImageOperation::identity:
      std::copy(x.begin(), x.end(), y);
      return;
    case ImageOperation::posterize:
      return detail::each_value(x, y, [dropped = (8 * m + 30) / 60](int v) { return v >> dropped << dropped; });
    case ImageOperation::solarize:
      return detail::each_value(x, y, [=](int v) { return 2 * v >= 510 - 17 * m ? 255 - v : v; });
    case ImageOperation::auto_contrast:
      return detail::each_channel(s.c, x, y, detail::auto_contrast_table);
    case ImageOperation::equalize:
      return detail::each_channel(s.c, x, y, detail::equalize_table);
  }
}

RESNET_ONCE ImageOperationChoice draw_image_operation(int magnitude, Random& random) {
  const auto k = static_cast<int>(random.below(image_operations));
  const bool negative = random.below(2) == 1 && k < signed_image_operations;
  return {static_cast<ImageOperation>(k), negative ? -magnitude : magnitude};
}

RESNET_ONCE void rand_augment(const RandAugment& options, Shape s, std::span<std::uint8_t> image,
                              std::span<std::uint8_t> scratch, Random& random) {
  for (int k = 0; k < options.operations; ++k) {
    const auto [operation, magnitude] = draw_image_operation(options.magnitude, random);
    std::copy(image.begin(), image.end(), scratch.begin());
    apply_image_operation(operation, magnitude, s, scratch, image.data());
  }
}

}  // namespace resnet

#endif  // RESNET_BODIES
