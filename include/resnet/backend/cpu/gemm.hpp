// SPDX-License-Identifier: MIT
// Matrix multiplication on one thread, by Eigen: the only include of Eigen.
//
// Eigen's public product would allocate its packing buffers and start threads of its own. This calls the
// routine underneath (Eigen 3.4's general_matrix_matrix_product) with buffers from our scratch instead.
#pragma once

#include <resnet/core/fwd.hpp>

// g++ 12 warns about its own AVX-512 intrinsics wherever they are inlined (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// A row-major matrix, to be read as it is or transposed.
struct Matrix {
  const float* data;
  std::ptrdiff_t stride;
};

/// How Eigen blocks a product of (rows, depth) and (depth, cols), with the memory for its packed operands.
/// It serves smaller products too. (Blocking each by itself would not: a smaller one can need more memory.)
class GemmBlocking : public Eigen::internal::level3_blocking<float, float> {
 public:
  GemmBlocking(std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t depth) {
    m_mc = cols;  // Eigen computes the column-major transpose: its rows are our columns
    m_nc = rows;
    m_kc = depth;
    Eigen::internal::computeProductBlockingSizes<float, float>(m_kc, m_mc, m_nc, std::ptrdiff_t{1});
  }
  /// Floats that `gemm` needs, in whole lines of 64 bytes.
  std::size_t scratch() const { return lines(m_kc * m_mc) + lines(m_kc * m_nc); }
  void use(float* memory) {
    m_blockA = memory;
    m_blockB = memory + lines(m_kc * m_mc);
  }

 private:
  static std::size_t lines(std::ptrdiff_t floats) { return (static_cast<std::size_t>(floats) + 15) / 16 * 16; }
};

/// c (rows, cols) += op(a) (rows, depth) · op(b) (depth, cols), where op transposes if asked to.
template <bool TransposeA, bool TransposeB>
void gemm(int rows, int cols, int depth, Matrix a, Matrix b, float* c, std::ptrdiff_t c_stride,
          GemmBlocking blocking,  // of these sizes or larger ones
          float* scratch) {       // blocking.scratch() floats, 64-byte aligned
  constexpr int order_a = TransposeA ? Eigen::RowMajor : Eigen::ColMajor;
  constexpr int order_b = TransposeB ? Eigen::RowMajor : Eigen::ColMajor;
  blocking.use(scratch);
  Eigen::internal::general_matrix_matrix_product<std::ptrdiff_t, float, order_b, false, float, order_a, false,
                                                 Eigen::ColMajor, 1>::run(cols, rows, depth, b.data, b.stride,
                                                                          a.data, a.stride, c, 1, c_stride, 1.0f,
                                                                          blocking, nullptr);
}

}  // namespace resnet::inline RESNET_ISA::cpu
