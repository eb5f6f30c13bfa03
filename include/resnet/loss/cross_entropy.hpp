// SPDX-License-Identifier: MIT
// Softmax cross-entropy with target distributions (torch.nn.functional.cross_entropy with probabilities).
//   loss     = -1/n Σ_rows Σ_c target[c] · log softmax(logits)[c]
//   dlogits  = (softmax(logits) · Σ_c target[c] - target) / n
// Hard labels and label smoothing are targets too: one_hot. So are mixtures of labels.
#pragma once

#include <resnet/core/context.hpp>
#include <resnet/core/once.hpp>
#include <resnet/op/loss.hpp>
#include <resnet/op/parameters.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace resnet {

namespace detail {

/// Throws Error for a label outside [0, classes).
RESNET_ONCE void require_labels(std::span<const int> labels, int classes);
/// The losses are means: of no rows there is none.
RESNET_ONCE void require_rows(const char* loss, int rows, int target_rows);

template <class B>
BatchBase<B, typename B::Scalar> one_hot(Context<B>& ctx, std::span<const int> labels, int classes, double smoothing) {
  require_labels(labels, classes);
  auto target = ctx.template make_images<typename B::Scalar>(static_cast<std::int64_t>(labels.size()), extent(classes));
  const auto uploaded = ctx.upload_values(labels);
  const double rest = smoothing / classes;
  run<op::OneHot>(ctx, {.rows = target.n(),
                        .classes = classes,
                        .on = 1 - smoothing + rest,
                        .off = rest,
                        .labels = uploaded,
                        .target = target});
  return target;
}

}  // namespace detail

/// Labels as rows of probabilities. With smoothing s (Szegedy et al. 2016, arXiv 1512.00567) the label's class
/// gets 1 - s + s / Classes and each other class s / Classes. Throws Error for a label outside [0, Classes).
template <int Classes, class B>
Scalars<Shape{Classes}, B> one_hot(Context<B>& ctx, std::span<const int> labels, double smoothing = 0) {
  return Scalars<Shape{Classes}, B>(detail::one_hot(ctx, labels, Classes, smoothing));
}

/// Of two labels mixed: mix · one_hot(labels) + (1 - mix) · one_hot(mixed_labels), or one_hot(labels) if there are no
/// others.
template <int Classes, class B>
Scalars<Shape{Classes}, B> one_hot(Context<B>& ctx, std::span<const int> labels, std::span<const int> mixed_labels,
                                   double mix, double smoothing) {
  auto target = one_hot<Classes>(ctx, labels, smoothing);
  if (!mixed_labels.empty()) {
    const auto other = one_hot<Classes>(ctx, mixed_labels, smoothing);
    run<op::Lerp>(ctx, {.count = target.size(), .t = 1 - mix, .x = other, .y = target});
  }
  return target;
}

/// A loss, averaged over the batch, with its gradient. The number is in the backend's memory: ctx.read(loss.value).
template <Shape S, class B>
struct Loss {
  Buffer<B, double> value;
  Batch<S, B> dlogits;
};

/// Logits and target: (n, classes). `dlogits` is the gradient of scale · value. Throws Error unless both have the same n,
/// 1 or more.
template <Shape S, class B>
Loss<S, B> softmax_cross_entropy(Context<B>& ctx, const Batch<S, B>& logits, const Scalars<S, B>& target,
                                 double scale = 1) {
  const int n = logits.n();
  detail::require_rows("softmax_cross_entropy", n, target.n());
  const auto probabilities = ctx.template make_scalars<S>(n);
  auto dlogits = ctx.template make<S>(n);
  auto value = ctx.template make_values<double>(1);
  run<op::SoftmaxCrossEntropy>(
      ctx,
      {.rows = n, .classes = S.c, .logits = logits, .target = target, .probabilities = probabilities, .loss = value});
  run<op::SoftmaxCrossEntropyBackward>(ctx, {.rows = n,
                                             .classes = S.c,
                                             .scale = scale,
                                             .probabilities = probabilities,
                                             .target = target,
                                             .dlogits = dlogits});
  return {std::move(value), std::move(dlogits)};
}

/// The probabilities that belong to logits, for each image. Throws Error for a batch of none.
template <Shape S, class B>
Scalars<S, B> softmax(Context<B>& ctx, const Batch<S, B>& logits) {
  detail::require_rows("softmax", logits.n(), logits.n());
  auto target = ctx.template make_scalars<S>(logits.n()), probabilities = ctx.template make_scalars<S>(logits.n());
  run<op::Fill>(ctx, {.count = target.size(), .value = 0, .y = target});
  run<op::SoftmaxCrossEntropy>(
      ctx, {.rows = logits.n(), .classes = S.c, .logits = logits, .target = target, .probabilities = probabilities});
  return probabilities;
}

/// The loss of probabilities instead of logits, computed on the host. One of 0 counts as the smallest number > 0.
/// Throws Error unless both have the same n, 1 or more.
template <Shape S, class B, class T>
double cross_entropy(const Batch<S, B, T>& probabilities, const Batch<S, B, T>& target) {
  detail::require_rows("cross_entropy", probabilities.n(), target.n());
  std::vector<T> p(probabilities.size()), t(target.size());
  B::download(p.size(), probabilities.data(), p.data());
  B::download(t.size(), target.data(), t.data());
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    sum -= double{t[i]} * std::log(double{std::max(p[i], std::numeric_limits<T>::min())});
  return sum / probabilities.n();
}

/// The class with the largest logit, for each image.
template <Shape S, class B>
void predict(Context<B>& ctx, const Batch<S, B>& logits, std::vector<int>& classes) {
  classes.resize(static_cast<std::size_t>(logits.n()));
  const auto labels = ctx.template make_values<int>(classes.size());
  run<op::Argmax>(ctx, {.rows = logits.n(), .classes = S.c, .logits = logits, .labels = labels});
  B::download(classes.size(), labels.data(), classes.data());
}

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>

#include <string>

namespace resnet {

namespace detail {

RESNET_ONCE void require_labels(std::span<const int> labels, int classes) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      throw Error("one_hot: label " + std::to_string(i) + " of the batch: expected 0 to " +
                  std::to_string(classes - 1) + ", found " + std::to_string(labels[i]));
}
RESNET_ONCE void require_rows(const char* loss, int rows, int target_rows) {
  if (rows < 1 || rows != target_rows)
    throw Error(std::string(loss) + ": expected one row or more, and as many in the target, found " +
                std::to_string(rows) + " rows and " + std::to_string(target_rows) + " in the target");
}

}  // namespace detail

}  // namespace resnet

#endif  // RESNET_BODIES
