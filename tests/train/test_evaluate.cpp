// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/baselines.hpp>
#include <resnet/freeze.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/train/evaluate.hpp>

#include <cmath>

using namespace resnet;

namespace {

using B = Ref<float>;
constexpr Shape pixel{3};

/// Seven images of one pixel; white is 1, so logits of the identity are a third, two thirds …
Dataset pixels() {
  return {{3},
          {"a", "b", "c"},
          {255, 0, 0, 0, 85, 170, 85, 0, 0, 170, 85, 0, 0, 0, 0, 0, 255, 0, 85, 85, 170},
          {0, 2, 1, 0, 0, 2, 2}};
}
const std::vector<int> predictions{0, 2, 0, 0, 0, 1, 2};  // by hand; equal logits give the first

Linear<3, 3, B> identity() {
  Linear<3, 3, B> model;
  for (std::size_t i = 0; i < 3; ++i) model.weight.data()[i * 4] = 1;
  return model;
}

}  // namespace

TEST_CASE("Metrics: sums over images") {
  Metrics m;
  CHECK(m.loss() == 0);
  CHECK(m.accuracy() == 0);
  m.add(2, std::vector<int>{1, 2, 3}, std::vector<int>{1, 0, 3});
  m.add(0.5, std::vector<int>{0}, std::vector<int>{1});
  CHECK(m.images == 4);
  CHECK(m.correct == 2);
  CHECK(m.loss() == (2 * 3 + 0.5) / 4);
  CHECK(m.accuracy() == 0.5);
}

TEST_CASE("ConfusionMatrix: rows are labels, columns predictions") {
  ConfusionMatrix confusion(3);
  CHECK(confusion.classes() == 3);
  confusion.add(std::vector<int>{0, 0, 1, 2, 2, 2}, std::vector<int>{0, 2, 1, 0, 2, 2});
  confusion.add(std::vector<int>{2}, std::vector<int>{1});
  const int expected[3][3] = {{1, 0, 1}, {0, 1, 0}, {1, 1, 2}};
  for (int label = 0; label < 3; ++label)
    for (int prediction = 0; prediction < 3; ++prediction)
      CHECK(confusion.count(label, prediction) == expected[label][prediction]);
  CHECK(confusion.total(0) == 2);
  CHECK(confusion.total(1) == 1);
  CHECK(confusion.total(2) == 4);
}

TEST_CASE("evaluate: against a computation by hand, for any batch size") {
  const Dataset data = pixels();
  const auto model = identity();
  double loss = 0;
  std::int64_t correct = 0;
  ConfusionMatrix confusion(3);
  for (int i = 0; i < data.size(); ++i) {
    double sum = 0, own = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const double logit = data.image(i)[c] / 255.0;
      sum += std::exp(logit);
      if (static_cast<int>(c) == data.labels[static_cast<std::size_t>(i)]) own = logit;
    }
    loss += std::log(sum) - own;
    const auto k = static_cast<std::size_t>(i);
    correct += data.labels[k] == predictions[k];
    confusion.add(std::vector<int>{data.labels[k]}, std::vector<int>{predictions[k]});
  }
  CHECK(correct == 5);
  for (const int batch_size : {1, 2, 3, 7, 100})
    for (const bool shuffle : {false, true}) {
      Context<B> ctx;
      DataLoader loader(data, {.batch_size = batch_size, .shuffle = shuffle});
      const Evaluation found = evaluate<pixel>(ctx, model, loader);
      CHECK(found.metrics.images == 7);
      CHECK(found.metrics.correct == correct);
      CHECK(found.metrics.loss() == doctest::Approx(loss / 7).epsilon(1e-6));
      for (int label = 0; label < 3; ++label)
        for (int prediction = 0; prediction < 3; ++prediction)
          CHECK(found.confusion.count(label, prediction) == confusion.count(label, prediction));
    }
}

TEST_CASE("mirrored: columns in reverse, channels as they are") {
  const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  CHECK(mirrored<Shape{2, 1, 3}>(x) == std::vector<float>{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8});
  CHECK(mirrored<Shape{2, 3, 1}>(x) == x);
}

TEST_CASE("evaluate: with flip, the mean of the probabilities of each image and its mirror image") {
  // Images of 1×3 pixels; the model sees them as three logits, and mirrored they are in reverse.
  struct Flat {
    static constexpr Shape out(Shape) { return {3}; }
    static Batch<Shape{3}, B> infer(Context<B>& ctx, const Batch<Shape{1, 1, 3}, B>& x) {
      auto y = ctx.make<Shape{3}>(x.n());
      B::copy(x.size(), x.data(), y.data());
      return y;
    }
  };
  Dataset data = pixels();
  data.shape = {1, 1, 3};
  data.images = {255, 0, 0, 0, 85, 170, 85, 0, 0, 0, 200, 0, 0, 0, 0, 0, 90, 100, 85, 85, 170};
  const int predicted[] = {0, 0, 0, 1, 0, 1, 0};  // by hand; the first and last class end up equal
  double loss = 0;
  std::int64_t correct = 0;
  for (int i = 0; i < data.size(); ++i) {
    const auto label = static_cast<std::size_t>(data.labels[static_cast<std::size_t>(i)]);
    double sum = 0, terms[3];
    for (std::size_t c = 0; c < 3; ++c) sum += terms[c] = std::exp(data.image(i)[c] / 255.0);
    loss -= std::log((terms[label] + terms[2 - label]) / 2 / sum);
    correct += data.labels[static_cast<std::size_t>(i)] == predicted[i];
  }
  for (const int batch_size : {3, 7}) {
    Context<B> ctx;
    DataLoader loader(data, {.batch_size = batch_size});
    const Evaluation found = evaluate<Shape{1, 1, 3}>(ctx, Flat(), loader, {}, {.flip = true});
    CHECK(found.metrics.images == 7);
    CHECK(found.metrics.correct == correct);
    CHECK(found.metrics.loss() == doctest::Approx(loss / 7).epsilon(1e-6));
    CHECK(evaluate<Shape{1, 1, 3}>(ctx, Flat(), loader).metrics.loss() != found.metrics.loss());
  }
}

TEST_CASE("evaluate: a data set for another network is refused before any work") {
  Context<B> ctx;
  const Linear<3, 2, B> two_classes;
  const Dataset data = pixels();
  DataLoader loader(data, {});
  CHECK_THROWS_WITH_AS(evaluate<pixel>(ctx, two_classes, loader),
                       "evaluate: the data set has 3 classes, the network has 2 outputs", Error);
  Dataset rows = pixels();
  rows.shape = {1, 1, 3};
  DataLoader other(rows, {});
  CHECK_THROWS_WITH_AS(evaluate<pixel>(ctx, identity(), other),
                       doctest::Contains("evaluate: the data set's images are 1x3"), Error);
}

TEST_CASE("evaluate: pixels that are not finite are refused") {
  Context<B> ctx;
  const Dataset data = pixels();
  const auto spoil = [](std::span<float> image, Random&) { image[0] = image[1] > 0.5f ? std::nanf("") : image[0]; };
  DataLoader loader(data, {.batch_size = 4, .transform = spoil});
  for (const bool flip : {false, true})
    CHECK_THROWS_WITH_AS(evaluate<pixel>(ctx, identity(), loader, {}, {.flip = flip}),
                         doctest::Contains("evaluate: image 1 of the batch (image 5 of the data set)"), Error);
  const std::vector<float> images{0, 1, std::nanf("")};
  CHECK_THROWS_WITH_AS(probabilities<pixel>(ctx, identity(), images),
                       doctest::Contains("probabilities: image 0 of the batch"), Error);
  CHECK_THROWS_AS(probabilities<pixel>(ctx, identity(), std::span(images).first(2)), Error);
  CHECK_THROWS_AS(probabilities<pixel>(ctx, identity(), {}), Error);
}

TEST_CASE("evaluate: a model without values is refused") {
  Context<B> ctx;
  const Dataset data = pixels();
  DataLoader loader(data, {});
  const Sequential<Linear<3, 4, B>, Linear<4, 3, B>> model;
  CHECK_THROWS_WITH_AS(evaluate<pixel>(ctx, model, loader), doctest::Contains("evaluate: all 2 weight tensors"), Error);
}

TEST_CASE("evaluate: a frozen network, like the one that it was made of") {
  Context<Cpu> ctx;
  const Dataset data = pixels();
  DataLoader loader(data, {.batch_size = 3});
  Sequential<Linear<3, 5>, ReLU<>, Linear<5, 3>> model;
  initialize(ctx, model);
  const auto frozen = freeze<pixel>(model);
  for (const bool flip : {false, true}) {
    const Evaluation expected = evaluate<pixel>(ctx, model, loader, {}, {.flip = flip});
    const Evaluation found = evaluate<pixel>(ctx, frozen, loader, {}, {.flip = flip});
    CHECK(found.metrics.loss() == doctest::Approx(expected.metrics.loss()).epsilon(1e-6));
    CHECK(found.metrics.correct == expected.metrics.correct);
  }
  Dataset other = pixels();
  other.class_names.pop_back();
  for (std::int32_t& label : other.labels) label = 0;
  DataLoader two(other, {});
  CHECK_THROWS_WITH_AS(evaluate<pixel>(ctx, frozen, two),
                       "evaluate: the data set has 2 classes, the network has 3 outputs", Error);
  const Sequential<Linear<3, 5>, ReLU<>, Linear<5, 3>> empty;
  CHECK_THROWS_WITH_AS(freeze<pixel>(empty), doctest::Contains("freeze: all 2 weight tensors of the model are 0"),
                       Error);
}

TEST_CASE("evaluate: an empty data set") {
  Context<B> ctx;
  const Dataset none{{3}, {"a", "b", "c"}, {}, {}};
  DataLoader loader(none, {});
  const Evaluation found = evaluate<pixel>(ctx, identity(), loader);
  CHECK(found.metrics.images == 0);
  CHECK(found.metrics.loss() == 0);
}
