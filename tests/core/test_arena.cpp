// SPDX-License-Identifier: MIT
#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/arena.hpp>
#include <resnet/core/context.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "tests/support/values.hpp"

using namespace resnet;
using B = Ref<float>;
using Piece = Arena<B>::Piece;

namespace {

constexpr std::size_t line = 16;  // floats in 64 bytes: the unit of allocation

struct Fixture {
  Arena<B>& arena = *new Arena<B>;
  ~Fixture() { arena.abandon(); }
  void free(auto*... blocks) { (arena.drop_handle(blocks), ...); }
};

/// Backend memory that counts itself.
struct Counted : Ref<float> {
  static inline int alive = 0;
  static float* allocate(std::size_t n) { return ++alive, Ref<float>::allocate(n); }
  static void deallocate(float* p) { --alive, Ref<float>::deallocate(p); }
};

}  // namespace

TEST_CASE("Arena: sizes are rounded up to aligned lines, also nothing gets one") {
  Fixture f;
  f.arena.reserve(8 * line);
  Piece *none = f.arena.allocate(0), *one = f.arena.allocate(1), *full = f.arena.allocate(line),
        *more = f.arena.allocate(line + 1), *last = f.arena.allocate(1);
  CHECK(one->data == none->data + line);
  CHECK(full->data == one->data + line);
  CHECK(more->data == full->data + line);
  CHECK(last->data == more->data + 2 * line);
  for (const Piece* b : {none, one, full, more, last}) CHECK(reinterpret_cast<std::uintptr_t>(b->data) % 64 == 0);
  CHECK(f.arena.peak_bytes() == 6 * 64);
  f.free(none, one, full, more, last);
}

TEST_CASE("Arena: the first gap that is large enough is taken") {
  Fixture f;
  f.arena.reserve(16 * line);
  Piece *a = f.arena.allocate(2 * line), *b = f.arena.allocate(line), *c = f.arena.allocate(4 * line),
        *d = f.arena.allocate(line);
  float *place_a = a->data, *place_c = c->data;
  f.free(a, c);
  Piece* three = f.arena.allocate(3 * line);
  CHECK(three->data == place_c);
  Piece* one = f.arena.allocate(line);
  CHECK(one->data == place_a);
  Piece* rest = f.arena.allocate(line);
  CHECK(rest->data == place_a + line);
  f.free(b, d, three, one, rest);
}

TEST_CASE("Arena: neighbours that are free become one piece, in whatever order they went") {
  std::vector<int> order{0, 1, 2};
  do {
    Fixture f;
    f.arena.reserve(4 * line);
    Piece* blocks[] = {f.arena.allocate(line), f.arena.allocate(line), f.arena.allocate(line)};
    Piece* wall = f.arena.allocate(line);
    float* place = blocks[0]->data;
    for (const int i : order) f.free(blocks[i]);
    Piece* whole = f.arena.allocate(3 * line);
    CHECK(whole->data == place);
    CHECK(f.arena.reserved_bytes() == 4 * 64);
    f.free(whole, wall);
    Piece* all = f.arena.allocate(4 * line);
    CHECK(all->data == place);
    f.free(all);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("Arena: grows by chunks that double it, and what was handed out stays in place") {
  Fixture f;
  f.arena.reserve(2 * line);
  Piece* a = f.arena.allocate(2 * line);
  float* place = a->data;
  place[0] = 42;
  Piece* b = f.arena.allocate(line);
  CHECK(f.arena.reserved_bytes() == 4 * 64);
  Piece* c = f.arena.allocate(100 * line);
  CHECK(f.arena.reserved_bytes() == 104 * 64);
  CHECK(a->data == place);
  CHECK(place[0] == 42);
  CHECK(f.arena.peak_bytes() == 104 * 64);  // counted from the start of the first chunk
  f.free(a, b, c);
}

TEST_CASE("Arena: equal requests get equal places, and no pieces overlap") {
  Fixture f;
  const auto run = [&] {
    std::vector<std::pair<Piece*, std::size_t>> live;
    std::vector<float*> places;
    Random random{{3, 1}};
    for (int step = 0; step < 2000; ++step) {
      if (live.size() < 20 && random.chance(0.6)) {
        const std::size_t count = 1 + random.below(500);
        Piece* b = f.arena.allocate(count);
        std::fill_n(b->data, count, static_cast<float>(step));
        b->data[count - 1] = b->data[0];
        live.emplace_back(b, count);
        places.push_back(b->data);
      } else if (!live.empty()) {
        const auto i = live.begin() + random.below(static_cast<std::uint32_t>(live.size()));
        const auto [b, count] = *i;
        if (std::count(b->data, b->data + count, b->data[0]) != static_cast<std::ptrdiff_t>(count))
          FAIL("step " << step << ": somebody else wrote into a block");
        f.free(b);
        live.erase(i);
      }
    }
    for (auto [b, count] : live) f.free(b);
    return places;
  };
  run();  // grows
  const auto places = run();
  const std::size_t reserved = f.arena.reserved_bytes(), peak = f.arena.peak_bytes();
  CHECK(run() == places);
  CHECK(f.arena.reserved_bytes() == reserved);
  CHECK(f.arena.peak_bytes() == peak);
}

TEST_CASE("Arena: memory outlives the Context as long as somebody holds a handle") {
  {
    Batch<Shape{5}, Counted> kept;
    {
      Context<Counted> ctx;
      ctx.reserve(4096);
      const auto gone = ctx.make<Shape{7}>(3);
      kept = ctx.make<Shape{5}>(2);
      Counted::fill(kept.size(), 3, kept.data());
      const auto scratch = ctx.scratch(10);
    }
    CHECK(Counted::alive == 1);  // the scratch arena has gone
    CHECK(test::values_of(kept) == test::Values(10, 3.0));
  }
  CHECK(Counted::alive == 0);
}
