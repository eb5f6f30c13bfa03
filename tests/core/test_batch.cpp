// SPDX-License-Identifier: MIT
#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/batch.hpp>
#include <resnet/core/context.hpp>

#include <doctest/doctest.h>

#include <utility>

using namespace resnet;
using B = Ref<float>;
using Image = Batch<Shape{3, 4, 5}, B>;

TEST_CASE("Batch: its shape is a type, its size a number") {
  Context<B> ctx;
  const auto x = ctx.make<Shape{3, 4, 5}>(7);
  static_assert(std::is_same_v<decltype(x), const Image> && Image::shape == Shape{3, 4, 5});
  CHECK(x.n() == 7);
  CHECK(x.size() == 420);
  CHECK(Image{}.size() == 0);
  CHECK(Image{}.data() == nullptr);
}

TEST_CASE("Batch: copies share memory, unique tells whether there are any") {
  Context<B> ctx;
  auto a = ctx.make<Shape{3, 4, 5}>(1);
  CHECK(a.unique());
  {
    const auto b = a;
    CHECK(b.data() == a.data());
    CHECK_FALSE(a.unique());
    CHECK_FALSE(b.unique());
  }
  CHECK(a.unique());
  const auto c = std::move(a);
  CHECK(c.unique());
  a = c;
  CHECK_FALSE(c.unique());
  a = {};
  CHECK(c.unique());
}

TEST_CASE("Batch: assignment to itself keeps the memory") {
  Context<B> ctx;
  auto a = ctx.make<Shape{3, 4, 5}>(2);
  const float* memory = a.data();
  auto& same = a;
  a = same;
  CHECK(a.data() == memory);
  CHECK(a.unique());
  a = std::move(same);
  CHECK(a.data() == memory);
  CHECK(a.unique());
}

TEST_CASE("Batch: memory returns with the last handle, and not before") {
  Context<B> ctx;
  auto a = ctx.make<Shape{3, 4, 5}>(1);
  const float* memory = a.data();
  auto b = a;
  a = {};
  CHECK(ctx.make<Shape{3, 4, 5}>(1).data() != memory);
  b = {};
  CHECK(ctx.make<Shape{3, 4, 5}>(1).data() == memory);
}

TEST_CASE("Batch: memory of the caller is never written over") {
  float host[60] = {};
  Context<B> ctx;
  Image x(host, 1);
  CHECK(x.data() == host);
  CHECK_FALSE(x.unique());
  const auto y = ctx.make_like(x);
  CHECK(y.data() != host);
  CHECK(y.n() == 1);
}
