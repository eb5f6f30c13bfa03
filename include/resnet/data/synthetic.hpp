// SPDX-License-Identifier: MIT
// A data set that needs no download: 32×32 RGB images of seven shapes and three textures, under random
// colour, position, scale, rotation, lighting, clutter and noise.
//
// The colours of object and background are independent, so the mean image of every class is the same grey
// and a linear classifier finds nothing to hold on to: what tells the classes apart is geometry.
// An image is a function of (seed, index) alone, computed in integers: its bytes are the same with every
// compiler and instruction set.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/data/dataset.hpp>
#include <resnet/data/figures.hpp>

#include <cstdint>

namespace resnet {

inline constexpr Shape synthetic_shape{3, 32, 32};

/// `train` training and `test` held-out images, the classes in turn. Image i of either part does not depend
/// on how many there are.
RESNET_ONCE TrainTest make_synthetic(int train, int test, std::uint64_t seed);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <span>

namespace resnet {

namespace detail {

/// Paints one image over `canvas`: (h, w, c).
class SyntheticPainter {
 public:
  SyntheticPainter(RandomStream stream, std::span<std::uint8_t> canvas) : random_{stream}, canvas_(canvas) {}

  void paint(int label) {
    const Color back = color(), object = contrasting(back), second = contrasting(object);
    paint_background(back);
    for (int left = between(2, 5); left > 0; --left) paint_clutter();
    const Pose pose = place({between(48, 80), between(48, 80)}, 36, 56);
    paint_where(pose, object, second, 1400, [label](Point p) { return figures::figure_color(label, p); });
    add_noise(between(4, 32));
  }

 private:
  using Color = std::array<int, 3>;
  using Point = figures::Point;
  using Pose = figures::Pose;
  static constexpr int figure_unit = figures::figure_unit;
  static constexpr int side = synthetic_shape.h;

  int between(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint32_t>(high - low + 1)));
  }

  Color color() { return {between(0, 255), between(0, 255), between(0, 255)}; }

  Color contrasting(const Color& other) {
    for (;;) {
      const Color c = color();
      if (std::abs(c[0] - other[0]) + std::abs(c[1] - other[1]) + std::abs(c[2] - other[2]) >= 240) return c;
    }
  }

  /// A pose with a random rotation and a radius between the bounds, in quarters of a pixel.
  Pose place(Point center, int least_radius, int greatest_radius) {
    const int longest = 64 * figure_unit / least_radius, shortest = 64 * figure_unit / greatest_radius;
    for (;;) {
      const int a = between(-longest, longest), b = between(-longest, longest);
      const int squared = a * a + b * b;
      if (squared >= shortest * shortest && squared <= longest * longest) return {center, a, b};
    }
  }

  /// A colour that changes evenly across the image.
  void paint_background(const Color& back) {
    const int dx = between(-1, 1), dy = between(-1, 1);
    std::uint8_t* pixel = canvas_.data();
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x)
        for (const int c : back) *pixel++ = to_byte(c + dx * (x - side / 2) + dy * (y - side / 2));
  }

  /// A small disc or bar; the object may cover it.
  void paint_clutter() {
    const Color c = color();
    const Pose pose = place({between(0, 127), between(0, 127)}, 6, 18);
    const int half_height = random_.chance(0.5) ? 200 : figure_unit;
    paint_where(pose, c, c, figure_unit, [half_height](Point p) {
      return int{figures::in_disc(p, figure_unit) && figures::in_box(p, figure_unit, half_height)};
    });
  }

  /// Paints where `figure` (of a point in figure coordinates) is 1 or 2, with four samples a pixel. It is 0
  /// beyond the reach.
  template <class Figure>
  void paint_where(const Pose& pose, const Color& first, const Color& second, int reach, Figure figure) {
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const Point middle = pose.to_figure({4 * x + 2, 4 * y + 2});
        if (!figures::in_disc(middle, reach + figure_unit / 2)) continue;
        std::array<int, 3> samples{};
        for (const Point offset : {Point{1, 1}, Point{3, 1}, Point{1, 3}, Point{3, 3}})
          ++samples[static_cast<std::size_t>(figure(pose.to_figure({4 * x + offset.x, 4 * y + offset.y})))];
        std::uint8_t* pixel = canvas_.data() + 3 * (y * side + x);
        for (std::size_t c = 0; c < 3; ++c)
          pixel[c] = to_byte((samples[0] * pixel[c] + samples[1] * first[c] + samples[2] * second[c]) / 4);
      }
  }

  void add_noise(int amplitude) {
    for (std::size_t i = 0; i < canvas_.size(); i += 16) {
      const Words words = random_words(random_.stream, random_.position++);
      for (std::size_t k = 0; k < 16; ++k) {
        const int random_byte = static_cast<int>(words[k / 4] >> (8 * (k % 4)) & 255u);
        canvas_[i + k] = to_byte(canvas_[i + k] + (2 * random_byte - 255) * amplitude / 255);
      }
    }
  }

  static std::uint8_t to_byte(int v) { return static_cast<std::uint8_t>(std::clamp(v, 0, 255)); }

  Random random_;
  std::span<std::uint8_t> canvas_;
};

}  // namespace detail

RESNET_ONCE TrainTest make_synthetic(int train, int test, std::uint64_t seed) {
  const auto make = [&](int n, std::uint64_t part) {
    Dataset data{synthetic_shape, {synthetic_class_names.begin(), synthetic_class_names.end()}, {}, {}};
    const std::size_t size = data.image_bytes();
    data.images.resize(static_cast<std::size_t>(n) * size);
    for (int i = 0; i < n; ++i) {
      const auto index = static_cast<std::size_t>(i);
      data.labels.push_back(i % data.classes());
      detail::SyntheticPainter({seed, for_synthetic | part << 40 | index},
                               std::span(data.images).subspan(index * size, size))
          .paint(data.labels.back());
    }
    return data;
  };
  return {make(train, 0), make(test, 1)};
}

}  // namespace resnet

#endif  // RESNET_BODIES
