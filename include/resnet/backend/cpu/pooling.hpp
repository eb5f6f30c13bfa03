// SPDX-License-Identifier: MIT
// The reference's loops, image by image in parallel.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/ref/pooling.hpp>

namespace resnet::inline RESNET_ISA {

struct CpuPooling {
  static void max_pool_forward(auto& ctx, const Pool2dGeometry& g, const float* x, float* y) {
    for_each_image(ctx, g, [=, &ctx](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      RefPooling<float>::max_pool_forward(ctx, one, x + in, y + out);
    });
  }
  static void max_pool_backward(auto& ctx, const Pool2dGeometry& g, const float* x, const float* dy, float* dx) {
    for_each_image(ctx, g, [=, &ctx](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      RefPooling<float>::max_pool_backward(ctx, one, x + in, dy + out, dx + in);
    });
  }
  static void avg_pool_forward(auto& ctx, const Pool2dGeometry& g, const float* x, float* y) {
    for_each_image(ctx, g, [=, &ctx](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      RefPooling<float>::avg_pool_forward(ctx, one, x + in, y + out);
    });
  }
  static void avg_pool_backward(auto& ctx, const Pool2dGeometry& g, const float* dy, float* dx) {
    for_each_image(ctx, g, [=, &ctx](const Pool2dGeometry& one, std::size_t in, std::size_t out) {
      RefPooling<float>::avg_pool_backward(ctx, one, dy + out, dx + in);
    });
  }

 private:
  /// f(geometry of one image, offset of its input, offset of its output)
  static void for_each_image(auto& ctx, const Pool2dGeometry& g, auto&& f) {
    Pool2dGeometry one = g;
    one.n = 1;
    const auto c = static_cast<std::size_t>(g.c);
    const std::size_t in = static_cast<std::size_t>(g.in_h * g.in_w) * c;
    const std::size_t out = static_cast<std::size_t>(g.out_h * g.out_w) * c;
    cpu::parallel_for(ctx.threads(), static_cast<std::size_t>(g.n),
                      [&](std::size_t n, std::size_t) { f(one, n * in, n * out); });
  }
};

}  // namespace resnet::inline RESNET_ISA
