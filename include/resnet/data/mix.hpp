// SPDX-License-Identifier: MIT
// Images mixed with others of their batch, and their labels with them:
//   mixup (Zhang et al. 2017, arXiv 1710.09412):  x = λ·x + (1 - λ)·partner
//   CutMix (Yun et al. 2019, arXiv 1905.04899):   a box of 1 - λ of the area comes from the partner
//   target = λ·own label + (1 - λ)·partner's label,  λ ~ Beta(α, α)
// As in torchvision, λ and the box are drawn once for a batch, and the partner of an image is the one before it,
// that of the first the last. With both, each batch gets one or the other with equal chance.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>
#include <resnet/core/shape.hpp>
#include <resnet/data/erase.hpp>

#include <cstdint>
#include <span>

namespace resnet {

struct Mix {
  double mixup_alpha = 0, cutmix_alpha = 0;  // 0: not at all
  bool any() const { return mixup_alpha > 0 || cutmix_alpha > 0; }
};

/// Throws Error for options that don't make sense.
RESNET_ONCE void validate(const Mix& m);

/// Gamma distribution of shape a, 1 or more, and scale 1 (Marsaglia & Tsang 2000). The logarithm only decides a
/// comparison.
RESNET_ONCE double draw_gamma(double a, Random& random);

/// Beta(a, a) = x / (x + y) of two gamma numbers of shape a > 0. Below 1 they are g·u^(1/a), g of shape a + 1, and both
/// vanish in double if a is small: the logarithm of y / x doesn't, down to the smallest a.
/// Rounded to a multiple of 2^-24: what the platform's library does to the last bits is gone, and λ and 1 - λ are exact
/// in float.
RESNET_ONCE double draw_beta(double a, Random& random);

/// The stream of one batch in one epoch. Room for 2^24 epochs and 2^32 batches.
RESNET_ONCE RandomStream mix_stream(std::uint64_t seed, int epoch, int batch);

/// What is done to a batch: y = weight·x + (1 - weight)·partner in the box and x elsewhere.
struct MixChoice {
  Box box;
  float weight;  // of the image's own values in the box
  double label;  // of the image's own label
};

RESNET_ONCE MixChoice draw_mix(const Mix& options, Shape s, Random& random);

/// images: (n, h, w, c) in place; first: memory for one image.
RESNET_ONCE void mix_images(const MixChoice& choice, Shape s, std::span<float> images, std::span<float> first);

/// The partners' labels: y[k] = labels[k - 1].
RESNET_ONCE void roll_labels(std::span<const std::int32_t> labels, std::int32_t* y);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace resnet {

RESNET_ONCE void validate(const Mix& m) {
  const auto valid = [](double alpha) { return alpha >= 0 && std::isfinite(alpha); };
  if (!valid(m.mixup_alpha) || !valid(m.cutmix_alpha))
    throw Error("mixing: expected finite alphas of 0 or more, found " + std::to_string(m.mixup_alpha) +
                " for mixup and " + std::to_string(m.cutmix_alpha) + " for CutMix");
}

RESNET_ONCE double draw_gamma(double a, Random& random) {
  const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), t = 1 + c * x, v = t * t * t;
    const double u = 1 - random.uniform();  // (0, 1]
    if (v > 0 && std::log(u) < x * x / 2 + d * (1 - v + std::log(v))) return d * v;
  }
}

RESNET_ONCE double draw_beta(double a, Random& random) {
  double g[2], log_u[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    g[i] = draw_gamma(a < 1 ? a + 1 : a, random);
    if (a < 1) log_u[i] = std::log(1 - random.uniform());
  }
  const double log_ratio = std::log(g[1] / g[0]) + (log_u[1] - log_u[0]) / a;
  return std::nearbyint(0x1p24 / (1 + std::exp(log_ratio))) * 0x1p-24;
}

RESNET_ONCE RandomStream mix_stream(std::uint64_t seed, int epoch, int batch) {
  return {seed, for_mix | static_cast<std::uint64_t>(epoch) << 32 | static_cast<std::uint64_t>(batch)};
}

RESNET_ONCE MixChoice draw_mix(const Mix& options, Shape s, Random& random) {
  const bool second = random.below(2) == 1;
  const bool cutmix = options.cutmix_alpha > 0 && (second || options.mixup_alpha == 0);
  const double lambda = draw_beta(cutmix ? options.cutmix_alpha : options.mixup_alpha, random);
  if (!cutmix) return {{0, 0, s.h, s.w}, static_cast<float>(lambda), lambda};
  const double half = std::sqrt(1 - lambda) / 2;
  const Box box = draw_clipped_box(2 * static_cast<int>(half * s.h), 2 * static_cast<int>(half * s.w), s, random);
  return {box, 0, 1 - static_cast<double>(box.area()) / (s.h * s.w)};
}

RESNET_ONCE void mix_images(const MixChoice& choice, Shape s, std::span<float> images, std::span<float> first) {
  const std::size_t size = s.size();
  std::copy_n(images.end() - static_cast<std::ptrdiff_t>(size), size, first.begin());  // the first one's partner
  for (std::size_t k = images.size() / size; k-- > 0;) {  // backwards: partners are still as they were
    float* x = &images[k * size];
    const float* partner = k > 0 ? x - size : first.data();
    for_each_row(choice.box, s, [&](std::size_t begin, std::size_t count) {
      for (std::size_t i = begin; i < begin + count; ++i)
        x[i] = choice.weight * x[i] + (1 - choice.weight) * partner[i];
    });
  }
}

RESNET_ONCE void roll_labels(std::span<const std::int32_t> labels, std::int32_t* y) {
  std::rotate_copy(labels.begin(), labels.end() - 1, labels.end(), y);
}

}  // namespace resnet

#endif  // RESNET_BODIES
