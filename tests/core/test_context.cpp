// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/plan.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/context.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "tests/support/values.hpp"

using namespace resnet;
using B = Ref<float>;

namespace {

template <int Threads>
struct WithThreads : Ref<float> {
  static int max_threads() { return Threads; }
};

}  // namespace

TEST_CASE("Context: threads default to what the backend has") {
  CHECK(Context<WithThreads<4>>().threads() == 4);
  CHECK(Context<WithThreads<4>>(7).threads() == 7);
}

TEST_CASE("Context: a number of threads that the runtime would not survive is refused") {
  CHECK(Context<WithThreads<100'000>>().threads() == 1024);
  CHECK(Context<B>(1024).threads() == 1024);
  CHECK_THROWS_WITH_AS(Context<B>(100'000), "context: expected 0 (all) to 1024 threads, found 100000", Error);
  CHECK_THROWS_AS(Context<B>(1025), Error);
  CHECK_THROWS_WITH_AS(Context<B>(-1), "context: expected 0 (all) to 1024 threads, found -1", Error);
}

TEST_CASE("Context: a batch of more scalars than int counts is refused, before memory is asked for") {
  constexpr Shape image{3, 32, 32}, row{1, 1 << 16};
  Context<B> ctx;
  CHECK_THROWS_WITH_AS(ctx.make<image>(699'051),
                       "batch: expected 0 to 699050 activations of 3072 scalars (2^31 - 1 together), found 699051",
                       Error);
  CHECK_THROWS_WITH_AS(ctx.make<Shape{7}>(-1), doctest::Contains("found -1"), Error);
  CHECK_THROWS_WITH_AS((Batch<row, B>(nullptr, 1 << 15)), doctest::Contains("found 32768"), Error);
  CHECK(Batch<row, B>(nullptr, (1 << 15) - 1).n() == 32767);
  Context<Plan> plan;  // which needs no memory, but counts what Cpu would compute
  CHECK_THROWS_WITH_AS(plan.make<image>(3'000'000), doctest::Contains("found 3000000"), Error);
  const float* nowhere = nullptr;
  const std::span<const float> huge(nowhere, (std::size_t{1} << 32) + 5);  // 5, were it cut to an int
  CHECK_THROWS_WITH_AS(ctx.upload<Shape{1}>(huge), doctest::Contains("found 4294967301"), Error);
}

TEST_CASE("Context: make_like gives the memory of x only if nobody else sees it") {
  Context<B> ctx;
  const auto x = ctx.make<Shape{3}>(2);
  CHECK(ctx.make_like(x).data() == x.data());
  const auto other = x;
  const auto y = ctx.make_like(x);
  CHECK(y.data() != x.data());
  CHECK(y.n() == 2);
}

TEST_CASE("Context: poison fills new activations and scratch with NaN") {
  Context<B> ctx;
  ctx.poison(true);
  const auto x = ctx.make<Shape{5}>(3);
  const auto scratch = ctx.scratch(11);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::isnan(x.data()[i]));
  for (std::size_t i = 0; i < 11; ++i) CHECK(std::isnan(scratch.data()[i]));
}

TEST_CASE("Context: reserve makes one piece of the arena, peak_bytes tells the use of it") {
  Context<B> ctx;
  ctx.reserve(1000);
  const auto a = ctx.make<Shape{100}>(1);
  const auto b = ctx.make<Shape{100}>(1);
  CHECK(b.data() == a.data() + 112);  // 100 floats are 7 lines
  CHECK(ctx.peak_bytes() == 2 * 448);
  ctx.reserve(500);  // no more than there is
  const auto scratch = ctx.scratch(1 << 20);
  CHECK(ctx.peak_bytes() == 2 * 448);  // activations only
}

TEST_CASE("Context: upload takes whole images of any floating type") {
  Context<B> ctx;
  const std::vector<double> two_images{1, 2, 3, 4};
  const auto x = ctx.upload<Shape{1, 1, 2}>(std::span<const double>(two_images));
  CHECK(x.n() == 2);
  CHECK(test::values_of(x) == two_images);
  CHECK(test::values_of(ctx.upload<Shape{1, 1, 2}>(two_images)) == two_images);  // whatever has data and size
  CHECK(test::values_of(ctx.upload<Shape{2}>(std::array<float, 2>{1, 2})) == test::Values{1, 2});
  const float row[] = {3, 4};
  CHECK(test::values_of(ctx.upload<Shape{2}>(row)) == test::Values{3, 4});
  CHECK_THROWS_WITH_AS((ctx.upload<Shape{3}>(two_images)), "upload: expected whole images of 3 values, found 4 values",
                       Error);
  CHECK_THROWS_WITH_AS((ctx.upload<Shape{3}>(std::vector<float>())), doctest::Contains("found 0 values"), Error);
}

TEST_CASE("Context: each stream is new, and the position can be restored") {
  Context<B> ctx(1, 42);
  const RandomStream first = ctx.next_stream();
  const RandomStream position = ctx.stream_position();
  const RandomStream second = ctx.next_stream();
  CHECK(first.seed == 42);
  CHECK(first != second);
  ctx.set_stream_position(position);
  CHECK(ctx.next_stream() == second);
  Context<B> resumed(1, 7);
  resumed.set_stream_position(position);
  CHECK(resumed.next_stream() == second);
}
