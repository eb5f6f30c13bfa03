// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/pyramid_net.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;
using test::Values;

namespace {

using Small = PyramidNet<14, 10, 4, 5, Cpu>;
constexpr Shape image{3, 8, 8};

}  // namespace

// tests/golden/make_pyramid_net.py counts the same; the paper says 3.8 million.
static_assert(parameter_count<PyramidNet110_84<>> == 3'904'446);
static_assert(pyramid_width<110, 84, 16>(1) == 18 && pyramid_width<110, 84, 16>(54) == 100);

TEST_CASE("PyramidNet: learns, is saved, loaded and frozen") {
  static_assert(parameter_count<Small> ==
                27 * 4 + 8 + (9 * 6 * 10 + 32) + (9 * 7 * 13 + 40) + (9 * 9 * 16 + 50) + (9 * 11 * 20 + 62) +
                    (9 * 12 * 23 + 70) + (9 * 14 * 26 + 80) + 28 + 75);
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
