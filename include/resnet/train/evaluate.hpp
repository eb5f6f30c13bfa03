// SPDX-License-Identifier: MIT
// How good a model is on a data set: loss, accuracy, confusion matrix. With `flip`, of the averaged probabilities
// for each image and its mirror image, which cost twice the time.
#pragma once

#include <resnet/backend/plan/network.hpp>
#include <resnet/core/initialised.hpp>
#include <resnet/core/tally.hpp>
#include <resnet/data/fit.hpp>
#include <resnet/data/loader.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/op/parameters.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

namespace resnet {

/// Images by true and predicted class.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes)
      : classes_(classes), counts_(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes)) {}

  void add(std::span<const int> labels, std::span<const int> predictions) {
    for (std::size_t i = 0; i < labels.size(); ++i) ++counts_[index(labels[i], predictions[i])];
  }
  int classes() const { return classes_; }
  int count(int label, int prediction) const { return counts_[index(label, prediction)]; }
  /// Images of this class.
  int total(int label) const {
    const auto row = counts_.begin() + static_cast<std::ptrdiff_t>(index(label, 0));
    return std::accumulate(row, row + classes_, 0);
  }

 private:
  std::size_t index(int label, int prediction) const {
    return static_cast<std::size_t>(label) * static_cast<std::size_t>(classes_) + static_cast<std::size_t>(prediction);
  }
  int classes_;
  std::vector<int> counts_;
};

struct Evaluation {
  Metrics metrics;
  ConfusionMatrix confusion;
};

struct EvaluateOptions {
  bool flip = false;
};

/// Images (n, h, w, c) with left and right exchanged.
template <Shape S>
std::vector<float> mirrored(std::span<const float> images) {
  constexpr std::size_t row = S.w * S.c;
  std::vector<float> y(images.size());
  for (std::size_t i = 0; i < images.size(); i += row)
    for (std::size_t w = 0; w < row; w += S.c)
      std::copy_n(images.begin() + static_cast<std::ptrdiff_t>(i + w), S.c, &y[i + row - S.c - w]);
  return y;
}

/// The classes' probabilities for images (n, h, w, c) that are not on the backend yet. Throws Error unless they are whole
/// images of finite values, one or more. The model may be a frozen one (freeze.hpp).
template <Shape S, class B, class Model>
Batch<Model::out(S), B, typename B::Scalar> probabilities(Context<B>& ctx, const Model& model,
                                                          std::span<const float> images, EvaluateOptions options = {}) {
  if constexpr (can_classify<Model, S>) {
    require_finite("probabilities", images, S.size());
    auto p = softmax(ctx, model.infer(ctx, ctx.template upload<S>(images)));
    if (options.flip) {
      const std::vector<float> other_images = mirrored<S>(images);
      const auto other = softmax(ctx, model.infer(ctx, ctx.template upload<S>(other_images)));
      run<op::Lerp>(ctx, {.count = other.size(), .t = 0.5, .x = other, .y = p});
    }
    return p;
  } else {
    return {};  // the error has been said
  }
}

namespace detail {

template <Shape S, class B, class Model>
Evaluation evaluate(Context<B>& ctx, const Model& model, DataLoader& loader,
                    const std::function<bool(const Metrics&)>& go_on, EvaluateOptions options) {
  constexpr int classes = Model::out(S).c;
  constexpr NetworkShape network{S, classes};
  require_fit("evaluate", loader.dataset(), network);
  if constexpr (!InfersOnly<Model>) require_initialised("evaluate", model);
  Evaluation result{{}, ConfusionMatrix(classes)};
  std::vector<int> predictions;
  for (const HostBatch& batch : loader.epoch(0)) {
    require_fit("evaluate", batch, network);
    const auto target = one_hot<classes>(ctx, batch.labels);
    double loss;
    if (options.flip) {
      const auto p = probabilities<S>(ctx, model, batch.images, options);
      predict(ctx, p, predictions);
      loss = cross_entropy(p, target);
    } else {
      const auto logits = model.infer(ctx, ctx.template upload<S>(batch.images));
      predict(ctx, logits, predictions);
      loss = ctx.read(softmax_cross_entropy(ctx, logits, target).value);
    }
    result.metrics.add(loss, batch.labels, predictions);
    result.confusion.add(batch.labels, predictions);
    if (go_on && !go_on(result.metrics)) break;
  }
  return result;
}

}  // namespace detail

/// Runs the model over all images of the loader. S is the shape of an image. `go_on` is called after each batch
/// and ends the evaluation early by returning false. The model may be a frozen one (freeze.hpp). Throws Error for a data
/// set that it was not made for, a pixel that is not finite, and a model without values.
template <Shape S, class B, class Model>
Evaluation evaluate(Context<B>& ctx, const Model& model, DataLoader& loader,
                    const std::function<bool(const Metrics&)>& go_on = {}, EvaluateOptions options = {}) {
  if constexpr (can_classify<Model, S>)
    return detail::evaluate<S>(ctx, model, loader, go_on, options);
  else
    return {{}, ConfusionMatrix(1)};  // the error has been said
}

}  // namespace resnet
