// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/io/dtype.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace resnet;

TEST_CASE("Dtype: names and sizes") {
  for (const DtypeInfo& d : dtypes) {
    REQUIRE(dtype_named(d.name));
    CHECK(dtype_info(*dtype_named(d.name)).name == d.name);
  }
  CHECK(dtype_named("F64") == Dtype::f64);
  CHECK(dtype_named("BF16") == Dtype::bf16);
  CHECK(dtype_named("BOOL") == Dtype::boolean);
  CHECK(!dtype_named("f32"));
  CHECK(!dtype_named("F8_E4M3"));
  CHECK(dtype_info(dtype_of<double>()).bytes == sizeof(double));
}

TEST_CASE("Dtype: every half-precision number has its value") {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const float got = half_to_float(static_cast<std::uint16_t>(bits));
    CAPTURE(bits);
    REQUIRE(std::signbit(got) == (bits >= 0x8000));
    if (exponent == 31 && fraction != 0) {
      REQUIRE(std::isnan(got));
    } else {
      const float want = exponent == 31  ? std::numeric_limits<float>::infinity()
                         : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                         : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
      REQUIRE(std::fabs(got) == want);
    }
  }
}

TEST_CASE("Dtype: conversion from every stored type") {
  const auto check = []<class Stored>(Dtype type, std::vector<Stored> stored, std::vector<double> want) {
    // One byte in front: the elements are not aligned.
    std::vector<std::byte> bytes(1 + stored.size() * sizeof(Stored));
    std::memcpy(bytes.data() + 1, stored.data(), bytes.size() - 1);
    std::vector<double> d(stored.size());
    std::vector<float> f(stored.size());
    convert(type, bytes.data() + 1, d.size(), d.data());
    convert(type, bytes.data() + 1, f.size(), f.data());
    for (std::size_t i = 0; i < want.size(); ++i) {
      CHECK(d[i] == want[i]);
      CHECK(f[i] == static_cast<float>(want[i]));
    }
  };
  check(Dtype::f64, std::vector<double>{0.1, -1e-310}, {0.1, -1e-310});
  check(Dtype::f32, std::vector<float>{0.1f, 3e38f}, {0.1f, 3e38f});
  check(Dtype::f16, std::vector<std::uint16_t>{0x3C00, 0xC248, 0x0001}, {1, -3.140625, 0x1p-24});
  check(Dtype::bf16, std::vector<std::uint16_t>{0x3F80, 0xC049, 0x0001}, {1, -3.140625, 0x1p-133});
  check(Dtype::i64, std::vector<std::int64_t>{-5, std::int64_t{1} << 40}, {-5, 0x1p40});
  check(Dtype::i32, std::vector<std::int32_t>{-5, 1 << 30}, {-5, 0x1p30});
  check(Dtype::i16, std::vector<std::int16_t>{-5, 300}, {-5, 300});
  check(Dtype::i8, std::vector<std::int8_t>{-5, 127}, {-5, 127});
  check(Dtype::u8, std::vector<std::uint8_t>{5, 255}, {5, 255});
  check(Dtype::boolean, std::vector<std::uint8_t>{0, 1}, {0, 1});

  const std::int64_t large = (std::int64_t{1} << 53) + 1;  // no double holds it
  std::int64_t same = 0;
  convert(Dtype::i64, reinterpret_cast<const std::byte*>(&large), 1, &same);
  CHECK(same == large);
}

TEST_CASE("Dtype: a number that 64-bit integers can't hold is an Error, not undefined") {
  const auto integer = [](double from) {
    std::int64_t to = 0;
    convert(Dtype::f64, reinterpret_cast<const std::byte*>(&from), 1, &to);
    return to;
  };
  CHECK(integer(-3.9) == -3);
  CHECK(integer(-0x1p63) == std::numeric_limits<std::int64_t>::min());
  CHECK(integer(0x1.fffffffffffffp62) == 0x7FFFFFFFFFFFFC00);
  for (const double beyond : {0x1p63, -0x1.0000000000001p63, 1e300, std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(integer(beyond), doctest::Contains("expected a number that 64-bit integers can hold, found "),
                         Error);
  const std::uint16_t half_infinity = 0x7C00;
  std::int64_t to = 0;
  CHECK_THROWS_AS(convert(Dtype::f16, reinterpret_cast<const std::byte*>(&half_infinity), 1, &to), Error);
}

TEST_CASE("Dtype: the first value that is not finite") {
  const auto first = []<class Stored>(Dtype type, std::vector<Stored> values, Dtype as) {
    return first_not_finite(type, reinterpret_cast<const std::byte*>(values.data()), values.size(), as);
  };
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const float largest = std::numeric_limits<float>::max();
  CHECK(first(Dtype::f64, std::vector<double>{1, 1e308, -inf, nan}, Dtype::f64) == 2);
  CHECK(first(Dtype::f64, std::vector<double>{1, 1e308, -inf, nan}, Dtype::f32) == 1);
  CHECK(first(Dtype::f64, std::vector<double>{largest, 0x1.fffffeffffffp127, -0x1.ffffffp127}, Dtype::f32) == 2);
  CHECK(static_cast<float>(0x1.fffffeffffffp127) == largest);
  CHECK(first(Dtype::f32, std::vector<float>{largest, -largest, 0, -0.f, 1e-45f}, Dtype::f32) == 5);
  CHECK(first(Dtype::f32, std::vector<float>{0, static_cast<float>(-nan)}, Dtype::f64) == 1);
  CHECK(first(Dtype::f16, std::vector<std::uint16_t>{0x7BFF, 0xFBFF, 0xFC01}, Dtype::f32) == 2);
  CHECK(first(Dtype::bf16, std::vector<std::uint16_t>{0x7F7F, 0xFF80}, Dtype::f32) == 1);
  CHECK(first(Dtype::i64, std::vector<std::int64_t>{-1, std::numeric_limits<std::int64_t>::max()}, Dtype::f32) == 2);
}
