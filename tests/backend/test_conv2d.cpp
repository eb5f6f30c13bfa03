// SPDX-License-Identifier: MIT
#include <resnet/op/conv2d.hpp>

#include <span>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

Conv2dGeometry geometry(int n, int h, int w, int c, int o, int kernel, int stride, int padding) {
  return {n, h,      w,      c,      window_count(h, kernel, stride, padding), window_count(w, kernel, stride, padding),
          o, kernel, stride, padding};
}

// n, h, w, channels in and out, kernel, stride, padding. On Cpu direct sums take tiles of up to 6 pixels and 64
// channels, weight gradients blocks of 128 pixels, or strips of 256 where the input has few channels.
const Conv2dGeometry cases[] = {
    geometry(1, 1, 1, 1, 1, 1, 1, 0),     geometry(3, 1, 1, 17, 64, 1, 1, 0),   geometry(3, 7, 5, 16, 3, 1, 2, 0),
    geometry(2, 5, 8, 8, 130, 1, 1, 0),   geometry(1, 8, 7, 3, 8, 1, 3, 2),     geometry(1, 2, 3, 3, 8, 2, 1, 0),
    geometry(3, 17, 17, 1, 64, 2, 3, 0),  geometry(1, 3, 2, 15, 1, 2, 2, 3),    geometry(3, 5, 7, 3, 16, 3, 1, 1),
    geometry(1, 8, 8, 16, 17, 3, 2, 1),   geometry(3, 17, 17, 15, 8, 3, 1, 1),  geometry(3, 8, 8, 64, 64, 3, 1, 1),
    geometry(1, 3, 3, 1, 1, 3, 3, 1),     geometry(1, 1, 1, 64, 3, 3, 1, 1),    geometry(1, 17, 8, 8, 15, 5, 2, 2),
    geometry(1, 5, 5, 64, 1, 5, 1, 3),    geometry(1, 7, 7, 3, 64, 7, 2, 3),    geometry(3, 17, 17, 3, 8, 7, 2, 3),
    geometry(2, 16, 16, 4, 4, 3, 1, 1),   geometry(1, 511, 1, 2, 3, 3, 1, 1),   geometry(3, 171, 1, 2, 3, 3, 1, 1),
    geometry(5, 30, 30, 2, 3, 3, 1, 1),   geometry(17, 16, 16, 3, 4, 3, 1, 1),  geometry(100, 1, 1, 512, 10, 1, 1, 0),
    geometry(512, 1, 1, 72, 1, 1, 1, 0),  geometry(2, 9, 9, 33, 47, 3, 2, 1),   geometry(9, 4, 4, 96, 128, 3, 2, 1),
    geometry(2, 6, 6, 40, 33, 1, 2, 0),   geometry(17, 16, 16, 3, 16, 3, 1, 1), geometry(2, 40, 33, 3, 32, 3, 1, 1),
    geometry(2, 31, 27, 3, 64, 11, 4, 2), geometry(3, 7, 8, 32, 48, 5, 1, 2),   geometry(2, 14, 14, 17, 8, 5, 1, 0),
};

// What Cpu computes with Winograd's algorithm: images of whole and of cut tiles; more tiles than channels and
// fewer; one block of 64 channels and several; one block of tiles and several.
const Conv2dGeometry winograd_cases[] = {
    geometry(3, 8, 8, 64, 64, 3, 1, 1),   geometry(2, 16, 16, 16, 16, 3, 1, 1), geometry(2, 14, 11, 48, 80, 3, 1, 1),
    geometry(13, 4, 4, 32, 144, 3, 1, 1), geometry(14, 4, 3, 144, 32, 3, 1, 1), geometry(3, 13, 9, 32, 16, 3, 1, 0),
    geometry(2, 11, 10, 16, 96, 3, 1, 2), geometry(5, 27, 20, 16, 32, 3, 1, 1), geometry(130, 4, 4, 80, 80, 3, 1, 1),
};

std::size_t in_size(const Conv2dGeometry& g) { return static_cast<std::size_t>(g.n * g.in_h * g.in_w * g.in_c); }
std::size_t out_size(const Conv2dGeometry& g) { return static_cast<std::size_t>(g.n * g.out_h * g.out_w * g.out_c); }
std::size_t weight_size(const Conv2dGeometry& g) {
  return static_cast<std::size_t>(g.out_c * g.kernel * g.kernel * g.in_c);
}

/// The operands of the three operations on one geometry.
struct Operands {
  Conv2dGeometry g;
  Values x, weight, bias, dy, dweight, dbias;  // the last two: what is there before
  Values y, dx;

  template <class Fill>
  Operands(const Conv2dGeometry& geometry, Fill&& fill)
      : g(geometry),
        x(fill(in_size(g), 1)),
        weight(fill(weight_size(g), 2)),
        bias(fill(static_cast<std::size_t>(g.out_c), 3)),
        dy(fill(out_size(g), 4)),
        dweight(fill(weight_size(g), 5)),
        dbias(fill(static_cast<std::size_t>(g.out_c), 6)),
        y(test::unwritten(out_size(g))),
        dx(test::unwritten(in_size(g))) {}

  op::Conv2d<Values, Values> forward(bool with_bias) {
    return {.g = g, .x = &x, .weight = &weight, .bias = with_bias ? &bias : nullptr, .y = &y};
  }
  /// What is added to dx, if anything, lies in the same memory.
  op::Conv2dBackwardData<Values, Values> backward_data(bool add = false) {
    return {.g = g, .dy = &dy, .weight = &weight, .addend = add ? &x : nullptr, .dx = add ? &x : &dx};
  }
  op::Conv2dBackwardWeight<Values, Values> backward_weight(bool with_bias) {
    return {.g = g, .x = &x, .dy = &dy, .dweight = &dweight, .dbias = with_bias ? &dbias : nullptr};
  }
};

constexpr auto directly = [](auto& ctx) {
  if constexpr (std::is_same_v<decltype(ctx), Context<Cpu>&>) ctx.convolution = ConvolutionAlgorithm::direct;
};

template <class B>
void check_exactly(const auto& operation) {
  test::check_operation<B>(operation, Values(test::run_on<Ref<double>>(operation).size(), 0.0), directly);
}

/// Allowed error of a sum: sqrt(terms) eps of the sum of its terms' magnitudes, which the same operation on absolute
/// values gives. `growth`: how much more than a plain sum the algorithm rounds.
template <class B>
void check_rounding(const Conv2dGeometry& g, double growth) {
  Operands of(g, [](std::size_t n, std::uint64_t id) { return test::normal(n, id); });
  Operands magnitude(g, [](std::size_t n, std::uint64_t id) { return test::absolute(test::normal(n, id)); });
  const auto check = [&](const auto& operation, const auto& on_magnitudes, int terms) {
    Values units = test::run_on<Ref<double>>(on_magnitudes);
    for (double& u : units) u *= growth * std::sqrt(terms + 1);
    test::check_operation<B>(operation, units);
  };
  const int taps = g.kernel * g.kernel;
  check(of.forward(true), magnitude.forward(true), taps * g.in_c);
  check(of.backward_data(), magnitude.backward_data(), taps * g.out_c);
  check(of.backward_data(true), magnitude.backward_data(true), taps * g.out_c + 1);
  check(of.backward_weight(true), magnitude.backward_weight(true), g.n * g.out_h * g.out_w);
}

/// Relative error in the L2 norm.
double relative_error(const auto& operation) {
  const Values want = test::run_on<Ref<double>>(operation), found = test::run_on<Cpu>(operation);
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    error += (found[i] - want[i]) * (found[i] - want[i]);
    norm += want[i] * want[i];
  }
  return std::sqrt(error / norm);
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("conv2d: exact on small whole numbers", B, conv2d_exact) {
  for (const std::span<const Conv2dGeometry> list :
       {std::span<const Conv2dGeometry>(cases), std::span<const Conv2dGeometry>(winograd_cases)})
    for (const Conv2dGeometry& g : list) {
      CAPTURE(&g - list.data());
      Operands of(g, test::integers);
      for (const bool bias : {true, false}) {
        check_exactly<B>(of.forward(bias));
        check_exactly<B>(of.backward_weight(bias));
      }
      check_exactly<B>(of.backward_data());
      check_exactly<B>(of.backward_data(true));
    }
}
TEST_CASE_TEMPLATE_APPLY(conv2d_exact, test::Backends);

TEST_CASE("conv2d: results that go past the caches") {
  Operands forward(geometry(64, 64, 64, 1, 16, 1, 1, 0), test::integers);
  check_exactly<Cpu>(forward.forward(false));
  Operands backward(geometry(64, 64, 64, 16, 1, 1, 2, 0), test::integers);
  check_exactly<Cpu>(backward.backward_data());
  check_exactly<Cpu>(backward.backward_data(true));
}

TEST_CASE_TEMPLATE_DEFINE("conv2d: rounding errors of a sum", B, conv2d_rounding) {
  for (const Conv2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    check_rounding<B>(g, 1);
  }
}
TEST_CASE_TEMPLATE_APPLY(conv2d_rounding, test::Backends);

TEST_CASE("conv2d: rounding errors of Winograd's algorithm") {
  for (const Conv2dGeometry& g : winograd_cases) {
    CAPTURE(&g - winograd_cases);
    check_rounding<Cpu>(g, 4);  // a tile's largest values round all of its outputs
  }
}

TEST_CASE("conv2d: Winograd's error in the L2 norm, backward-weight included") {
  const auto normal = [](std::size_t n, std::uint64_t id) { return test::normal(n, id); };
  Operands narrow(geometry(4, 32, 32, 64, 64, 3, 1, 1), normal);
  CHECK(relative_error(narrow.forward(false)) < 1.2e-6);
  CHECK(relative_error(narrow.backward_data()) < 1.2e-6);
  CHECK(relative_error(narrow.backward_weight(false)) < 1.2e-6);
  Operands wide(geometry(16, 4, 4, 512, 512, 3, 1, 1), normal);
  CHECK(relative_error(wide.forward(false)) < 3e-6);
  CHECK(relative_error(wide.backward_data()) < 3e-6);
  CHECK(relative_error(wide.backward_weight(false)) < 1.2e-6);
}
