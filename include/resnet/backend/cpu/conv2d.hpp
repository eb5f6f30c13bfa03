// SPDX-License-Identifier: MIT
// Convolution as a matrix product over patches (im2col), a strip of output pixels at a time.
//   forward          y (pixels, out_c)       = patches(x) (pixels, k·k·in_c) · weightᵀ
//   backward data    dpatches                = dy (pixels, out_c) · weight, added up where patches overlap
//   backward weight  dweight (out_c, k·k·in_c) += dyᵀ · patches(x), in partial sums over fixed image ranges
#pragma once

#include <resnet/backend/cpu/gemm.hpp>
#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/core/backend.hpp>

#include <algorithm>

namespace resnet::inline RESNET_ISA {

namespace cpu {

/// Output pixels in one product: long enough that packing the weights doesn't matter, short enough that the
/// patches stay in the last-level cache.
inline constexpr int strip_pixels = 512;
/// Partial sums of a weight gradient: what limits the threads that can share it.
inline constexpr int weight_partials = 8;

/// A convolution as a matrix product; `pixels` counts the outputs of all images.
struct PatchProduct {
  const Conv2dGeometry& g;
  int pixels = g.n * g.out_h * g.out_w;
  int depth = g.kernel * g.kernel * g.in_c;
  /// The patches are the input itself.
  bool direct = g.kernel == 1 && g.stride == 1 && g.padding == 0;

  std::size_t in_image() const { return static_cast<std::size_t>(g.in_h * g.in_w) * static_cast<std::size_t>(g.in_c); }

  /// f(offset in the patch, pointer to in_c channels of x or null for padding) for the taps of a pixel.
  void for_each_tap(int pixel, auto* x, auto&& f) const {
    const int n = pixel / (g.out_h * g.out_w), rest = pixel % (g.out_h * g.out_w);
    const int top = rest / g.out_w * g.stride - g.padding, left = rest % g.out_w * g.stride - g.padding;
    auto* image = x + static_cast<std::size_t>(n) * in_image();
    for (int i = 0, offset = 0; i < g.kernel; ++i)
      for (int j = 0; j < g.kernel; ++j, offset += g.in_c) {
        const int h = top + i, w = left + j;
        const bool inside = h >= 0 && h < g.in_h && w >= 0 && w < g.in_w;
        f(offset, inside ? image + static_cast<std::size_t>(h * g.in_w + w) * static_cast<std::size_t>(g.in_c)
                         : nullptr);
      }
  }

  /// The patches of pixels [begin, begin + count) as a (count, depth) matrix, in `memory` unless direct.
  Matrix patches(int begin, int count, const float* x, float* memory) const {
    if (direct) return {x + static_cast<std::size_t>(begin) * static_cast<std::size_t>(g.in_c), g.in_c};
    float* row = memory;
    for (int p = begin; p < begin + count; ++p, row += depth)
      for_each_tap(p, x, [&](int offset, const float* from) {
        if (from)
          std::copy_n(from, g.in_c, row + offset);
        else
          std::fill_n(row + offset, g.in_c, 0.0f);
      });
    return {memory, depth};
  }

  /// The reverse: adds a (count, depth) matrix of patch gradients to dx.
  void add_patches(int begin, int count, const float* dpatches, float* dx) const {
    for (int p = begin; p < begin + count; ++p, dpatches += depth)
      for_each_tap(p, dx, [&](int offset, float* to) {
        if (!to) return;
        for (int c = 0; c < g.in_c; ++c) to[c] += dpatches[offset + c];
      });
  }

  std::size_t patch_size() const { return static_cast<std::size_t>(strip_pixels) * static_cast<std::size_t>(depth); }
};

}  // namespace cpu

struct CpuConv2d {
  static void conv2d_forward(auto& ctx, const Conv2dGeometry& g,
                             const float* x,       // (n, in_h, in_w, in_c)
                             const float* weight,  // (out_c, kernel, kernel, in_c)
                             const float* bias,    // (out_c) or null
                             float* y) {           // (n, out_h, out_w, out_c)
    const cpu::PatchProduct p{g};
    const std::size_t strips = (static_cast<std::size_t>(p.pixels) + cpu::strip_pixels - 1) / cpu::strip_pixels;
    // A single image gives few strips: cut the output channels too.
    const int slice = strips < 8 ? std::min(g.out_c, 64) : g.out_c;
    const auto slices = static_cast<std::size_t>((g.out_c + slice - 1) / slice);
    const cpu::GemmBlocking blocking(cpu::strip_pixels, slice, p.depth);
    const std::size_t each = p.patch_size() + blocking.scratch();
    const auto scratch = ctx.scratch(each * static_cast<std::size_t>(ctx.threads()));
    cpu::parallel_for(ctx.threads(), strips * slices, [&](std::size_t task, std::size_t worker) {
      float* memory = scratch.data() + worker * each;
      const int begin = static_cast<int>(task / slices) * cpu::strip_pixels;
      const int count = std::min(cpu::strip_pixels, p.pixels - begin);
      const int o = static_cast<int>(task % slices) * slice, width = std::min(slice, g.out_c - o);
      float* out = y + static_cast<std::size_t>(begin) * static_cast<std::size_t>(g.out_c) + o;
      for (int i = 0; i < count; ++i)
        for (int k = 0; k < width; ++k) out[static_cast<std::ptrdiff_t>(i) * g.out_c + k] = bias ? bias[o + k] : 0;
      const float* w = weight + static_cast<std::size_t>(o) * static_cast<std::size_t>(p.depth);
      cpu::gemm<false, true>(count, width, p.depth, p.patches(begin, count, x, memory), {w, p.depth}, out, g.out_c,
                             blocking, memory + p.patch_size());
    });
  }

  static void conv2d_backward_data(auto& ctx, const Conv2dGeometry& g,
                                   const float* dy,      // (n, out_h, out_w, out_c)
                                   const float* weight,  // (out_c, kernel, kernel, in_c)
                                   float* dx) {          // (n, in_h, in_w, in_c)
    const cpu::PatchProduct p{g};
    const int image = g.out_h * g.out_w;
    const int group = std::max(1, cpu::strip_pixels / image);  // images of one task: it alone writes their dx
    const cpu::GemmBlocking blocking(cpu::strip_pixels, p.depth, g.out_c);
    const std::size_t each = p.patch_size() + blocking.scratch();
    const auto scratch = ctx.scratch(each * static_cast<std::size_t>(ctx.threads()));
    const auto tasks = static_cast<std::size_t>((g.n + group - 1) / group);
    cpu::parallel_for(ctx.threads(), tasks, [&](std::size_t task, std::size_t worker) {
      float* memory = scratch.data() + worker * each;
      const int first = static_cast<int>(task) * group, last = std::min(g.n, first + group);
      std::fill_n(dx + static_cast<std::size_t>(first) * p.in_image(), static_cast<std::size_t>(last - first) * p.in_image(),
                  0.0f);
      for (int begin = first * image; begin < last * image; begin += cpu::strip_pixels) {
        const int count = std::min(cpu::strip_pixels, last * image - begin);
        std::fill_n(memory, static_cast<std::size_t>(count) * static_cast<std::size_t>(p.depth), 0.0f);
        cpu::gemm<false, false>(count, p.depth, g.out_c,
                                {dy + static_cast<std::size_t>(begin) * static_cast<std::size_t>(g.out_c), g.out_c},
                                {weight, p.depth}, memory, p.depth, blocking, memory + p.patch_size());
        p.add_patches(begin, count, memory, dx);
      }
    });
  }

  static void conv2d_backward_weight(auto& ctx, const Conv2dGeometry& g,
                                     const float* x,   // (n, in_h, in_w, in_c)
                                     const float* dy,  // (n, out_h, out_w, out_c)
                                     float* dweight,   // (out_c, kernel, kernel, in_c)
                                     float* dbias) {   // (out_c) or null
    const cpu::PatchProduct p{g};
    const std::size_t size = static_cast<std::size_t>(g.out_c) * static_cast<std::size_t>(p.depth);
    const int partials = std::clamp(p.pixels / cpu::strip_pixels, 1, cpu::weight_partials);
    const cpu::GemmBlocking blocking(g.out_c, p.depth, cpu::strip_pixels);
    const std::size_t each = p.patch_size() + blocking.scratch();
    const auto sums = ctx.scratch(static_cast<std::size_t>(partials) * size);
    const auto scratch = ctx.scratch(each * static_cast<std::size_t>(ctx.threads()));
    cpu::parallel_for(ctx.threads(), static_cast<std::size_t>(partials), [&](std::size_t task, std::size_t worker) {
      float* memory = scratch.data() + worker * each;
      float* sum = sums.data() + task * size;
      std::fill_n(sum, size, 0.0f);
      const auto bound = [&](std::size_t t) {
        return static_cast<int>(static_cast<std::size_t>(p.pixels) * t / static_cast<std::size_t>(partials));
      };
      for (int begin = bound(task); begin < bound(task + 1); begin += cpu::strip_pixels) {
        const int count = std::min(cpu::strip_pixels, bound(task + 1) - begin);
        cpu::gemm<true, false>(g.out_c, p.depth, count,
                               {dy + static_cast<std::size_t>(begin) * static_cast<std::size_t>(g.out_c), g.out_c},
                               p.patches(begin, count, x, memory), sum, p.depth, blocking, memory + p.patch_size());
      }
    });
    cpu::parallel_pieces(ctx.threads(), size, [&](std::size_t begin, std::size_t count) {
      for (int t = 0; t < partials; ++t)
        for (std::size_t i = begin; i < begin + count; ++i) dweight[i] += sums.data()[static_cast<std::size_t>(t) * size + i];
    });
    if (dbias) add_bias_gradient(g, dy, dbias);
  }

 private:
  static void add_bias_gradient(const Conv2dGeometry& g, const float* dy, float* dbias) {
    for (int o = 0; o < g.out_c; ++o) {
      double sum = 0;
      for (int p = 0; p < g.n * g.out_h * g.out_w; ++p) sum += dy[static_cast<std::ptrdiff_t>(p) * g.out_c + o];
      dbias[o] += static_cast<float>(sum);
    }
  }
};

}  // namespace resnet::inline RESNET_ISA
