// SPDX-License-Identifier: MIT
// Where activations live. What an Engine computes is tested with freeze.hpp.
#include <resnet/freeze/engine.hpp>

#include <doctest/doctest.h>

using namespace resnet;
using frozen::Layout;
using frozen::Program;
using frozen::Value;
using Kind = frozen::Operation::Kind;

namespace {

constexpr std::size_t size = 32;  // of every value, in floats

struct Step {
  Kind kind;
  Value x, other = frozen::none;
};

/// Step i makes value i + 1; the last one is the output.
Program program(const std::vector<Step>& steps) {
  Program p;
  p.sizes.assign(steps.size() + 1, size);
  p.output = static_cast<Value>(steps.size());
  for (const Step& step : steps) {
    frozen::Operation op{.kind = step.kind, .size = size};
    op.x = step.x, op.other = step.other, op.y = static_cast<Value>(p.operations.size()) + 1;
    p.operations.push_back(op);
  }
  return p;
}

}  // namespace

TEST_CASE("Layout: a chain of convolutions needs two places, the images and the output none") {
  const Program p = program({{Kind::conv2d, 0}, {Kind::conv2d, 1}, {Kind::conv2d, 2}, {Kind::conv2d, 3}});
  const Layout layout(p, 0, 4);
  CHECK_FALSE(layout.has(0));
  CHECK_FALSE(layout.has(4));
  CHECK(layout.at(1) != layout.at(2));
  CHECK(layout.at(3) == layout.at(1));
  CHECK(layout.size() == 2 * size);
}

TEST_CASE("Layout: in place where the operation allows it and nobody reads the operand later") {
  const Program block = program({{Kind::conv2d, 0}, {Kind::conv2d, 1}, {Kind::conv2d, 2, 1}, {Kind::avg_pool, 3}});
  CHECK(Layout(block, 0, 4).at(3) == Layout(block, 0, 4).at(1));
  CHECK(Layout(block, 0, 4).size() == 2 * size);

  const Program later = program({{Kind::conv2d, 0}, {Kind::relu, 1}, {Kind::add, 2, 1}, {Kind::max_pool, 3}});
  const Layout layout(later, 0, 4);
  CHECK(layout.at(2) != layout.at(1));
  CHECK((layout.at(3) == layout.at(1) || layout.at(3) == layout.at(2)));

  const Program pools = program({{Kind::max_pool, 0}, {Kind::max_pool, 1}, {Kind::max_pool, 2}});
  CHECK(Layout(pools, 0, 3).at(2) != Layout(pools, 0, 3).at(1));
  const Program same = program({{Kind::conv2d, 0}, {Kind::conv2d, 1, 1}, {Kind::conv2d, 2}});
  CHECK(Layout(same, 0, 3).at(2) != Layout(same, 0, 3).at(1));
}

TEST_CASE("Layout: each value belongs to the operations that read it last") {
  const Program p = program({{Kind::conv2d, 0}, {Kind::conv2d, 1}, {Kind::conv2d, 2, 1}, {Kind::conv2d, 3, 2}});
  const Layout leading(p, 0, 2), others(p, 2, 4);
  for (const Value v : {1, 2, 3}) {
    CHECK_FALSE(leading.has(v));
    CHECK(others.has(v));
  }
  const Layout more(p, 0, 3);
  CHECK(more.has(1));
  CHECK_FALSE(more.has(2));
}
