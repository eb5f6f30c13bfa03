// SPDX-License-Identifier: MIT
// Scaling and moving channels: limited by memory.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/simd/map.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/channels.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA {

struct CpuChannels {
  static void run(CpuWork& work, const op::ScaleChannels<float, float>& o) {
    for_each_pixel(work, o, [&](std::size_t i, std::size_t gate, std::size_t channels) {
      const auto product = [](Vec x, Vec s) { return x * s; };
      cpu::map(channels, o.y.data + i, product, o.x.data + i, o.s.data + gate);
    });
  }
  static void run(CpuWork& work, const op::ScaleChannelsBackward<float, float>& o) {
    float* ds = o.ds.data;
    std::fill_n(ds, static_cast<std::size_t>(o.n) * static_cast<std::size_t>(o.channels), 0.0f);
    for_each_pixel(work, o, [&](std::size_t i, std::size_t gate, std::size_t channels) {
      const auto product = [](Vec dy, Vec s) { return dy * s; };
      cpu::map(channels, ds + gate, cpu::fma, o.x.data + i, o.dy.data + i, ds + gate);
      cpu::map(channels, o.dx.data + i, product, o.dy.data + i, o.s.data + gate);
    });
  }
  static void run(CpuWork& work, const op::ConcatChannels<float, float>& o) {
    const auto na = static_cast<std::size_t>(o.a_channels), nb = static_cast<std::size_t>(o.b_channels);
    parallel_rows(work, o.rows, [&](std::size_t row) {
      float* to = o.y.data + row * (na + nb);
      to = o.a ? std::copy_n(o.a.data + row * na, na, to) : std::fill_n(to, na, 0.0f);
      o.b ? std::copy_n(o.b.data + row * nb, nb, to) : std::fill_n(to, nb, 0.0f);
    });
  }
  static void run(CpuWork& work, const op::SliceChannels<float, float>& o) {
    const auto nx = static_cast<std::size_t>(o.x_channels), ny = static_cast<std::size_t>(o.y_channels);
    parallel_rows(work, o.rows,
                  [&](std::size_t row) { std::copy_n(o.x.data + row * nx + o.first, ny, o.y.data + row * ny); });
  }
  /// A task writes up to 16 rows of y: what it reads of a row of x is a cache line.
  static void run(CpuWork& work, const op::Transpose<float, float>& o) {
    const auto height = static_cast<std::size_t>(o.rows), width = static_cast<std::size_t>(o.columns);
    const std::size_t bands = (width + 15) / 16;
    cpu::parallel_for(work.threads(), static_cast<std::size_t>(o.n) * bands, [&](std::size_t task, std::size_t) {
      const std::size_t image = task / bands * height * width, first = task % bands * 16;
      for (std::size_t row = 0; row < height; ++row)
        for (std::size_t column = first; column < std::min(width, first + 16); ++column)
          o.y.data[image + column * height + row] = o.x.data[image + row * width + column];
    });
  }

 private:
  using Vec = cpu::Vec;

  /// f(the pixel's first element, its image's first gate, channels); an image is one task.
  static void for_each_pixel(CpuWork& work, const auto& o, auto&& f) {
    const auto channels = static_cast<std::size_t>(o.channels), size = static_cast<std::size_t>(o.pixels) * channels;
    cpu::parallel_for(work.threads(), static_cast<std::size_t>(o.n), [&](std::size_t image, std::size_t) {
      for (std::size_t i = image * size; i < (image + 1) * size; i += channels) f(i, image * channels, channels);
    });
  }
  /// f(row) for each row, 64 in a task.
  static void parallel_rows(CpuWork& work, int rows, auto&& f) {
    const auto count = static_cast<std::size_t>(rows);
    cpu::parallel_for(work.threads(), (count + 63) / 64, [&](std::size_t task, std::size_t) {
      for (std::size_t row = task * 64; row < std::min(count, task * 64 + 64); ++row) f(row);
    });
  }
};

}  // namespace resnet::inline RESNET_ISA
