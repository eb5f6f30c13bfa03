// SPDX-License-Identifier: MIT
// Each operation against a plain loop over the lanes. The build compiles this for several instruction sets.
#include <resnet/backend/cpu/simd/vec.hpp>

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string_view>
#include <vector>

using namespace resnet;
using cpu::lanes;
using cpu::Vec;

namespace {

constexpr float unset = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
constexpr float denormal = std::numeric_limits<float>::denorm_min(), largest = std::numeric_limits<float>::max();
const std::vector<float> awkward = {0.0f,      -0.0f,   1.0f, -1.0f, 0.1f,  -3.7f,   denormal,
                                    -denormal, largest, inf,  -inf,  unset, -largest};

/// The same bits; any NaN is the same as any other.
bool same(float a, float b) {
  return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// f(a, b) for vectors in which every awkward number meets every other one, in every lane.
template <class F>
void for_each_pair(F&& f) {
  const std::size_t n = awkward.size();
  for (std::size_t start = 0; start < n * n; ++start) {
    float a[lanes], b[lanes];
    for (std::size_t i = 0; i < lanes; ++i) {
      a[i] = awkward[(start + i) % (n * n) / n];
      b[i] = awkward[(start + i) % n];
    }
    f(cpu::load(a), cpu::load(b));
  }
}

/// Floats that end where the process's memory ends: touching one more is a segmentation fault.
class LastFloats {
 public:
  explicit LastFloats(int count) : count_(count) {
    void* const two = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (two == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(two);
    if (mprotect(memory_ + page_, page_, PROT_NONE) != 0) throw std::bad_alloc();
    for (int i = 0; i < count; ++i) data()[i] = static_cast<float>(i + 1);
  }
  ~LastFloats() { munmap(memory_, 2 * page_); }
  LastFloats(const LastFloats&) = delete;
  LastFloats& operator=(const LastFloats&) = delete;

  float* data() { return reinterpret_cast<float*>(memory_ + page_) - count_; }

 private:
  int count_;
  std::size_t page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::byte* memory_;
};

}  // namespace

TEST_CASE("vec: the instruction set that this was compiled for") {
#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)
  const std::string_view isa = TEXT(RESNET_ISA);
#ifdef EXPECTED_ISA
  CHECK(isa == EXPECTED_ISA);
#endif
  CHECK(lanes == (isa == "avx512" ? 16 : isa == "avx2" ? 8 : 4));
  CHECK(cpu::registers == (isa == "avx512" || isa == "neon" ? 32 : 16));
  CHECK(sizeof(Vec) == lanes * sizeof(float));
}

TEST_CASE("vec: load and store at any alignment, stream at its own") {
  for (int offset = 0; offset < 2 * lanes; ++offset) {
    float from[4 * lanes], to[4 * lanes];
    for (int i = 0; i < 4 * lanes; ++i) from[i] = static_cast<float>(i), to[i] = unset;
    const Vec v = cpu::load(from + offset);
    cpu::store(to + offset, v);
    for (int i = 0; i < lanes; ++i) CHECK(v[i] == from[offset + i]);
    for (int i = 0; i < 4 * lanes; ++i) CHECK(same(to[i], i >= offset && i < offset + lanes ? from[i] : unset));
  }
  alignas(sizeof(Vec)) float to[3 * lanes] = {};
  cpu::stream(to + lanes, cpu::broadcast(2.5f));
  for (int i = 0; i < 3 * lanes; ++i) CHECK(to[i] == (i / lanes == 1 ? 2.5f : 0.0f));
}

TEST_CASE("vec: parts leave the rest alone") {
  for (int count = 0; count <= lanes; ++count)
    for (int offset = 0; offset < lanes; ++offset) {
      CAPTURE(count);
      float from[2 * lanes], to[2 * lanes];
      for (int i = 0; i < 2 * lanes; ++i) {
        from[i] = i >= offset && i < offset + count ? static_cast<float>(i + 1) : unset;
        to[i] = -1;
      }
      const Vec v = cpu::load_part(from + offset, count);
      for (int i = 0; i < lanes; ++i) CHECK(same(v[i], i < count ? from[offset + i] : 0.0f));
      cpu::store_part(to + offset, cpu::load(from), count);
      for (int i = 0; i < 2 * lanes; ++i) CHECK(same(to[i], i >= offset && i < offset + count ? from[i - offset] : -1));
    }
}

TEST_CASE("vec: parts touch no memory behind them") {
  for (int count = 0; count <= lanes; ++count) {
    LastFloats last(count);
    const Vec v = cpu::load_part(last.data(), count);
    for (int i = 0; i < lanes; ++i) CHECK(v[i] == (i < count ? static_cast<float>(i + 1) : 0));
    cpu::store_part(last.data(), v + v, count);
    for (int i = 0; i < count; ++i) CHECK(last.data()[i] == static_cast<float>(2 * (i + 1)));
  }
}

TEST_CASE("vec: gather") {
  for (const std::ptrdiff_t stride : {0, 1, 2, 3, 17, 64, 100'003, -1, -2, -64, -100'003}) {
    CAPTURE(stride);
    const std::ptrdiff_t reach = (lanes - 1) * stride;
    std::vector<float> from(static_cast<std::size_t>(std::abs(reach)) + 1,
                            unset);  // no float before or behind
    float* const p = from.data() + (reach < 0 ? -reach : 0);
    for (int i = 0; i < lanes; ++i) p[i * stride] = static_cast<float>(i + 1);
    const Vec v = cpu::gather(p, stride);
    for (int i = 0; i < lanes; ++i) CHECK(v[i] == p[i * stride]);
  }
}

TEST_CASE("vec: broadcast and pin") {
  for (const float x : awkward) {
    Vec v = cpu::broadcast(x);
    for (int i = 0; i < lanes; ++i) CHECK(same(v[i], x));
    cpu::pin(v);
    for (int i = 0; i < lanes; ++i) CHECK(same(v[i], x));
  }
}

TEST_CASE("vec: sums, differences and products are the scalars' own") {
  for_each_pair([](Vec a, Vec b) {
    const Vec sum = a + b, difference = a - b, product = a * b;
    for (int i = 0; i < lanes; ++i) {
      CHECK(same(sum[i], a[i] + b[i]));
      CHECK(same(difference[i], a[i] - b[i]));
      CHECK(same(product[i], a[i] * b[i]));
    }
  });
}

TEST_CASE("vec: fma rounds once, or as a product and a sum where the processor has no such operation") {
  constexpr bool fused = cpu::registers == 32 || lanes == 8;
  for (const float c : awkward)
    for_each_pair([&](Vec a, Vec b) {
      const Vec v = cpu::fma(a, b, cpu::broadcast(c));
      for (int i = 0; i < lanes; ++i) {
        const float product = a[i] * b[i];
        if (fused || !same(v[i], product + c)) CHECK(same(v[i], std::fma(a[i], b[i], c)));
      }
    });
  // (1 + e)(1 - e) - 1 = -e², which a rounded product loses.
  const float e = std::numeric_limits<float>::epsilon();
  const Vec v = cpu::fma(cpu::broadcast(1 + e), cpu::broadcast(1 - e), cpu::broadcast(-1));
  if (fused) CHECK(v[lanes - 1] == -e * e);
}

TEST_CASE("vec: max is a > b ? a : b, also for NaN and both zeros") {
  for_each_pair([](Vec a, Vec b) {
    const Vec v = cpu::max(a, b);
    for (int i = 0; i < lanes; ++i) CHECK(same(v[i], a[i] > b[i] ? a[i] : b[i]));
  });
}

TEST_CASE("vec: where_positive is x > 0 ? a : 0, also for NaN, both zeros and infinity") {
  for_each_pair([](Vec x, Vec a) {
    const Vec v = cpu::where_positive(x, a);
    for (int i = 0; i < lanes; ++i) CHECK(same(v[i], x[i] > 0 ? a[i] : 0.0f));
  });
}
