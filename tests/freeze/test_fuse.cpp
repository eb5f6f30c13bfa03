// SPDX-License-Identifier: MIT
// What becomes one operation, and what must not.
#include <resnet/freeze.hpp>
#include <resnet/layers/add.hpp>
#include <resnet/resnet18.hpp>

#include <doctest/doctest.h>

#include "tests/support/values.hpp"

using namespace resnet;

namespace {

constexpr Shape in{16, 6, 6};

/// A convolution, then whatever `Body::infer(ctx, first, x)` says.
template <class Body, class B>
struct Graph {
  Conv2d<16, 16, 3, 1, B> conv1, conv2;
  BatchNorm2d<16, B> bn1, bn2;
  ResidualJoin<16, B> join;
  ReLU<B> relu;

  using Backend = B;
  template <class Other>
  using on = Graph<Body, Other>;
  static constexpr Shape out(Shape s) { return s; }
  auto infer(Context<B>& ctx, Batch<in, B> x) const { return Body::infer(ctx, *this, std::move(x)); }
  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("conv2", self.conv2...);
    f("bn1", self.bn1...);
    f("bn2", self.bn2...);
    f("join", self.join...);
    f("relu", self.relu...);
  }
};

enum Kind { conv2d, batch_norm, addition, other };
using Kinds = std::vector<Kind>;

/// Freezes the graph, compares its results, and returns the kinds of its operations.
template <class Body>
Kinds kinds_of() {
  Graph<Body, Cpu> model;
  test::randomize(model);
  const auto frozen = freeze<in>(model);
  for (const int n : {1, 2, 5}) {
    Context<Cpu> ctx(2);
    ctx.poison(true);
    const auto x = test::batch<in>(ctx, test::normal(static_cast<std::size_t>(n) * in.size(), 1));
    const auto expected = test::values_of(model.infer(ctx, x)), found = test::values_of(frozen.infer(ctx, x));
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i) worst = std::max(worst, std::abs(found[i] - expected[i]));
    CHECK(worst < 1e-4);
  }
  Kinds kinds;
  for (const auto& step : frozen.program().steps)
    kinds.push_back(step.template is<op::Conv2d>()           ? conv2d
                    : step.template is<op::BatchNormInfer>() ? batch_norm
                    : step.template is<op::Add>()            ? addition
                                                             : other);
  return kinds;
}

struct SeparateOperations {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.bn1.infer(ctx, m.conv1.infer(ctx, x));
    return m.relu.infer(ctx, add(ctx, std::move(x), std::move(y)));
  }
};
struct TwoBranches {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto a = m.bn1.infer(ctx, m.conv1.infer(ctx, x));
    auto b = m.bn2.infer(ctx, m.conv2.infer(ctx, std::move(x)));
    return m.relu.infer(ctx, add(ctx, std::move(a), std::move(b)));
  }
};
struct TwoNorms {
  static auto infer(auto& ctx, const auto& m, auto x) {
    return m.join.infer(ctx, m.bn1.infer(ctx, m.conv1.infer(ctx, x)), x);
  }
};
struct ReluBeforeNorm {
  static auto infer(auto& ctx, const auto& m, auto x) {
    return m.bn1.infer(ctx, m.relu.infer(ctx, m.conv1.infer(ctx, std::move(x))));
  }
};
struct AddBeforeNorm {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.conv1.infer(ctx, x);
    return m.relu.infer(ctx, m.bn1.infer(ctx, add(ctx, std::move(y), std::move(x))));
  }
};
struct ReluBeforeAdd {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.relu.infer(ctx, m.conv1.infer(ctx, x));
    return add(ctx, std::move(y), std::move(x));
  }
};
struct TwoReaders {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.conv1.infer(ctx, std::move(x));
    auto z = m.bn1.infer(ctx, y);
    return add(ctx, m.conv2.infer(ctx, std::move(y)), std::move(z));
  }
};
struct NormFirst {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.relu.infer(ctx, m.bn1.infer(ctx, x));
    return m.conv1.infer(ctx, std::move(y));
  }
};
struct AddedToItself {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.conv1.infer(ctx, std::move(x));
    return add(ctx, y, y);
  }
};
struct SameConvolutionTwice {
  static auto infer(auto& ctx, const auto& m, auto x) {
    auto y = m.relu.infer(ctx, m.bn1.infer(ctx, m.conv1.infer(ctx, std::move(x))));
    return m.relu.infer(ctx, m.bn2.infer(ctx, m.conv1.infer(ctx, std::move(y))));
  }
};

}  // namespace

TEST_CASE("fuse: ResNet-18 is its convolutions, the pooling and the classifier") {
  const auto model = std::make_unique<NarrowResNet18<16>>();
  test::randomize(*model);
  const auto frozen = freeze<Shape{3, 32, 32}>(*model);
  int convolutions = 0, sums = 0, relus = 0;
  for (const auto& step : frozen.program().steps)
    if (const auto* conv = std::get_if<op::Conv2d<float, float>>(&step.operation)) {
      ++convolutions;
      sums += step["skip"].value != program::none;
      relus += conv->activation == op::Activation::relu;
    }
  CHECK(frozen.program().steps.size() == 22);
  CHECK(convolutions == 21);
  CHECK(sums == 8);
  CHECK(relus == 17);  // not the projections, not the classifier
}

TEST_CASE("fuse: what follows a convolution becomes part of it") {
  CHECK(kinds_of<SeparateOperations>() == Kinds{conv2d});
  CHECK(kinds_of<TwoBranches>() == Kinds{conv2d, conv2d});
  CHECK(kinds_of<TwoNorms>() == Kinds{conv2d});
  CHECK(kinds_of<SameConvolutionTwice>() == Kinds{conv2d, conv2d});
}

TEST_CASE("fuse: what stands in another order, or is read by others, stays") {
  CHECK(kinds_of<ReluBeforeNorm>() == Kinds{conv2d, batch_norm});
  CHECK(kinds_of<AddBeforeNorm>() == Kinds{conv2d, batch_norm});
  CHECK(kinds_of<ReluBeforeAdd>() == Kinds{conv2d, addition});
  CHECK(kinds_of<TwoReaders>() == Kinds{conv2d, batch_norm, conv2d});
  CHECK(kinds_of<NormFirst>() == Kinds{batch_norm, conv2d});
  CHECK(kinds_of<AddedToItself>() == Kinds{conv2d, addition});
}
