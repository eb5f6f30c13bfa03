// SPDX-License-Identifier: MIT
// The reference's loops on pieces, in parallel: these operations are limited by memory, not arithmetic.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/simd/map.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/backend/ref/elementwise.hpp>
#include <resnet/backend/ref/parameters.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace resnet::inline RESNET_ISA {

struct CpuElementwise {
  static void run(CpuWork& work, const op::Add<float, float>& o) { in_pieces<Elementwise>(work, o); }
  static void run(CpuWork& work, const op::Relu<float, float>& o) { in_pieces<Elementwise>(work, o); }
  static void run(CpuWork& work, const op::ReluBackward<float, float>& o) { in_pieces<Elementwise>(work, o); }
  static void run(CpuWork& work, const op::Dropout<float, float>& o) { in_pieces<Elementwise>(work, o); }
  static void run(CpuWork& work, const op::SgdStep<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::AdamStep<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::RmsPropStep<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::Clamp<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::Lerp<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::LimitNorm<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::Fill<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::Copy<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::FillNormal<float, float>& o) { in_pieces<Parameters>(work, o); }
  static void run(CpuWork& work, const op::FillUniform<float, float>& o) { in_pieces<Parameters>(work, o); }

  static void run(CpuWork& work, const op::DropPath<float, float>& o) {
    cpu::parallel_for(work.threads(), static_cast<std::size_t>(o.n), [&](std::size_t image, std::size_t) {
      const float factor = static_cast<float>(dropout_factor(o.p, o.stream, image));
      for (std::size_t i = image * o.size; i < (image + 1) * o.size; ++i) o.y.data[i] = o.x.data[i] * factor;
    });
  }

  static void run(CpuWork& work, const op::Sigmoid<float, float>& o) {
    parallel_map(
        work, o.count, o.y.data, [](Vec x) { return cpu::broadcast(1) / growth(x); }, o.x.data);
  }
  static void run(CpuWork& work, const op::SigmoidBackward<float, float>& o) {
    const auto gradient = [](Vec y, Vec dy) { return dy * y * (cpu::broadcast(1) - y); };
    parallel_map(work, o.count, o.dx.data, gradient, o.y.data, o.dy.data);
  }
  static void run(CpuWork& work, const op::Silu<float, float>& o) {
    parallel_map(
        work, o.count, o.y.data, [](Vec x) { return x / growth(x); }, o.x.data);
  }
  static void run(CpuWork& work, const op::SiluBackward<float, float>& o) {
    const auto gradient = [](Vec x, Vec dy) {
      const Vec one = cpu::broadcast(1), s = one / growth(x);
      return dy * s * cpu::fma(x, one - s, one);
    };
    parallel_map(work, o.count, o.dx.data, gradient, o.x.data, o.dy.data);
  }

  static void run(CpuWork& work, const op::Gelu<float, float>& o) {
    parallel_map(
        work, o.count, o.y.data, [](Vec x) { return x * normal(x).cdf; }, o.x.data);
  }
  static void run(CpuWork& work, const op::GeluBackward<float, float>& o) {
    const auto gradient = [](Vec x, Vec dy) {
      const Normal at = normal(x);
      return dy * cpu::fma(x, at.density, at.cdf);
    };
    parallel_map(work, o.count, o.dx.data, gradient, o.x.data, o.dy.data);
  }

  /// Eight running sums, so that the additions overlap; in one thread, since parameters are small.
  static void run(CpuWork&, const op::SumOfSquares<float, float>& o) {
    double sums[8] = {};
    for (std::size_t i = 0; i < o.count; ++i) sums[i % 8] += double{o.x.data[i]} * double{o.x.data[i]};
    *o.sum.data = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }

 private:
  using Vec = cpu::Vec;
  using Elementwise = RefElementwise<float>;
  using Parameters = RefParameters<float>;

  template <class Reference, class Operation>
  static void in_pieces(CpuWork& work, const Operation& operation) {
    cpu::parallel_pieces(work.threads(), operation.count, [&](std::size_t begin, std::size_t count) {
      Operation piece = operation;
      piece.count = count;
      if constexpr (requires { piece.first; }) piece.first += begin;
      const auto advance = [begin](std::string_view, auto& operand) {
        if constexpr (requires { operand.written; })
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(*operand.data)>, float>) operand.data += begin;
      };
      Operation::visit(advance, piece);
      Reference::run(work, piece);
    });
  }

  struct Normal {
    Vec cdf, density;
  };
  /// Of the normal distribution at x, the former to 1e-7 (Abramowitz & Stegun 1964, 7.1.26):
  ///   erfc(z) = (a1·t + … + a5·t^5)·e^(-z²) for z >= 0, t = 1 / (1 + 0.3275911·z), z = |x| / √2
  static Normal normal(Vec x) {
    const Vec one = cpu::broadcast(1), z = cpu::max(x, -x) * cpu::broadcast(0.70710678f);
    const Vec t = one / cpu::fma(cpu::broadcast(0.3275911f), z, one), e = cpu::exp(-(z * z));
    Vec sum = cpu::broadcast(1.061405429f);
    for (const float a : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f})
      sum = cpu::fma(sum, t, cpu::broadcast(a));
    const Vec tail = cpu::broadcast(0.5f) * sum * t * e;  // beyond |x|
    return {tail + cpu::where_positive(x, one - (tail + tail)), cpu::broadcast(0.39894228f) * e};
  }
  static Vec growth(Vec x) { return cpu::broadcast(1) + cpu::exp(-x); }
  static void parallel_map(CpuWork& work, std::size_t n, float* to, auto&& f, const auto*... from) {
    cpu::parallel_pieces(work.threads(), n, [=](std::size_t begin, std::size_t count) {
      cpu::map(count, to + begin, f, (from + begin)...);
    });
  }
};

}  // namespace resnet::inline RESNET_ISA
