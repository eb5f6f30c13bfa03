// SPDX-License-Identifier: MIT
// EfficientNet (Tan & Le 2019, arXiv 1905.11946) with torchvision's member names.
//   stem: 3×3 convolution, BatchNorm, SiLU -> seven stages of MBConv -> head: the same with a 1×1 convolution
//   -> global average pooling -> dropout -> fc
// The ImageNet form halves the image in the stem and in stages 2, 3, 4 and 6, that is 224×224 to 7×7. The
// CIFAR form does not in the stem and in stage 2 (as MobileNetV2 in kuangliu/pytorch-cifar): 32×32 to 4×4. A
// new network has torchvision's regularisation: dropout 0.2, and block k = 0, 1, … of L is left out with
// probability 0.2 · k / L (torchvision counts from 0, layers/drop_path.hpp's rule from 1); see
// set_regularisation.
#pragma once

#include <resnet/blocks/mb_conv.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/models/form.hpp>

namespace resnet {

struct MBConvStage {
  int expand, kernel, stride, channels, blocks;
};

/// The tables 1 of the two papers: what compound scaling starts from.
struct EfficientNetB0Table {
  static constexpr int stem = 32, head = 1280;
  static constexpr MBConvStage stages[7] = {{1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2}, {6, 3, 2, 80, 3},
                                            {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1}};
};

/// `Table`: a type like EfficientNetB0Table, because a list as an argument would be part of every symbol's
/// name.
template <class Table, Form F, int Classes, class B>
struct EfficientNet {
  template <int I>
  struct StageOf {
    static constexpr MBConvStage s = Table::stages[I - 1];
    static constexpr int in = I == 1 ? Table::stem : Table::stages[I == 1 ? 0 : I - 2].channels;
    static constexpr int stride = F == Form::cifar && I == 2 ? 1 : s.stride;
    using type = Stage<MBConv<s.kernel, s.expand>::template Block, in, s.channels, stride, s.blocks, B>;
  };
  using Stem = Conv2d<3, Table::stem, 3, F == Form::cifar ? 1 : 2, B>;
  using StemNorm = BatchNorm2d<Table::stem, B>;
  using Stage1 = typename StageOf<1>::type;
  using Stage2 = typename StageOf<2>::type;
  using Stage3 = typename StageOf<3>::type;
  using Stage4 = typename StageOf<4>::type;
  using Stage5 = typename StageOf<5>::type;
  using Stage6 = typename StageOf<6>::type;
  using Stage7 = typename StageOf<7>::type;
  using Head =
      Sequential<Conv2d<Table::stages[6].channels, Table::head, 1, 1, B>, BatchNorm2d<Table::head, B>, SiLU<B>>;
  using Classifier = Sequential<Dropout<B>, Linear<Table::head, Classes, B>>;

  Stem stem_conv;
  StemNorm stem_norm;
  SiLU<B> stem_activation;
  Stage1 stage1;
  Stage2 stage2;
  Stage3 stage3;
  Stage4 stage4;
  Stage5 stage5;
  Stage6 stage6;
  Stage7 stage7;
  Head head;
  GlobalAvgPool2d<B> avgpool;
  Classifier classifier;

  using Backend = B;
  template <class Other>
  using on = EfficientNet<Table, F, Classes, Other>;

  constexpr EfficientNet() { set_regularisation(0.2, 0.2); }

  /// The probabilities of Dropout and, in the limit of many blocks, of leaving the last block's branch out.
  constexpr void set_regularisation(double dropout, double drop_path) {
    std::get<0>(classifier.layers).p = dropout;
    int blocks = 0, k = 0;
    for (const MBConvStage& s : Table::stages) blocks += s.blocks;
    const auto set = [&](auto& stage) {
      stage.first.drop_path.p = drop_path * k++ / blocks;
      for (auto& block : stage.rest) block.drop_path.p = drop_path * k++ / blocks;
    };
    set(stage1), set(stage2), set(stage3), set(stage4), set(stage5), set(stage6), set(stage7);
  }

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape s0 = Stem::out(S);
    static constexpr Shape s1 = Stage1::out(s0);
    static constexpr Shape s2 = Stage2::out(s1);
    static constexpr Shape s3 = Stage3::out(s2);
    static constexpr Shape s4 = Stage4::out(s3);
    static constexpr Shape s5 = Stage5::out(s4);
    static constexpr Shape s6 = Stage6::out(s5);
    static constexpr Shape s7 = Stage7::out(s6);
    static constexpr Shape s8 = Head::out(s7);
    static constexpr Shape features = {s8.c};
    SavedOf<Stem, S> stem_conv;
    SavedOf<StemNorm, s0> stem_norm;
    SavedOf<SiLU<B>, s0> stem_activation;
    SavedOf<Stage1, s0> stage1;
    SavedOf<Stage2, s1> stage2;
    SavedOf<Stage3, s2> stage3;
    SavedOf<Stage4, s3> stage4;
    SavedOf<Stage5, s4> stage5;
    SavedOf<Stage6, s5> stage6;
    SavedOf<Stage7, s6> stage7;
    SavedOf<Head, s7> head;
    SavedOf<GlobalAvgPool2d<B>, s8> avgpool;
    SavedOf<Classifier, features> classifier;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y0 = stem_conv.forward(ctx, std::move(x), saved.stem_conv);
    y0 = stem_norm.forward(ctx, std::move(y0), saved.stem_norm);
    y0 = stem_activation.forward(ctx, std::move(y0), saved.stem_activation);
    auto y1 = stage1.forward(ctx, std::move(y0), saved.stage1);
    auto y2 = stage2.forward(ctx, std::move(y1), saved.stage2);
    auto y3 = stage3.forward(ctx, std::move(y2), saved.stage3);
    auto y4 = stage4.forward(ctx, std::move(y3), saved.stage4);
    auto y5 = stage5.forward(ctx, std::move(y4), saved.stage5);
    auto y6 = stage6.forward(ctx, std::move(y5), saved.stage6);
    auto y7 = stage7.forward(ctx, std::move(y6), saved.stage7);
    auto y8 = head.forward(ctx, std::move(y7), saved.head);
    auto features = avgpool.forward(ctx, std::move(y8), saved.avgpool);
    return classifier.forward(ctx, std::move(features), saved.classifier);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y0 = stem_conv.infer(ctx, std::move(x));
    y0 = stem_norm.infer(ctx, std::move(y0));
    y0 = stem_activation.infer(ctx, std::move(y0));
    auto y1 = stage1.infer(ctx, std::move(y0));
    auto y2 = stage2.infer(ctx, std::move(y1));
    auto y3 = stage3.infer(ctx, std::move(y2));
    auto y4 = stage4.infer(ctx, std::move(y3));
    auto y5 = stage5.infer(ctx, std::move(y4));
    auto y6 = stage6.infer(ctx, std::move(y5));
    auto y7 = stage7.infer(ctx, std::move(y6));
    auto y8 = head.infer(ctx, std::move(y7));
    return classifier.infer(ctx, avgpool.infer(ctx, std::move(y8)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, EfficientNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    return stem_conv.backward(ctx, std::move(dstem), saved.stem_conv, grad.stem_conv);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, EfficientNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    stem_conv.backward_weight(ctx, dstem, saved.stem_conv, grad.stem_conv);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("features.0.0", self.stem_conv...);
    f("features.0.1", self.stem_norm...);
    f("features.0.2", self.stem_activation...);
    f("features.1", self.stage1...);
    f("features.2", self.stage2...);
    f("features.3", self.stage3...);
    f("features.4", self.stage4...);
    f("features.5", self.stage5...);
    f("features.6", self.stage6...);
    f("features.7", self.stage7...);
    f("features.8", self.head...);
    f("avgpool", self.avgpool...);
    f("classifier", self.classifier...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, EfficientNet& grad) const {
    auto dfeatures = classifier.backward(ctx, std::move(dy), saved.classifier, grad.classifier);
    auto dy8 = avgpool.backward(ctx, std::move(dfeatures), saved.avgpool, grad.avgpool);
    auto dy7 = head.backward(ctx, std::move(dy8), saved.head, grad.head);
    auto dy6 = stage7.backward(ctx, std::move(dy7), saved.stage7, grad.stage7);
    auto dy5 = stage6.backward(ctx, std::move(dy6), saved.stage6, grad.stage6);
    auto dy4 = stage5.backward(ctx, std::move(dy5), saved.stage5, grad.stage5);
    auto dy3 = stage4.backward(ctx, std::move(dy4), saved.stage4, grad.stage4);
    auto dy2 = stage3.backward(ctx, std::move(dy3), saved.stage3, grad.stage3);
    auto dy1 = stage2.backward(ctx, std::move(dy2), saved.stage2, grad.stage2);
    auto dy0 = stage1.backward(ctx, std::move(dy1), saved.stage1, grad.stage1);
    dy0 = stem_activation.backward(ctx, std::move(dy0), saved.stem_activation, grad.stem_activation);
    return stem_norm.backward(ctx, std::move(dy0), saved.stem_norm, grad.stem_norm);
  }
};

}  // namespace resnet
