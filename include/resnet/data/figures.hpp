// SPDX-License-Identifier: MIT
// The figures of the synthetic data set: which points of the plane belong to each, in integers.
//
// A figure has coordinates of its own, with its centre at (0, 0) and a radius of about `figure_unit`. A pose
// leads there from the image. It needs no sine: an integer vector (a, b) turns by its direction and scales
// by its length.
#pragma once

#include <array>
#include <cstdlib>
#include <string_view>

namespace resnet {

inline constexpr std::array<std::string_view, 10> synthetic_class_names{
    "disc", "ring", "square", "triangle", "star", "cross", "crescent", "stripes", "checkerboard", "dots"};

/// Of the painter (data/synthetic.hpp) alone.
namespace figures {

inline constexpr int figure_unit = 1024;

struct Point {
  int x, y;
};

struct Pose {
  Point center;  // in quarters of a pixel, as all positions in the image
  int a, b;      // 64 · figure_unit / radius long

  Point to_figure(Point p) const {
    const int x = p.x - center.x, y = p.y - center.y;
    return {(a * x + b * y) / 64, (a * y - b * x) / 64};
  }
};

inline bool in_disc(Point p, int radius) { return p.x * p.x + p.y * p.y < radius * radius; }

inline bool in_box(Point p, int half_width, int half_height) {
  return std::abs(p.x) < half_width && std::abs(p.y) < half_height;
}

inline bool in_triangle(Point p) {  // 1774 / 1024 is the square root of 3
  return p.y > -figure_unit / 2 && 1774 * std::abs(p.x) / 1024 + p.y < figure_unit;
}

/// A pentagram's interior: the points beyond at most one of its five lines.
inline bool in_star(Point p) {
  constexpr std::array<Point, 5> normals{{{0, 1024}, {974, 316}, {602, -828}, {-602, -828}, {-974, 316}}};
  int beyond = 0;
  for (const Point& n : normals) beyond += n.x * p.x + n.y * p.y > 400 * figure_unit;
  return beyond <= 1;
}

/// 0 outside the figure of this class, 1 in its first colour, 2 in its second.
inline int figure_color(int label, Point p) {
  constexpr int period = 800;         // of a texture
  constexpr int shift = 64 * period;  // to where coordinates are positive
  const bool on_texture = in_disc(p, 1400);
  const int odd_column = (p.x + shift) / (period / 2) % 2, odd_row = (p.y + shift) / (period / 2) % 2;
  switch (label) {
    case 0:
      return in_disc(p, 900);
    case 1:
      return in_disc(p, 1000) && !in_disc(p, 580);
    case 2:
      return in_box(p, 800, 800);
    case 3:
      return in_triangle(p);
    case 4:
      return in_star(p);
    case 5:
      return in_box(p, 1000, 320) || in_box(p, 320, 1000);
    case 6:
      return in_disc(p, 1000) && !in_disc({p.x - 480, p.y}, 850);
    case 7:
      return on_texture ? 1 + odd_column : 0;
    case 8:
      return on_texture ? 1 + (odd_column ^ odd_row) : 0;
    default:
      return on_texture ? 1 + in_disc({(p.x + shift) % period - period / 2, (p.y + shift) % period - period / 2}, 260)
                        : 0;
  }
}

}  // namespace figures

}  // namespace resnet
