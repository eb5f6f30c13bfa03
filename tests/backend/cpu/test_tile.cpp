// SPDX-License-Identifier: MIT
// Tiles against plain loops, exactly: small whole numbers. Whatever a tile has no business with is NaN.
#include <resnet/backend/cpu/tile.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace resnet;
using cpu::Into;
using cpu::lanes;
using cpu::max_rows;
using cpu::tile_columns;
using cpu::Walk;

namespace {

constexpr float unset = std::numeric_limits<float>::quiet_NaN();

/// A small whole number that depends on all of i, j and k.
float number(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k) {
  return static_cast<float>((i * 5 + j * 11 + k * 3 + i * j * k) % 4 + (i + j + k) % 3 - 1);
}

/// A product of `rows` x `columns`; the operands' rows lie apart, and nothing is aligned.
class Product {
 public:
  Product(const Walk& walk, int rows, int columns)
      : walk_(walk), rows_(rows), columns_(columns), written_((columns + lanes - 1) / lanes * lanes) {
    for (int run = 0; run < walk.runs; ++run)
      for (int k = 0; k < walk.length; ++k) {
        const std::ptrdiff_t at = a_at(run, k), row = b_at(run, k);
        for (int r = 0; r < rows; ++r) a_row(r)[at] = number(r, at, 1);
        for (int j = 0; j < written_; ++j) b_[static_cast<std::size_t>(row + j)] = number(row + j, 1, 2);
      }
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < written_; ++j) c_row(r)[j] = number(r, j, 7);
  }

  void check(Into into) {
    const float* a[max_rows];
    float* c[max_rows];
    for (int r = 0; r < rows_; ++r) a[r] = a_row(r), c[r] = c_row(r);
    std::vector<float> want = c_;
    for (int r = 0; r < rows_; ++r)
      for (int j = 0; j < written_; ++j) want[c_index(r, j)] = sum(r, j) + (into == Into::overwrite ? 0 : c[r][j]);
    cpu::tile_product(walk_, rows_, a, b_.data(), c, columns_, into);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < want.size(); ++i)
      if (std::isnan(want[i]) ? !std::isnan(c_[i]) : c_[i] != want[i]) ++wrong;
    CHECK(wrong == 0);
  }

 private:
  static constexpr std::ptrdiff_t a_reach = 200;  // of a walk, to both sides
  static constexpr std::ptrdiff_t a_stride = 2 * a_reach + 1, c_stride = tile_columns + 3;

  std::ptrdiff_t a_at(int run, int k) const { return run * walk_.a_run + k * walk_.a_step; }
  std::ptrdiff_t b_at(int run, int k) const { return (run * walk_.length + k) * walk_.b_step; }
  float* a_row(int r) { return a_.data() + (max_rows - 1 - r) * a_stride + a_reach; }  // the last one first
  static std::size_t c_index(int r, int j) { return static_cast<std::size_t>(r * c_stride + 1 + j); }
  float* c_row(int r) { return c_.data() + c_index(r, 0); }

  float sum(int r, int j) {
    float sum = 0;
    for (int run = 0; run < walk_.runs; ++run)
      for (int k = 0; k < walk_.length; ++k)
        sum += a_row(r)[a_at(run, k)] * b_[static_cast<std::size_t>(b_at(run, k) + j)];
    return sum;
  }

  Walk walk_;
  int rows_, columns_, written_;  // whole vectors are written
  std::vector<float> a_ = std::vector<float>(max_rows * a_stride, unset);
  std::vector<float> b_ = std::vector<float>(static_cast<std::size_t>(b_at(walk_.runs, 0)) + tile_columns, unset);
  std::vector<float> c_ = std::vector<float>(max_rows * c_stride + 1, unset);
};

}  // namespace

TEST_CASE("tile_product: all sizes and walks") {
  const Walk walks[] = {
      {.runs = 1, .length = 1},
      {.runs = 1, .length = 37},
      {.runs = 3, .length = 5, .a_run = 20},
      {.runs = 3, .length = 5},                               // the same part of a in each run
      {.runs = 4, .length = 3, .a_run = -7, .a_step = 11},    // interleaved, backwards
      {.runs = 2, .length = 9, .a_run = 5, .a_step = -2},     //
      {.runs = 1, .length = 6, .a_step = 0},                  // one scalar for all steps
      {.runs = 2, .length = 4, .a_run = 4, .b_step = 100},    // a panel in a wider matrix
      {.runs = 2, .length = 4, .a_run = 4, .b_step = lanes},  // overlapping rows of b
      {.runs = 2, .length = 4, .a_run = 4, .b_step = lanes + 1},
      {.runs = 0, .length = 4},
      {.runs = 4, .length = 0, .a_run = 3},
  };
  for (const Walk& walk : walks)
    for (int rows = 1; rows <= max_rows; ++rows)
      for (int columns = 1; columns <= tile_columns; ++columns)
        for (const Into into : {Into::overwrite, Into::add, Into::extend}) {
          CAPTURE(&walk - walks);
          CAPTURE(rows);
          CAPTURE(columns);
          Product(walk, rows, columns).check(into);
        }
}

TEST_CASE("tile_product: a sum that is cut and extended is the same bits as the whole") {
  constexpr int length = 41;
  std::vector<float> a(length), b(length * tile_columns), whole(tile_columns), parts(tile_columns);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(static_cast<float>(i) + 0.3f);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = std::cos(static_cast<float>(i) * 1.7f);
  const float* row = a.data();
  float *to = whole.data(), *to_parts = parts.data();
  cpu::tile_product(Walk{1, length}, 1, &row, b.data(), &to, tile_columns);
  for (int k = 0; k < length; k += 10) {
    const float* rest = a.data() + k;
    cpu::tile_product(Walk{1, std::min(10, length - k)}, 1, &rest, b.data() + k * tile_columns, &to_parts, tile_columns,
                      k == 0 ? Into::overwrite : Into::extend);
  }
  CHECK(parts == whole);
}

TEST_CASE("for_each_group: in order, without gaps, sizes that differ by one at most") {
  for (int n = 0; n <= 100; ++n)
    for (const int most : {1, 2, 6, 14, 200}) {
      CAPTURE(n);
      CAPTURE(most);
      int end = 0, groups = 0, smallest = most, largest = 0;
      cpu::for_each_group(n, most, [&](int begin, int count) {
        CHECK(begin == end);
        end += count;
        ++groups;
        smallest = std::min(smallest, count);
        largest = std::max(largest, count);
      });
      CHECK(end == n);
      CHECK(groups == (n + most - 1) / most);
      if (n > 0) CHECK(smallest > 0);
      if (n > 0) CHECK(largest <= std::min(most, smallest + 1));
    }
}

TEST_CASE("panels and extent") {
  CHECK(cpu::panels(0) == 0);
  CHECK(cpu::panels(1) == 1);
  CHECK(cpu::panels(tile_columns) == 1);
  CHECK(cpu::panels(tile_columns + 1) == 2);
  CHECK(extent() == 1);
  CHECK(extent(3, 0) == 0);
  CHECK(extent(1 << 20, 1 << 20, 4) == std::size_t{1} << 42);  // more than an int holds
}
