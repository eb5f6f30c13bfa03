// SPDX-License-Identifier: MIT
// Depthwise convolution: each channel has a kernel of its own, so channels are what fills a vector, and
// nothing but the taps is summed. Four pixels of a row are summed at a time: a vector that was fetched serves
// every one of them that has a tap for it, and a row of taps stays in registers. In every operation column q
// of the source meets target pixel t at one tap j, known when compiling:
//   forward          y[t]  += x[q]·w[j],   j = q - t·stride
//   backward-data    dx[t] += dy[q]·w[j],  j = t - q·stride   (t counted from a pixel that stands below a dy)
//   backward-weight  dw[j] += x[q]·dy[t],  j = q - t·stride
// Kernels of 3 and 5 with stride 1 and 2 are served so, others by the reference, image by image.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/tile.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/backend/ref/depthwise_conv2d.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA {

namespace cpu {

/// A row of pixels or of taps, of which vectors of channels are taken: zeros outside of the image.
struct ChannelRow {
  const float* data;
  int width, channels;

  /// Channels [c, c + lanes) of pixel w; with `Whole`, these exist.
  template <bool Whole>
  Vec at(int w, int c) const {
    if (w < 0 || w >= width) return Vec{};
    const float* p = data + static_cast<std::ptrdiff_t>(w) * channels + c;
    if constexpr (Whole)
      return load(p);
    else
      return load_part(p, channels - c);
  }
};

template <int Kernel, int Stride>
class Depthwise {
  static constexpr int pixels = 4;  // of a row at a time; a multiple of Stride

 public:
  explicit Depthwise(const Conv2dGeometry& g) : g_(g) {}

  void forward(CpuWork& work, const float* x, const float* weight, float* y) const {
    sum<false>(work, weight, {x, g_.in_h, g_.in_w}, {y, g_.out_h, g_.out_w});
  }
  void backward_data(CpuWork& work, const float* dy, const float* weight, float* dx) const {
    sum<true>(work, weight, {dy, g_.out_h, g_.out_w}, {dx, g_.in_h, g_.in_w});
  }

  /// The sums of fixed parts of the images' rows are added in a fixed order.
  void backward_weight(CpuWork& work, const float* x, const float* dy, float* dweight) const {
    const int rows = g_.n * g_.out_h, parts = std::min(16, rows);
    const auto sums = work.scratch(extent(parts) * packed_size());
    parallel_for(work.threads(), extent(parts), [&](std::size_t part, std::size_t) {
      float* sum = sums.data() + part * packed_size();
      std::fill_n(sum, packed_size(), 0.0f);
      const auto [first, end] = part_of(rows, static_cast<int>(part), parts);
      for (int row = first; row < end; ++row) {
        const int n = row / g_.out_h, h = row % g_.out_h;
        const ChannelRow dys{dy + extent(row, g_.out_w) * extent(g_.out_c), g_.out_w, g_.out_c};
        for (int i = 0; i < Kernel; ++i) {
          const int from = h * Stride - g_.padding + i;
          if (from < 0 || from >= g_.in_h) continue;
          const ChannelRow xs{x + extent(n * g_.in_h + from, g_.in_w) * extent(g_.in_c), g_.in_w, g_.in_c};
          for_each_vector([&]<bool Whole>(int c) { add_row<Whole>(xs, dys, c, sum + extent(i, Kernel, padded_) + c); });
        }
      }
    });
    for (int c = 0; c < g_.in_c; ++c)
      for (int tap = 0; tap < Kernel * Kernel; ++tap)
        for (int part = 0; part < parts; ++part)
          dweight[c * Kernel * Kernel + tap] +=
              sums.data()[extent(part) * packed_size() + extent(tap, padded_) + extent(c)];
  }

 private:
  template <class T>
  struct Images {
    T* data;
    int h, w;
  };

  std::size_t packed_size() const { return extent(Kernel, Kernel, padded_); }

  /// f.operator()<Whole>(c) for each vector of channels.
  void for_each_vector(auto&& f) const {
    int c = 0;
    for (; c + lanes <= g_.in_c; c += lanes) f.template operator()<true>(c);
    if (c < g_.in_c) f.template operator()<false>(c);
  }

  template <bool Backward>
  void sum(CpuWork& work, const float* weight, Images<const float> source, Images<float> target) const {
    const auto packed = work.scratch(packed_size());  // (Kernel, Kernel, channels), whole vectors
    for (int tap = 0; tap < Kernel * Kernel; ++tap)
      for (int c = 0; c < padded_; ++c)
        packed.data()[tap * padded_ + c] = c < g_.in_c ? weight[c * Kernel * Kernel + tap] : 0;
    parallel_for(work.threads(), extent(g_.n, target.h), [&](std::size_t row, std::size_t) {
      const int n = static_cast<int>(row) / target.h, h = static_cast<int>(row) % target.h;
      float* to = target.data + row * extent(target.w, g_.in_c);
      ChannelRow rows[Kernel];
      const float* taps[Kernel];
      int used = 0;
      for (int i = 0; i < Kernel; ++i) {
        const int below = Backward ? h + g_.padding - i : h * Stride - g_.padding + i;
        const int from = Backward ? below / Stride : below;
        if (below < 0 || from >= source.h || (Backward && below % Stride != 0)) continue;
        rows[used] = {source.data + extent(n * source.h + from, source.w) * extent(g_.in_c), source.w, g_.in_c};
        taps[used++] = packed.data() + extent(i, Kernel, padded_);
      }
      for (int w = Backward ? -(g_.padding % Stride) : 0; w < target.w; w += pixels)
        for_each_vector([&]<bool Whole>(int c) {
          sum_pixels<Backward, Whole>(used, rows, taps, Backward ? (w + g_.padding) / Stride : w * Stride - g_.padding,
                                      c, [&](int t, Vec v) {
                                        if (w + t < 0 || w + t >= target.w) return;
                                        float* p = to + extent(w + t, g_.in_c) + c;
                                        Whole ? store(p, v) : store_part(p, v, g_.in_c - c);
                                      });
        });
    });
  }

  /// Calls result(t, sum) for each of the pixels; source column 0 is `first`.
  template <bool Backward, bool Whole>
  void sum_pixels(int used, const ChannelRow* rows, const float* const* taps, int first, int c, auto&& result) const {
    constexpr int begin = Backward ? -((Kernel - 1) / Stride) : 0;
    constexpr int end = Backward ? (pixels - 1) / Stride + 1 : (pixels - 1) * Stride + Kernel;
    Vec sums[pixels] = {};
    for (int i = 0; i < used; ++i) {
      Vec w[Kernel];
#pragma GCC unroll 5
      for (int j = 0; j < Kernel; ++j) w[j] = load(taps[i] + j * padded_ + c);
#pragma GCC unroll 16
      for (int q = begin; q < end; ++q) {
        const Vec v = rows[i].template at<Whole>(first + q, c);
#pragma GCC unroll 4
        for (int t = 0; t < pixels; ++t) {
          const int j = Backward ? t - q * Stride : q - t * Stride;
          if (j >= 0 && j < Kernel) sums[t] = fma(v, w[j], sums[t]);
        }
      }
    }
#pragma GCC unroll 4
    for (int t = 0; t < pixels; ++t) result(t, sums[t]);
  }

  /// Adds to a row of taps, padded_ from tap to tap, what a row of dy and one of x give.
  template <bool Whole>
  void add_row(const ChannelRow& xs, const ChannelRow& dys, int c, float* sum) const {
    Vec sums[Kernel];
#pragma GCC unroll 5
    for (int j = 0; j < Kernel; ++j) sums[j] = load(sum + j * padded_);
    for (int w = 0; w < dys.width; w += pixels) {
      Vec d[pixels];
#pragma GCC unroll 4
      for (int t = 0; t < pixels; ++t) d[t] = dys.at<Whole>(w + t, c);
#pragma GCC unroll 16
      for (int q = 0; q < (pixels - 1) * Stride + Kernel; ++q) {
        const Vec v = xs.at<Whole>(w * Stride - g_.padding + q, c);
#pragma GCC unroll 4
        for (int t = 0; t < pixels; ++t) {
          const int j = q - t * Stride;
          if (j >= 0 && j < Kernel) sums[j] = fma(v, d[t], sums[j]);
        }
      }
    }
#pragma GCC unroll 5
    for (int j = 0; j < Kernel; ++j) store(sum + j * padded_, sums[j]);
  }

  Conv2dGeometry g_;
  int padded_ = (g_.in_c + lanes - 1) / lanes * lanes;
};

}  // namespace cpu

struct CpuDepthwiseConv2d {
  static void run(CpuWork& work, const op::DepthwiseConv2d<float, float>& o) {
    if (with_kernel(o.g, [&](auto&& kernel) { kernel.forward(work, o.x.data, o.weight.data, o.y.data); })) return;
    for_each_image(work, o.g, [&](const Conv2dGeometry& one, std::size_t in, std::size_t out) {
      Ref::run(work, op::DepthwiseConv2d<float, float>{
                         .g = one, .x = o.x.data + in, .weight = o.weight, .y = o.y.data + out});
    });
  }
  static void run(CpuWork& work, const op::DepthwiseConv2dBackwardData<float, float>& o) {
    if (with_kernel(o.g, [&](auto&& kernel) { kernel.backward_data(work, o.dy.data, o.weight.data, o.dx.data); }))
      return;
    for_each_image(work, o.g, [&](const Conv2dGeometry& one, std::size_t in, std::size_t out) {
      Ref::run(work, op::DepthwiseConv2dBackwardData<float, float>{
                         .g = one, .dy = o.dy.data + out, .weight = o.weight, .dx = o.dx.data + in});
    });
  }
  static void run(CpuWork& work, const op::DepthwiseConv2dBackwardWeight<float, float>& o) {
    if (!with_kernel(o.g, [&](auto&& kernel) { kernel.backward_weight(work, o.x.data, o.dy.data, o.dweight.data); }))
      Ref::run(work, o);
  }

 private:
  using Ref = RefDepthwiseConv2d<float>;

  /// f(the kernel for this geometry), or false if there is none.
  static bool with_kernel(const Conv2dGeometry& g, auto&& f) {
    if (g.kernel == 3 && g.stride == 1) return f(cpu::Depthwise<3, 1>(g)), true;
    if (g.kernel == 3 && g.stride == 2) return f(cpu::Depthwise<3, 2>(g)), true;
    if (g.kernel == 5 && g.stride == 1) return f(cpu::Depthwise<5, 1>(g)), true;
    if (g.kernel == 5 && g.stride == 2) return f(cpu::Depthwise<5, 2>(g)), true;
    return false;
  }

  /// f(geometry of one image, offset of its x, offset of its y)
  static void for_each_image(CpuWork& work, const Conv2dGeometry& g, auto&& f) {
    Conv2dGeometry one = g;
    one.n = 1;
    cpu::parallel_for(work.threads(), static_cast<std::size_t>(g.n), [&](std::size_t n, std::size_t) {
      f(one, n * extent(g.in_h, g.in_w, g.in_c), n * extent(g.out_h, g.out_w, g.out_c));
    });
  }
};

}  // namespace resnet::inline RESNET_ISA
