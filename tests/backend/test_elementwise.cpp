// SPDX-License-Identifier: MIT
#include "tests/support/backends.hpp"

#include <array>

using namespace resnet;
using test::Operand;
using test::Values;

namespace {

// The Cpu backend cuts elements into pieces of 16,384.
constexpr std::size_t sizes[] = {1, 3, 17, 1000, 16'383, 16'384, 16'385, 32'768, 50'001};

Values magnitudes(const Values& want, double factor) {
  Values units = test::absolute(want);
  for (double& u : units) u *= factor;
  return units;
}
template <class B> void check_relative(auto&& op, double eps_factor) {
  Context<Ref<double>> exact;
  test::check_operation<B>(op, magnitudes(op(exact), eps_factor));
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("add", B, add_op) {
  for (const std::size_t n : sizes) {
    const Values a = test::normal(n, 1), b = test::normal(n, 2);
    for (const int in_place : {0, 1, 2})
      check_relative<B>(
          [&]<class T>(Context<T>& ctx) {
            Operand<T> x(a), y(b), sum(test::unwritten(n));
            Operand<T>& to = in_place == 0 ? sum : in_place == 1 ? x : y;
            T::add(ctx, n, x.data(), y.data(), to.data());
            return to.values();
          },
          1);
  }
}
TEST_CASE_TEMPLATE_APPLY(add_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("relu", B, relu_op) {
  for (const std::size_t n : sizes) {
    const Values whole = test::integers(n, 1), dy = test::normal(n, 2);
    for (const bool in_place : {false, true})
      test::check_operation_exactly<B>([&]<class T>(Context<T>& ctx) {
        Operand<T> x(whole), y(test::unwritten(n)), d(dy), dx(test::unwritten(n));
        Operand<T>& to = in_place ? x : y;
        Operand<T>& dto = in_place ? d : dx;
        T::relu_forward(ctx, n, x.data(), to.data());
        T::relu_backward(ctx, n, to.data(), d.data(), dto.data());
        return test::join(to.values(), dto.values());
      });
  }
}
TEST_CASE_TEMPLATE_APPLY(relu_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("relu: NaN stays NaN", B, relu_nan) {
  Context<B> ctx;
  Operand<B> x({NAN, -NAN, 1}), y(test::unwritten(3));
  B::relu_forward(ctx, 3, x.data(), y.data());
  CHECK(std::isnan(y.values()[0]));
  CHECK(std::isnan(y.values()[1]));
  CHECK(y.values()[2] == 1);
}
TEST_CASE_TEMPLATE_APPLY(relu_nan, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("dropout: the same elements on every backend", B, dropout_op) {
  for (const std::size_t n : sizes) {
    const Values x = test::normal(n, 1);
    for (const bool in_place : {false, true})
      check_relative<B>(
          [&]<class T>(Context<T>& ctx) {
            Operand<T> from(x), y(test::unwritten(n));
            Operand<T>& to = in_place ? from : y;
            T::dropout(ctx, n, 0.3, Stream{1, 2}, from.data(), to.data());
            return to.values();
          },
          2);
  }
}
TEST_CASE_TEMPLATE_APPLY(dropout_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("drop_path: one factor for each image", B, drop_path_op) {
  const Values x = test::normal(7 * 1000, 1);
  for (const bool in_place : {false, true})
    check_relative<B>(
        [&]<class T>(Context<T>& ctx) {
          Operand<T> from(x), y(test::unwritten(x.size()));
          Operand<T>& to = in_place ? from : y;
          T::drop_path(ctx, 7, 1000, 0.3, Stream{1, 2}, from.data(), to.data());
          return to.values();
        },
        2);
  Context<B> ctx;
  Operand<B> y(Values(4 * 3, 1.0));
  B::drop_path(ctx, 4, 3, 0.5, Stream{1, 2}, y.data(), y.data());
  for (std::size_t i = 0; i < 12; ++i) CHECK(y.values()[i] == dropout_factor(0.5, {1, 2}, i / 3));
}
TEST_CASE_TEMPLATE_APPLY(drop_path_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("concat_channels and slice_channels", B, concat_op) {
  for (const int rows : {1, 63, 64, 200}) {
    const auto n = static_cast<std::size_t>(rows);
    const Values a = test::normal(n * 3, 1), b = test::normal(n * 5, 2);
    test::check_operation_exactly<B>([&]<class T>(Context<T>& ctx) {
      Operand<T> left(a), right(b), both(test::unwritten(n * 8)), padded(test::unwritten(n * 8)),
          before(test::unwritten(n * 8)), middle(test::unwritten(n * 4));
      T::concat_channels(ctx, rows, 3, left.data(), 5, right.data(), both.data());
      T::concat_channels(ctx, rows, 3, left.data(), 5, nullptr, padded.data());
      T::concat_channels(ctx, rows, 3, nullptr, 5, right.data(), before.data());
      T::slice_channels(ctx, rows, 8, both.data(), 2, 4, middle.data());
      return test::join(test::join(both.values(), before.values()), test::join(padded.values(), middle.values()));
    });
  }
  Context<B> ctx;
  Operand<B> a({1, 2, 3, 4}), b({5, 6}), both(test::unwritten(6)), part(test::unwritten(4));
  B::concat_channels(ctx, 2, 2, a.data(), 1, b.data(), both.data());
  CHECK(both.values() == Values{1, 2, 5, 3, 4, 6});
  B::slice_channels(ctx, 2, 3, both.data(), 1, 2, part.data());
  CHECK(part.values() == Values{2, 5, 4, 6});
}
TEST_CASE_TEMPLATE_APPLY(concat_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("transpose: each of n matrices", B, transpose_op) {
  for (const auto& [n, rows, columns] : {std::array{1, 1, 1}, {2, 1, 5}, {3, 5, 1}, {2, 16, 16}, {3, 49, 33}, {1, 3, 200}}) {
    const auto size = static_cast<std::size_t>(n * rows * columns);
    test::check_operation_exactly<B>([&, n = n, rows = rows, columns = columns]<class T>(Context<T>& ctx) {
      Operand<T> x(test::normal(size, 1)), y(test::unwritten(size)), back(test::unwritten(size));
      T::transpose(ctx, n, rows, columns, x.data(), y.data());
      T::transpose(ctx, n, columns, rows, y.data(), back.data());
      CHECK(back.values() == x.values());
      return y.values();
    });
  }
  Context<B> ctx;
  Operand<B> x({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), y(test::unwritten(12));
  B::transpose(ctx, 2, 2, 3, x.data(), y.data());
  CHECK(y.values() == Values{1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12});
}
TEST_CASE_TEMPLATE_APPLY(transpose_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("scale and sum_of_squares", B, scale_op) {
  for (const std::size_t n : sizes) {
    const Values x = test::normal(n, 1);
    check_relative<B>(
        [&]<class T>(Context<T>& ctx) {
          Operand<T> y(x);
          T::scale(ctx, n, 0.3, y.data());
          return y.values();
        },
        2);
    check_relative<B>(  // summed in double, whatever the backend's scalar
        [&]<class T>(Context<T>& ctx) {
          Operand<T> y(x);
          return Values{T::sum_of_squares(ctx, n, y.data())};
        },
        1e-6);
  }
}
TEST_CASE_TEMPLATE_APPLY(scale_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("clamp", B, clamp_op) {
  for (const std::size_t n : sizes)
    test::check_operation_exactly<B>([&]<class T>(Context<T>& ctx) {
      Operand<T> y(test::normal(n, 1));
      T::clamp(ctx, n, -0.5, 0.75, y.data());
      return y.values();
    });
  Context<B> ctx;
  Operand<B> y({-2, -0.5, 0.25, 0.75, 3, INFINITY, NAN});
  B::clamp(ctx, 7, -0.5, 0.75, y.data());
  CHECK(std::isnan(y.values()[6]));
  CHECK(Values(test::download<B>(6, y.data())) == Values{-0.5, -0.5, 0.25, 0.75, 0.75, 0.75});
}
TEST_CASE_TEMPLATE_APPLY(clamp_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("lerp", B, lerp_op) {
  for (const std::size_t n : sizes) {
    const Values from = test::normal(n, 1), to = test::normal(n, 2);
    Values units(n);
    for (std::size_t i = 0; i < n; ++i) units[i] = 2 * (std::abs(from[i]) + std::abs(to[i]));
    test::check_operation<B>(
        [&]<class T>(Context<T>& ctx) {
          Operand<T> x(to), y(from);
          T::lerp(ctx, n, 0.3, x.data(), y.data());
          return y.values();
        },
        units);
  }
  Context<B> ctx;
  Operand<B> x({5, 5, 5}), y({1, 5, -3});
  B::lerp(ctx, 3, 0.25, x.data(), y.data());
  CHECK(y.values() == Values{2, 5, -1});
}
TEST_CASE_TEMPLATE_APPLY(lerp_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("fill_normal and fill_uniform: the stream's numbers", B, fill_op) {
  for (const std::size_t n : sizes)
    check_relative<B>(
        [&]<class T>(Context<T>& ctx) {
          Operand<T> normal(test::unwritten(n)), uniform(test::unwritten(n));
          T::fill_normal(ctx, n, Stream{1, 2}, 0.3, normal.data());
          T::fill_uniform(ctx, n, Stream{1, 3}, -2, 5, uniform.data());
          return test::join(normal.values(), uniform.values());
        },
        1);
  Context<B> ctx;
  Operand<B> normal(test::unwritten(3)), uniform(test::unwritten(3));
  B::fill_normal(ctx, 3, Stream{1, 2}, 0.5, normal.data());
  B::fill_uniform(ctx, 3, Stream{1, 2}, -2, 6, uniform.data());
  CHECK(normal.values()[2] == doctest::Approx(0.5 * normal_at({1, 2}, 2)).epsilon(1e-6));
  CHECK(uniform.values()[2] == doctest::Approx(-2 + 8 * uniform_at({1, 2}, 2)).epsilon(1e-6));
}
TEST_CASE_TEMPLATE_APPLY(fill_op, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("memory: copy, fill, upload and download", B, memory_op) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    const Values x = test::normal(n, 1);
    Operand<B> from(x), to(test::unwritten(n));
    B::copy(n, from.data(), to.data());
    CHECK(to.values() == x);
    B::fill(n, typename B::Scalar{3}, to.data());
    CHECK(to.values() == Values(n, 3.0));
  }
  CHECK(B::max_threads() >= 1);
}
TEST_CASE_TEMPLATE_APPLY(memory_op, test::Backends);
