// SPDX-License-Identifier: MIT
// Backward stops below the first trained layer of every network, and what is trained gets the gradient that
// it got without stopping, to the bit.
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/blocks/bottleneck.hpp>
#include <resnet/models/baselines.hpp>
#include <resnet/models/densenet.hpp>
#include <resnet/models/preact_resnet.hpp>
#include <resnet/models/pyramid_net.hpp>
#include <resnet/models/resnet.hpp>
#include <resnet/models/vgg.hpp>
#include <resnet/models/wide_resnet.hpp>
#include <resnet/train/freezer.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/narrow_efficientnet.hpp"
#include "tests/support/values.hpp"

using namespace resnet;
using test::Values;

namespace {

using B = Ref<float>;

/// The gradient of each parameter, empty where it was released.
template <class Net>
std::vector<Values> gradients(const Net& grad, const std::vector<std::string>& names) {
  std::vector<Values> found(names.size());
  for_each_parameter(
      [&](std::string_view name, Role, const auto& g) {
        found[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())] =
            test::values_of(g);
      },
      grad);
  return found;
}

template <class Net>
std::vector<std::string> parameter_names(const Net& model) {
  std::vector<std::string> names;
  for_each_parameter([&](std::string_view name, Role, const auto&) { names.emplace_back(name); }, model);
  return names;
}

std::string layer_of(const std::string& name) { return name.substr(0, name.rfind('.') + 1); }

/// With the first k parameters frozen, for every k: the layers all of whose parameters are frozen are
/// released, the others' gradients are those of a whole backward pass, and no memory is left in Saved.
template <class Net, Shape S>
void check_stops(Net model = {}) {
  constexpr int n = 2;
  Context<B> ctx(1);
  ctx.reserve(std::size_t{1} << 24);  // one chunk, so that what is free is one piece
  test::randomize(model);
  const auto names = parameter_names(model);
  const Values images = test::normal(n * S.size(), 1), r = test::normal(n * Net::out(S).size(), 2);
  const auto pass = [&](Net& grad) {
    ctx.set_stream_position({7, for_dropout});
    Net copy = model;  // running statistics move
    SavedOf<Net, S> saved;
    copy.forward(ctx, test::batch<S>(ctx, images), saved);
    zero(grad);
    backward_parameters(ctx, copy, test::batch<Net::out(S)>(ctx, r), saved, grad);
    const std::size_t peak = ctx.peak_bytes();
    static_cast<void>(ctx.make<Shape{1}>(static_cast<int>(peak / sizeof(float))));
    CHECK_MESSAGE(ctx.peak_bytes() == peak, "backward left memory in Saved");
  };
  Net whole;
  pass(whole);
  const std::vector<Values> expected = gradients(whole, names);

  for (std::size_t k = 1; k <= names.size(); ++k) {
    CAPTURE(k);
    const std::vector<std::string> frozen(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(k));
    const auto is_frozen = [&](std::string_view name) {
      return std::find(frozen.begin(), frozen.end(), name) != frozen.end();
    };
    Net grad;
    Freezer(model, FrozenStatistics::move, is_frozen).apply(model, grad);
    pass(grad);
    const std::vector<Values> found = gradients(grad, names);
    for (std::size_t i = 0; i < names.size(); ++i) {
      CAPTURE(names[i]);
      const bool trained = k < names.size() && (i >= k || layer_of(names[i]) == layer_of(names[k]));
      if (trained)
        CHECK(found[i] == expected[i]);
      else
        CHECK(found[i].empty());
    }
  }
}

template <class Net>
Net with_drop_path() {
  Net model;
  set_drop_path(model, 0.5);
  return model;
}

constexpr Shape image{3, 16, 16};

}  // namespace

TEST_CASE("Freezer: backward stops in a ResNet") {
  using Basic = ResNet<BasicBlock, Depths{2, 1, 1, 2}, Form::cifar, 2, 5, B>;
  check_stops<Basic, image>();
  check_stops<Basic, image>(with_drop_path<Basic>());
  check_stops<ResNet<Bottleneck, Depths{1, 2, 1, 1}, Form::imagenet, 4, 5, B>, Shape{3, 32, 32}>();
}

TEST_CASE("Freezer: backward stops in networks with pre-activation") {
  check_stops<PreActResNet<PreActBlock, Depths{2, 1, 1, 1}, Form::cifar, 2, 5, B>, image>();
  check_stops<PreActResNet<PreActBottleneck, Depths{1, 2, 1, 1}, Form::imagenet, 4, 5, B>, Shape{3, 32, 32}>();
  using Wide = WideResNet<16, 2, 2, 5, B>;
  Wide wide = with_drop_path<Wide>();
  set_dropout(wide, 0.3);
  check_stops<Wide, image>(wide);
  check_stops<PyramidNet<14, 5, 3, 5, B>, image>();
}

TEST_CASE("Freezer: backward stops in a DenseNet") {
  check_stops<DenseNet<Depths{2, 1, 2, 2}, Form::imagenet, 4, 2, 5, B>, Shape{3, 32, 32}>();
}

TEST_CASE("Freezer: backward stops in an EfficientNet") {
  using Net = EfficientNet<test::NarrowTable, Form::cifar, 5, B>;  // with dropout and stochastic depth
  check_stops<Net, image>();
}

TEST_CASE("Freezer: backward stops in VGG and small networks") {
  constexpr Shape cifar{3, 32, 32};
  check_stops<VGG<ConvNormReLU, VggDepths{1, 1, 2, 1, 1}, Form::cifar, 2, 5, B>, cifar>();
  check_stops<SimpleCNNModel<2, 5, B>, cifar>();
  check_stops<MLP<3, 5, B>, cifar>();
  check_stops<HiddenClassifier<LinearReLUDropout, 6, 4, 5, B>, Shape{6}>();
  check_stops<HiddenClassifier<DropoutLinearReLU, 6, 4, 5, B>, Shape{6}>();
}

TEST_CASE("Freezer: holds the statistics of layers all of whose parameters are frozen") {
  using Net = Sequential<Conv2d<3, 2, 1, 1, B>, BatchNorm2d<2, B>, BatchNorm2d<2, B>, BatchNormReLU<2, B>>;
  Net model, grad;
  const auto apply = [&](FrozenStatistics statistics, std::vector<std::string> frozen) {
    const auto is_frozen = [&](std::string_view name) {
      return std::any_of(frozen.begin(), frozen.end(), [&](const auto& prefix) { return name.starts_with(prefix); });
    };
    Freezer(model, statistics, is_frozen).apply(model, grad);
    return std::vector<Statistics>{get<1>(model.layers).statistics, get<2>(model.layers).statistics,
                                   get<3>(model.layers).statistics};
  };
  constexpr auto batch = Statistics::batch, running = Statistics::running;
  CHECK(apply(FrozenStatistics::hold, {"1.", "2.weight", "3."}) == std::vector{running, batch, running});
  CHECK(apply(FrozenStatistics::hold, {"0."}) == std::vector{batch, batch, batch});
  CHECK(apply(FrozenStatistics::move, {"1."}) == std::vector{batch, batch, batch});
}

TEST_CASE("Freezer: a model whose tensors are its own is one layer") {
  BatchNorm2d<2, B> model;
  const auto released = [&](std::string_view frozen) {
    BatchNorm2d<2, B> grad;
    Freezer(model, FrozenStatistics::hold, [&](std::string_view name) {
      return name == frozen || frozen == "all";
    }).apply(model, grad);
    CHECK(grad.weight.released() == grad.bias.released());
    return grad.weight.released();
  };
  CHECK(released("all"));
  CHECK(model.statistics == Statistics::running);
  CHECK_FALSE(released("weight"));
  CHECK(model.statistics == Statistics::batch);
}

namespace {

/// y = weight · x, as it was written before gradients could be released.
template <Shape S>
struct Scaled {
  Tensor<B, 1> weight;
  using Backend = B;
  template <class>
  using on = Scaled;
  static constexpr Shape out(Shape in) { return in; }
  template <Shape>
  struct Saved {
    Batch<S, B> x;
  };
  Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    saved.x = x;
    return infer(ctx, x);
  }
  Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y = ctx.make<S>(x.n());
    for (std::size_t i = 0; i < x.size(); ++i) y.data()[i] = weight.data()[0] * x.data()[i];
    return y;
  }
  Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, Scaled& grad) const {
    const auto x = std::move(saved.x);
    auto dx = ctx.make<S>(dy.n());
    for (std::size_t i = 0; i < x.size(); ++i) {
      grad.weight.data()[0] += dy.data()[i] * x.data()[i];
      dx.data()[i] = weight.data()[0] * dy.data()[i];
    }
    return dx;
  }
  static constexpr void visit(auto&& f, auto&... self) { f("weight", Role::scale, self.weight...); }
};

/// A network that names its last layer first.
struct HeadFirst {
  using Backend = B;
  Linear<3, 4, B> hidden;
  Linear<4, 2, B> head;
  template <Shape S>
  struct Saved {
    SavedOf<Linear<3, 4, B>, Shape{3}> hidden;
    SavedOf<Linear<4, 2, B>, Shape{4}> head;
  };
  static constexpr Shape out(Shape) { return {2}; }
  Batch<Shape{2}, B> forward(Context<B>& ctx, Batch<Shape{3}, B> x, Saved<Shape{3}>& saved) const {
    return head.forward(ctx, hidden.forward(ctx, std::move(x), saved.hidden), saved.head);
  }
  Batch<Shape{3}, B> backward(Context<B>& ctx, Batch<Shape{2}, B> dy, Saved<Shape{3}>& saved, HeadFirst& grad) const {
    return hidden.backward(ctx, head.backward(ctx, std::move(dy), saved.head, grad.head), saved.hidden, grad.hidden);
  }
  static constexpr void visit(auto&& f, auto&... self) {
    f("head", self.head...);
    f("hidden", self.hidden...);
  }
};

template <class Net, Shape S>
void freeze_and_run(const char* prefix) {
  Context<B> ctx(1);
  Net model, grad;
  test::randomize(model);
  Freezer(model, FrozenStatistics::hold, [&](std::string_view name) {
    return name.starts_with(prefix);
  }).apply(model, grad);
  SavedOf<Net, S> saved;
  model.forward(ctx, test::batch<S>(ctx, test::normal(2 * S.size(), 1)), saved);
  backward_parameters(ctx, model, test::batch<Net::out(S)>(ctx, test::normal(2 * Net::out(S).size(), 2)), saved, grad);
}

}  // namespace

TEST_CASE("Freezer: nothing is silent where a layer of one's own doesn't know of released gradients") {
  constexpr Shape s{3};
  using Net = Sequential<Scaled<s>, Scaled<s>, Linear<3, 3, B>, Linear<3, 2, B>>;
  freeze_and_run<Net, s>("2.");  // no layer of it
  freeze_and_run<Net, s>("none");
  // The chain never shows an empty dy to those below a layer that stops.
  using Below = Sequential<Scaled<s>, Linear<3, 3, B>, Linear<3, 2, B>>;
  Below model, grad;
  Context<B> ctx(1);
  SavedOf<Below, s> saved;
  const auto frozen = [](std::string_view name) { return name < "2"; };
  Freezer(model, FrozenStatistics::hold, frozen).apply(model, grad);
  model.forward(ctx, test::batch<s>(ctx, test::normal(6, 1)), saved);
  backward_parameters(ctx, model, test::batch<Shape{2}>(ctx, test::normal(4, 1)), saved, grad);
  CHECK(get<0>(saved.layers).x.data() == nullptr);
  // Where the backward would have to stop in it, it is told.
  CHECK_THROWS_WITH_AS((freeze_and_run<Net, s>("0.")), doctest::Contains("core/layer.hpp, 10"), Error);
  // And a trained layer below one that has stopped can't be: visit goes the wrong way.
  CHECK_THROWS_WITH_AS((freeze_and_run<HeadFirst, s>("head.")), doctest::Contains("core/layer.hpp, 7"), Error);
}
