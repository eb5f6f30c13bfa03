// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/pyramid_net.hpp>

#include <array>
#include <type_traits>
#include <utility>

#include "tests/models/check_model.hpp"

using namespace resnet;
using test::Values;

namespace {

using Small = PyramidNet<14, 10, 4, 5, Cpu>;
constexpr Shape image{3, 8, 8};

constexpr int alphas = 11;
/// Σ k · (width of block k), which no wrong width leaves as it is, for each of the alphas.
template <int Depth>
std::array<long long, alphas> sums() {
  constexpr auto sum = []<int Alpha>(std::integral_constant<int, Alpha>) {
    long long sum = 0;
    for (int k = 1; k <= (Depth - 2) / 2; ++k) sum += 1LL * k * pyramid_width<Depth, Alpha, 16>(k);
    return sum;
  };
  const auto all = [&]<int... Alpha>(std::integer_sequence<int, Alpha...>) {
    return std::array{sum(std::integral_constant<int, Alpha>{})...};
  };
  return all(std::integer_sequence<int, 5, 48, 51, 84, 90, 117, 150, 200, 243, 270, 300>{});
}

}  // namespace

// tests/golden/make_pyramid_net.py counts the same; the paper says 3.8 million.
static_assert(parameter_count<PyramidNet110_84<>> == 3'904'446);
static_assert(pyramid_width<110, 84, 16>(1) == 18 && pyramid_width<110, 84, 16>(54) == 100);

static_assert(pyramid_width<110, 5, 16>(27) == 18);  // 18.5, were each step exact
static_assert(pyramid_width<74, 9, 16>(2) == 16);    // 16.5, and each step is exact: the even one
// The table is that of the original's lines (PyramidNet.py), in Python 3:
//   def widths(depth, alpha, width=16):
//       n = (depth - 2) // 6
//       for k in range(1, 3 * n + 1):
//           width = width + alpha / (3 * n * 1.0)
//           yield k, int(round(width))
//   sum(k * w for k, w in widths(depth, alpha))
TEST_CASE("PyramidNet: the original's widths, for many depths and alphas") {
  using Sums = std::array<long long, alphas>;
  CHECK(sums<20>() == Sums{875, 2241, 2334, 3381, 3570, 4425, 5469, 7056, 8415, 9270, 10221});
  CHECK(sums<38>() == Sums{3325, 8358, 8718, 12576, 13281, 16440, 20313, 26176, 31212, 34371, 37884});
  CHECK(sums<74>() == Sums{12919, 32268, 33621, 48474, 51180, 63321, 78219, 100676, 120051, 132192, 145710});
  CHECK(sums<110>() == Sums{28777, 71700, 74637, 107670, 113679, 140733, 173619, 223582, 266544, 293535, 323490});
  CHECK(sums<146>() == Sums{50908, 126720, 132054, 190305, 200850, 248424, 306684, 394860, 470772, 518346, 571251});
  CHECK(sums<164>() == Sums{64361, 160029, 166710, 240351, 253656, 313803, 387249, 498708, 594459, 654615, 721419});
  CHECK(sums<200>() == Sums{95825, 238536, 248214, 357774, 377655, 467259, 576564, 742725, 885195, 974709, 1074336});
  CHECK(sums<218>() == Sums{113989, 283440, 295227, 425286, 448818, 555345, 685356, 882560, 1052109, 1158588, 1276794});
  CHECK(sums<272>() ==
        Sums{177745, 441801, 460119, 662901, 699705, 865548, 1068330, 1375565, 1639521, 1805400, 1989720});
}

TEST_CASE("PyramidNet: learns, is saved, loaded and frozen") {
  static_assert(parameter_count<Small> == 27 * 4 + 8 + (9 * 6 * 10 + 32) + (9 * 7 * 13 + 40) + (9 * 9 * 16 + 50) +
                                              (9 * 11 * 20 + 62) + (9 * 12 * 23 + 70) + (9 * 14 * 26 + 80) + 28 + 75);
  test::check_model<Small, image>(0.05);
}

TEST_CASE("PyramidNet: zero_gamma silences every block's last norm, and every block has a DropPath") {
  Context<Cpu> ctx;
  Small model;
  initialize(ctx, model, {.zero_gamma = true});
  int silent = 0;
  for_each_parameter(
      [&](std::string_view name, Role, const auto& t) {
        silent += name.ends_with("bn3.weight") && test::values_of(t) == Values(t.size(), 0.0);
      },
      model);
  CHECK(silent == 6);
  CHECK(set_drop_path(model, 0.5) == 6);
}
