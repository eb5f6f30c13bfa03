// SPDX-License-Identifier: MIT
// The outline of AlexNet and VGG in torchvision: features -> flatten -> classifier.
#pragma once

#include <resnet/layers/flatten.hpp>

namespace resnet {

template <class Features, class Classifier>
struct FeaturesClassifier {
  using B = typename Features::Backend;

  Features features;
  Flatten<B> flatten;
  Classifier classifier;

  using Backend = B;
  template <class Other>
  using on = FeaturesClassifier<typename Features::template on<Other>, typename Classifier::template on<Other>>;

  static constexpr Shape out(Shape in) { return Classifier::out(in); }

  template <Shape S>
  struct Saved {
    static constexpr Shape map = Features::out(S);
    static constexpr Shape flat = Flatten<B>::out(map);
    SavedOf<Features, S> features;
    SavedOf<Flatten<B>, map> flatten;
    SavedOf<Classifier, flat> classifier;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto map = features.forward(ctx, std::move(x), saved.features);
    auto flat = flatten.forward(ctx, std::move(map), saved.flatten);
    return classifier.forward(ctx, std::move(flat), saved.classifier);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto map = features.infer(ctx, std::move(x));
    return classifier.infer(ctx, flatten.infer(ctx, std::move(map)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved,
                                 FeaturesClassifier& grad) const {
    auto dmap = backward_to_features(ctx, std::move(dy), saved, grad);
    return features.backward(ctx, std::move(dmap), saved.features, grad.features);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved,
                                     FeaturesClassifier& grad) const {
    auto dmap = backward_to_features(ctx, std::move(dy), saved, grad);
    features.backward_parameters(ctx, std::move(dmap), saved.features, grad.features);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("features", self.features...);
    f("flatten", self.flatten...);
    f("classifier", self.classifier...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_features(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved,
                                      FeaturesClassifier& grad) const {
    auto dflat = classifier.backward(ctx, std::move(dy), saved.classifier, grad.classifier);
    return flatten.backward(ctx, std::move(dflat), saved.flatten, grad.flatten);
  }
};

}  // namespace resnet
