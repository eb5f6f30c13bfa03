// SPDX-License-Identifier: MIT
// Parts of a normalised image set to 0, the mean colour:
//   cutout (DeVries & Taylor 2017, arXiv 1708.04552): a square around any pixel, cut off at the border
//   random erasing (Zhong et al. 2017, arXiv 1708.04896): with probability p, a box of 2 to 33 % of the area and a
//     height / width from 0.3 to 3.3, inside the image (torchvision.transforms.RandomErasing)
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>
#include <resnet/core/shape.hpp>

#include <cstddef>
#include <span>

namespace resnet {

struct Erase {
  int cutout = 0;          // the square's side in pixels; 0: none
  double probability = 0;  // of random erasing
};

/// Throws Error for options that don't make sense.
RESNET_ONCE void validate(const Erase& e);

/// Rows top … bottom - 1 and columns left … right - 1.
struct Box {
  int top = 0, left = 0, bottom = 0, right = 0;
  int area() const { return (bottom - top) * (right - left); }
};

/// The part inside the image of a box around one of its pixels, each with equal chance. Draws two numbers.
RESNET_ONCE Box draw_clipped_box(int height, int width, Shape s, Random& random);

/// The box of random erasing, smaller than the image in both directions; empty if ten attempts give none.
RESNET_ONCE Box draw_erased_box(Shape s, Random& random);

/// Calls f(begin, count) for each of the box's rows in an image (h, w, c).
template <class F>
void for_each_row(const Box& box, Shape s, F&& f) {
  for (int h = box.top; h < box.bottom; ++h)
    f(static_cast<std::size_t>((h * s.w + box.left) * s.c), static_cast<std::size_t>((box.right - box.left) * s.c));
}

/// image: (h, w, c), here and below.
RESNET_ONCE void erase_box(const Box& box, Shape s, std::span<float> image);

RESNET_ONCE void erase(const Erase& options, Shape s, std::span<float> image, Random& random);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace resnet {

RESNET_ONCE void validate(const Erase& e) {
  if (e.cutout < 0 || !(e.probability >= 0 && e.probability <= 1))
    throw Error("erasing: expected a cutout of 0 pixels or more and a probability from 0 to 1, found " +
                std::to_string(e.cutout) + " and " + std::to_string(e.probability));
}

RESNET_ONCE Box draw_clipped_box(int height, int width, Shape s, Random& random) {
  const int top = static_cast<int>(random.below(static_cast<std::uint32_t>(s.h))) - height / 2;
  const int left = static_cast<int>(random.below(static_cast<std::uint32_t>(s.w))) - width / 2;
  return {std::max(top, 0), std::max(left, 0), std::min(top + height, s.h), std::min(left + width, s.w)};
}

RESNET_ONCE Box draw_erased_box(Shape s, Random& random) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = s.h * s.w * random.uniform(0.02, 0.33);
    const double ratio = std::exp(random.uniform(std::log(0.3), std::log(3.3)));
    const auto height = static_cast<int>(std::lround(std::sqrt(area * ratio)));
    const auto width = static_cast<int>(std::lround(std::sqrt(area / ratio)));
    if (height >= s.h || width >= s.w) continue;
    const auto top = static_cast<int>(random.below(static_cast<std::uint32_t>(s.h - height + 1)));
    const auto left = static_cast<int>(random.below(static_cast<std::uint32_t>(s.w - width + 1)));
    return {top, left, top + height, left + width};
  }
  return {};
}

RESNET_ONCE void erase_box(const Box& box, Shape s, std::span<float> image) {
  for_each_row(box, s, [&](std::size_t begin, std::size_t count) {
    std::fill_n(image.begin() + static_cast<std::ptrdiff_t>(begin), count, 0.0f);
  });
}

RESNET_ONCE void erase(const Erase& options, Shape s, std::span<float> image, Random& random) {
  erase_box(draw_clipped_box(options.cutout, options.cutout, s, random), s, image);
  if (random.chance(options.probability)) erase_box(draw_erased_box(s, random), s, image);
}

}  // namespace resnet

#endif  // RESNET_BODIES
