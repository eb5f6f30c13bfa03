// SPDX-License-Identifier: MIT
// Image by image in parallel: the reference's loops for the maximum, sums of whole pixels for the mean.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/backend/ref/pooling.hpp>

namespace resnet::inline RESNET_ISA {

struct CpuPooling {
  static void run(CpuWork& work, const op::MaxPool2d<float, float>& o) {
    for_each_image(work, o.g, [&](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      RefPooling<float>::run(work, op::MaxPool2d<float, float>{.g = one, .x = o.x.data + in, .y = o.y.data + out});
    });
  }
  static void run(CpuWork& work, const op::MaxPool2dBackward<float, float>& o) {
    for_each_image(work, o.g, [&](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      RefPooling<float>::run(work, op::MaxPool2dBackward<float, float>{
                                       .g = one, .x = o.x.data + in, .dy = o.dy.data + out, .dx = o.dx.data + in});
    });
  }
  static void run(CpuWork& work, const op::AvgPool2d<float, float>& o) {
    const float count = static_cast<float>(o.g.kernel_h * o.g.kernel_w);
    const auto c = static_cast<std::size_t>(o.g.c);
    for_each_image(work, o.g, [&](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      for_each_window(one, [&](std::size_t pixel, auto&& window) {
        float* mean = o.y.data + out + pixel * c;
        std::fill_n(mean, c, 0.0f);
        window([&](std::size_t p) {
          const float* from = o.x.data + in + p * c;
          for (std::size_t i = 0; i < c; ++i) mean[i] += from[i];
        });
        for (std::size_t i = 0; i < c; ++i) mean[i] /= count;
      });
    });
  }
  static void run(CpuWork& work, const op::AvgPool2dBackward<float, float>& o) {
    const float count = static_cast<float>(o.g.kernel_h * o.g.kernel_w);
    const auto c = static_cast<std::size_t>(o.g.c);
    for_each_image(work, o.g, [&](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      float* dx = o.dx.data + in;
      std::fill_n(dx, static_cast<std::size_t>(one.in_h * one.in_w) * c, 0.0f);
      for_each_window(one, [&](std::size_t pixel, auto&& window) {
        const float* mean = o.dy.data + out + pixel * c;
        window([&](std::size_t p) {
          float* to = dx + p * c;
          for (std::size_t i = 0; i < c; ++i) to[i] += mean[i] / count;
        });
      });
    });
  }

 private:
  /// f(output pixel, window) for each window of an image; window(h) calls h(input pixel) for those inside the image.
  static void for_each_window(const Pool2dGeometry& g, auto&& f) {
    for (int out_h = 0; out_h < g.out_h; ++out_h)
      for (int out_w = 0; out_w < g.out_w; ++out_w) {
        const int top = out_h * g.stride - g.padding, left = out_w * g.stride - g.padding;
        f(static_cast<std::size_t>(out_h * g.out_w + out_w), [&](auto&& h) {
          for (int i = std::max(0, top); i < std::min(g.in_h, top + g.kernel_h); ++i)
            for (int j = std::max(0, left); j < std::min(g.in_w, left + g.kernel_w); ++j)
              h(static_cast<std::size_t>(i * g.in_w + j));
        });
      }
  }

  /// f(geometry of one image, offset of its input, offset of its output)
  static void for_each_image(CpuWork& work, const Pool2dGeometry& g, auto&& f) {
    Pool2dGeometry one = g;
    one.n = 1;
    const auto c = static_cast<std::size_t>(g.c);
    const std::size_t in = static_cast<std::size_t>(g.in_h * g.in_w) * c;
    const std::size_t out = static_cast<std::size_t>(g.out_h * g.out_w) * c;
    cpu::parallel_for(work.threads(), static_cast<std::size_t>(g.n),
                      [&](std::size_t n, std::size_t) { f(one, n * in, n * out); });
  }
};

}  // namespace resnet::inline RESNET_ISA
