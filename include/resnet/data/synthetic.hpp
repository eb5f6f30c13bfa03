// SPDX-License-Identifier: MIT
// A data set that needs no download: 32×32 RGB images of seven shapes and three textures, under random
// colour, position, scale, rotation, lighting, clutter and noise.
//
// Object and background colours are independent, so the mean image of every class is the same grey and a
// linear classifier finds little to hold on to; what tells the classes apart is geometry.
//
// An image is a function of (seed, index) alone and is computed in integers, so its bytes are the same
// with every compiler and instruction set. No sine is needed for a rotation: an integer vector (a, b) drawn
// uniformly from a ring turns by its direction and scales by its length.
#pragma once

#include <resnet/core/random.hpp>
#include <resnet/data/dataset.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

namespace resnet {

inline constexpr Shape synthetic_shape{3, 32, 32};

inline constexpr std::array<std::string_view, 10> synthetic_class_names{
    "disc", "ring", "square", "triangle", "star", "cross", "crescent", "stripes", "checkerboard", "dots"};

/// Draws one image after the other; keeps its buffers.
class SyntheticPainter {
 public:
  /// Paints the image with this stream of random numbers and class into `pixels`: (h, w, c).
  void paint(Stream stream, int label, std::span<std::uint8_t> pixels) {
    random_ = {stream};
    canvas_ = pixels;
    const Color back = color(), object = contrasting(back);
    paint_background(back);
    for (int clutter = between(2, 5); clutter > 0; --clutter) paint_clutter(back, object);
    const Pose pose = place({between(48, 80), between(48, 80)}, 36, 56);
    paint_figure(label, pose, object, contrasting(object));
    add_noise(between(4, 32));
  }

 private:
  static constexpr int side = synthetic_shape.h;
  static constexpr int quarters = 4;  // positions are in quarters of a pixel
  static constexpr int unit = 1024;   // the radius of a figure in its own coordinates

  struct Point {
    int x, y;
  };
  struct Pose {
    Point center;
    int a, b;  // (unit << 6) / radius long
  };
  using Color = std::array<int, 3>;

  int between(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint32_t>(high - low + 1)));
  }

  Color color() { return {between(0, 255), between(0, 255), between(0, 255)}; }

  static int distance(const Color& p, const Color& q) {
    return std::abs(p[0] - q[0]) + std::abs(p[1] - q[1]) + std::abs(p[2] - q[2]);
  }

  Color contrasting(const Color& other) {
    for (;;)
      if (const Color c = color(); distance(c, other) >= 240) return c;
  }

  /// A figure at `center` with a random rotation and a radius between the bounds (quarter pixels).
  Pose place(Point center, int least_radius, int greatest_radius) {
    const int longest = (unit << 6) / least_radius, shortest = (unit << 6) / greatest_radius;
    for (;;) {
      const int a = between(-longest, longest), b = between(-longest, longest);
      const int squared = a * a + b * b;
      if (squared >= shortest * shortest && squared <= longest * longest) return {center, a, b};
    }
  }

  /// Figure coordinates of a point of the image: turned, and scaled so that the radius becomes `unit`.
  static Point to_figure(const Pose& pose, Point p) {
    const int x = p.x - pose.center.x, y = p.y - pose.center.y;
    return {(pose.a * x + pose.b * y) >> 6, (pose.a * y - pose.b * x) >> 6};
  }

  static constexpr int square(int v) { return v * v; }
  static bool in_disc(Point p, int radius) { return square(p.x) + square(p.y) < square(radius); }
  static bool in_box(Point p, int half_width, int half_height) {
    return std::abs(p.x) < half_width && std::abs(p.y) < half_height;
  }

  /// A pentagram's interior: the points beyond at most one of its five lines.
  static bool in_star(Point p) {
    constexpr std::array<Point, 5> normals{{{0, 1024}, {974, 316}, {602, -828}, {-602, -828}, {-974, 316}}};
    int beyond = 0;
    for (const Point& n : normals) beyond += n.x * p.x + n.y * p.y > 400 * unit;
    return beyond <= 1;
  }

  static bool in_triangle(Point p) {  // 1774 / 1024 is the square root of 3
    return p.y > -unit / 2 && 1774 * std::abs(p.x) / 1024 + p.y < unit;
  }

  /// Which of two phases of a pattern repeated with this period; any sign of v.
  static int phase(int v, int period) { return ((v + 64 * period) / (period / 2)) & 1; }
  static int repeat(int v, int period) { return (v + 64 * period) % period - period / 2; }

  /// 0 outside, 1 in the figure's first colour, 2 in its second.
  static int inside(int label, Point p) {
    constexpr int period = 800;  // of textures
    switch (label) {
      case 0:
        return in_disc(p, 900);
      case 1:
        return in_disc(p, 1000) && !in_disc(p, 580);
      case 2:
        return in_box(p, 800, 800);
      case 3:
        return in_triangle({p.x, p.y});
      case 4:
        return in_star(p);
      case 5:
        return in_box(p, 1000, 320) || in_box(p, 320, 1000);
      case 6:
        return in_disc(p, 1000) && !in_disc({p.x - 480, p.y}, 850);
      case 7:
        return in_disc(p, 1400) ? 1 + phase(p.x, period) : 0;
      case 8:
        return in_disc(p, 1400) ? 1 + (phase(p.x, period) ^ phase(p.y, period)) : 0;
      default:
        return in_disc(p, 1400) ? 1 + in_disc({repeat(p.x, period), repeat(p.y, period)}, 260) : 0;
    }
  }

  /// Paints where `figure`(point in figure coordinates) is not 0, with four samples a pixel.
  template <class Figure>
  void paint_where(const Pose& pose, const std::array<Color, 2>& colors, Figure figure) {
    std::uint8_t* pixel = canvas_.data();
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x, pixel += 3) {
        std::array<int, 3> samples{};
        for (const Point offset : {Point{1, 1}, Point{3, 1}, Point{1, 3}, Point{3, 3}}) {
          const Point p{quarters * x + offset.x, quarters * y + offset.y};
          ++samples[static_cast<std::size_t>(figure(to_figure(pose, p)))];
        }
        if (samples[0] == 4) continue;
        for (std::size_t c = 0; c < 3; ++c)
          pixel[c] = static_cast<std::uint8_t>(
              (samples[0] * pixel[c] + samples[1] * colors[0][c] + samples[2] * colors[1][c]) / 4);
      }
  }

  void paint_figure(int label, const Pose& pose, const Color& first, const Color& second) {
    paint_where(pose, {first, second}, [label](Point p) { return inside(label, p); });
  }

  /// A small disc or bar anywhere; what comes later covers it.
  void paint_clutter(const Color&, const Color&) {
    const Color c = color();
    const Pose pose = place({between(0, 127), between(0, 127)}, 6, 18);
    if (random_.chance(0.5))
      paint_where(pose, {c, c}, [](Point p) { return int{in_disc(p, unit)}; });
    else
      paint_where(pose, {c, c}, [](Point p) { return int{in_box(p, unit, 200)}; });
  }

  /// A colour that changes evenly across the image in a random direction.
  void paint_background(const Color& back) {
    const int dx = between(-1, 1), dy = between(-1, 1);
    std::uint8_t* pixel = canvas_.data();
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x)
        for (const int c : back) *pixel++ = clamp_byte(c + dx * (x - side / 2) + dy * (y - side / 2));
  }

  void add_noise(int amplitude) {
    for (std::size_t i = 0; i < canvas_.size(); i += 16) {
      const Words words = random_words(random_.stream, random_.position++);
      for (std::size_t k = 0; k < 16; ++k) {
        const int byte = static_cast<int>(words[k / 4] >> (8 * (k % 4)) & 255u);
        canvas_[i + k] = clamp_byte(canvas_[i + k] + (2 * byte - 255) * amplitude / 255);
      }
    }
  }

  static std::uint8_t clamp_byte(int v) { return static_cast<std::uint8_t>(std::clamp(v, 0, 255)); }

  Random random_{};
  std::span<std::uint8_t> canvas_;
};

/// `train` training and `test` held-out images, the classes in equal numbers. Image i of either part does
/// not depend on how many there are.
inline TrainTest make_synthetic(int train, int test, std::uint64_t seed) {
  const auto make = [&](int n, std::uint64_t first_id) {
    Dataset data{synthetic_shape, {synthetic_class_names.begin(), synthetic_class_names.end()}, {}, {}};
    data.images.resize(static_cast<std::size_t>(n) * data.image_bytes());
    SyntheticPainter painter;
    for (int i = 0; i < n; ++i) {
      const auto index = static_cast<std::size_t>(i);
      data.labels.push_back(i % data.classes());
      painter.paint({seed, for_synthetic | (first_id + index)}, data.labels.back(),
                    std::span(data.images).subspan(index * data.image_bytes(), data.image_bytes()));
    }
    return data;
  };
  constexpr std::uint64_t held_out = std::uint64_t{1} << 40;
  return {make(train, 0), make(test, held_out)};
}

}  // namespace resnet
