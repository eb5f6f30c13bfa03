// SPDX-License-Identifier: MIT
#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/tensor.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;
using T = Tensor<Ref<float>, 2, 3>;

namespace {

T counting() {
  T t;
  test::upload<Ref<float>>({1, 2, 3, 4, 5, 6}, t.data());
  return t;
}
const Values counted{1, 2, 3, 4, 5, 6};

struct Two {
  using Backend = Ref<float>;
  T a, b;
  static void visit(auto&& f, auto&... self) {
    f("a", Role::weight, self.a...);
    f("b", Role::weight, self.b...);
  }
};

}  // namespace

TEST_CASE("Tensor: starts at zero, aligned, with its dimensions in the type") {
  const T t;
  CHECK(test::values_of(t) == Values(6, 0.0));
  CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
  static_assert(T::size() == 6);
  CHECK(std::ranges::equal(t.dims(), std::array{2, 3}));
  static_assert(Tensor<Ref<float>, 1 << 16, 1 << 16>::size() == std::size_t{1} << 32);
  static_assert(is_tensor<T> && !is_tensor<int>);
}

TEST_CASE("Tensor: copies are deep") {
  const T a = counting();
  T b = a;
  CHECK(b.data() != a.data());
  b.data()[0] = 7;
  CHECK(test::values_of(a) == counted);
  T c;
  c = a;
  CHECK(c.data() != a.data());
  CHECK(test::values_of(c) == counted);
}

TEST_CASE("Tensor: a move takes the memory along, and what was moved from can be assigned to") {
  T a = counting();
  const float* memory = a.data();
  T b = std::move(a);
  CHECK(b.data() == memory);
  T c;
  c = std::move(b);
  CHECK(c.data() == memory);
  CHECK(test::values_of(c) == counted);
  a = c;
  CHECK(test::values_of(a) == counted);
  std::swap(a, c);
  CHECK(a.data() == memory);
}

TEST_CASE("Tensor: assignment to itself changes nothing") {
  T a = counting();
  T& same = a;
  a = same;
  CHECK(test::values_of(a) == counted);
  a = std::move(same);
  CHECK(test::values_of(a) == counted);
}

TEST_CASE("Tensor: released, it has no memory, refuses to be written to, and for_each_parameter passes over it") {
  T t = counting();
  CHECK_FALSE(t.released());
  t.release();
  CHECK(t.released());
  CHECK(std::as_const(t).data() == nullptr);
  CHECK_THROWS_WITH_AS(t.data(), doctest::Contains("found a gradient that was released"), Error);
  T copy = t;
  CHECK(copy.released());
  copy = counting();
  CHECK(test::values_of(copy) == counted);

  Two two, other{counting(), counting()};
  two.a.release();
  zero(two);
  for_each_parameter(
      [](std::string_view name, Role, const auto&, const auto& x) {
        CHECK(name == "b");
        CHECK(test::values_of(x) == counted);
      },
      two, other);
  CHECK(test::state_names(two) == std::vector<std::string>{"b"});
}
