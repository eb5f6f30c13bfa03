// SPDX-License-Identifier: MIT
// Where activations live. What an Engine computes is tested with freeze.hpp.
#include <resnet/freeze/engine.hpp>

#include <doctest/doctest.h>

using namespace resnet;
using frozen::Layout;
using program::none;
using program::Program;
using program::Step;
using program::Value;

namespace {

constexpr std::size_t size = 32;  // of every value, in floats

/// A step with these operands; y is numbered below.
Step step(const program::Operation& operation, std::initializer_list<Value> operands) {
  Step result{operation, {}};
  for (const Value v : operands) result.operands.push_back({v, nullptr});
  return result;
}
Step conv(Value x, Value skip = none) { return step(op::Conv2d<float, float>{}, {x, none, none, skip, none}); }
Step add(Value a, Value b) { return step(op::Add<float, float>{}, {a, b, none}); }
Step relu(Value x) { return step(op::Relu<float, float>{}, {x, none}); }
Step max_pool(Value x) { return step(op::MaxPool2d<float, float>{}, {x, none}); }
Step avg_pool(Value x) { return step(op::AvgPool2d<float, float>{}, {x, none}); }

/// Step i makes value i + 1; the last one is the output.
Program program_of(std::vector<Step> steps) {
  Program p;
  p.sizes.assign(steps.size() + 1, size);
  p.output = static_cast<Value>(steps.size());
  for (Step& step : steps) {
    step["y"].value = static_cast<Value>(p.steps.size()) + 1;
    p.steps.push_back(std::move(step));
  }
  return p;
}

}  // namespace

TEST_CASE("Layout: a chain of convolutions needs two places, the images and the output none") {
  const Program p = program_of({conv(0), conv(1), conv(2), conv(3)});
  const Layout layout(p, 0, 4);
  CHECK_FALSE(layout.has(0));
  CHECK_FALSE(layout.has(4));
  CHECK(layout.at(1) != layout.at(2));
  CHECK(layout.at(3) == layout.at(1));
  CHECK(layout.size() == 2 * size);
}

TEST_CASE("Layout: in place where the operation allows it and nobody reads the operand later") {
  const Program block = program_of({conv(0), conv(1), conv(2, 1), avg_pool(3)});
  CHECK(Layout(block, 0, 4).at(3) == Layout(block, 0, 4).at(1));
  CHECK(Layout(block, 0, 4).size() == 2 * size);

  const Program later = program_of({conv(0), relu(1), add(2, 1), max_pool(3)});
  const Layout layout(later, 0, 4);
  CHECK(layout.at(2) != layout.at(1));
  CHECK((layout.at(3) == layout.at(1) || layout.at(3) == layout.at(2)));

  const Program pools = program_of({max_pool(0), max_pool(1), max_pool(2)});
  CHECK(Layout(pools, 0, 3).at(2) != Layout(pools, 0, 3).at(1));
  const Program same = program_of({conv(0), conv(1, 1), conv(2)});
  CHECK(Layout(same, 0, 3).at(2) != Layout(same, 0, 3).at(1));
}

TEST_CASE("Layout: each value belongs to the operations that read it last") {
  const Program p = program_of({conv(0), conv(1), conv(2, 1), conv(3, 2)});
  const Layout leading(p, 0, 2), others(p, 2, 4);
  for (const Value v : {1, 2, 3}) {
    CHECK_FALSE(leading.has(v));
    CHECK(others.has(v));
  }
  const Layout more(p, 0, 3);
  CHECK(more.has(1));
  CHECK_FALSE(more.has(2));
}
