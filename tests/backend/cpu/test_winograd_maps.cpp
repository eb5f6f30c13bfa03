// SPDX-License-Identifier: MIT
#include <resnet/backend/cpu/winograd_maps.hpp>
#include <resnet/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace resnet;
using cpu::F2;
using cpu::F4;
using cpu::lanes;
using cpu::Vec;

namespace {

template <int N>
void draw(Vec (&v)[N], std::uint64_t id) {
  for (int i = 0; i < N; ++i)
    for (int lane = 0; lane < lanes; ++lane)
      v[i][lane] = static_cast<float>(normal_at({815, id}, static_cast<std::uint64_t>(i * lanes + lane)));
}

template <int N>
double dot(const Vec (&a)[N], const Vec (&b)[N], int lane) {
  double sum = 0;
  for (int i = 0; i < N; ++i) sum += static_cast<double>(a[i][lane]) * b[i][lane];
  return sum;
}

constexpr int trials = 200;
// The transforms multiply and cancel: sums of a few terms are off by some 10 units, the worst of thousands
// here by about 30 (F4). A wrong coefficient costs thousands of units.
constexpr double tolerance = 100 * static_cast<double>(std::numeric_limits<float>::epsilon());

}  // namespace

TEST_CASE_TEMPLATE("winograd maps: output(weight(g) · input(d)) is the correlation", Maps, F2,
                   F4<cpu::SmallErrorPoints>, F4<cpu::GradientPoints>) {
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    Vec d[Maps::inputs], g[3], u[Maps::inputs], v[Maps::inputs], y[Maps::outputs];
    draw(d, 2 * trial);
    draw(g, 2 * trial + 1);
    Maps::input(d, u);
    Maps::weight(g, v);
    for (int i = 0; i < Maps::inputs; ++i) u[i] = u[i] * v[i];
    Maps::output(u, y);
    double worst = 0;
    for (int lane = 0; lane < lanes; ++lane)
      for (int i = 0; i < Maps::outputs; ++i) {
        double want = 0;
        for (int k = 0; k < 3; ++k) want += static_cast<double>(g[k][lane]) * d[i + k][lane];
        worst = std::max(worst, std::abs(y[i][lane] - want));
      }
    CHECK(worst < tolerance);
  }
}

TEST_CASE_TEMPLATE("winograd maps: in two dimensions", Maps, F2, F4<cpu::SmallErrorPoints>, F4<cpu::GradientPoints>) {
  constexpr int in = Maps::inputs, out = Maps::outputs;
  Vec d[in][in], g[3][3], u[in][in], v[in][in], y[out][out];
  for (int i = 0; i < in; ++i) draw(d[i], static_cast<std::uint64_t>(i));
  for (int i = 0; i < 3; ++i) draw(g[i], static_cast<std::uint64_t>(in + i));
  cpu::transform(d, u, [](const Vec* from, Vec* to) { Maps::input(from, to); });
  cpu::transform(g, v, [](const Vec* from, Vec* to) { Maps::weight(from, to); });
  for (int i = 0; i < in; ++i)
    for (int j = 0; j < in; ++j) u[i][j] = u[i][j] * v[i][j];
  cpu::transform(u, y, [](const Vec* from, Vec* to) { Maps::output(from, to); });
  for (int lane = 0; lane < lanes; ++lane)
    for (int i = 0; i < out; ++i)
      for (int j = 0; j < out; ++j) {
        double want = 0;
        for (int r = 0; r < 3; ++r)
          for (int s = 0; s < 3; ++s) want += static_cast<double>(g[r][s][lane]) * d[i + r][j + s][lane];
        CHECK(std::abs(y[i][j][lane] - want) < tolerance);
      }
}

TEST_CASE_TEMPLATE("winograd maps: adjoints, <map(x), y> = <x, adjoint(y)>", Maps, F4<cpu::SmallErrorPoints>,
                   F4<cpu::GradientPoints>) {
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    Vec m[6], m_adjoint[6], y[4], y_output[4], g[3], g_adjoint[3], u[6], u_weight[6];
    draw(m, 4 * trial);
    draw(y, 4 * trial + 1);
    draw(g, 4 * trial + 2);
    draw(u, 4 * trial + 3);
    Maps::output(m, y_output);
    Maps::output_adjoint(y, m_adjoint);
    Maps::weight(g, u_weight);
    Maps::weight_adjoint(u, g_adjoint);
    double worst = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      worst = std::max(worst, std::abs(dot(y_output, y, lane) - dot(m, m_adjoint, lane)));
      worst = std::max(worst, std::abs(dot(u_weight, u, lane) - dot(g, g_adjoint, lane)));
    }
    CHECK(worst < tolerance);
  }
}

TEST_CASE_TEMPLATE("winograd maps: the weights' gradient, weight_adjoint(output_adjoint(dy) · input(d))", Maps,
                   F4<cpu::SmallErrorPoints>, F4<cpu::GradientPoints>) {
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    Vec d[6], dy[4], u[6], v[6], dg[3];
    draw(d, 2 * trial);
    draw(dy, 2 * trial + 1);
    Maps::input(d, u);
    Maps::output_adjoint(dy, v);
    for (int i = 0; i < 6; ++i) u[i] = u[i] * v[i];
    Maps::weight_adjoint(u, dg);
    double worst = 0;
    for (int lane = 0; lane < lanes; ++lane)
      for (int k = 0; k < 3; ++k) {
        double want = 0;
        for (int i = 0; i < 4; ++i) want += static_cast<double>(dy[i][lane]) * d[i + k][lane];
        worst = std::max(worst, std::abs(dg[k][lane] - want));
      }
    CHECK(worst < tolerance);
  }
}
