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
#include <resnet/compose/chain.hpp>
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
struct EfficientNet : Chain<EfficientNet<Table, F, Classes, B>> {
  template <int I>
  struct StageOf {
    static constexpr MBConvStage s = Table::stages[I - 1];
    static constexpr int in = I == 1 ? Table::stem : Table::stages[I == 1 ? 0 : I - 2].channels;
    static constexpr int stride = F == Form::cifar && I == 2 ? 1 : s.stride;
    using type = Stage<MBConv<s.kernel, s.expand>::template Block, in, s.channels, stride, s.blocks, B>;
  };

  Conv2d<3, Table::stem, 3, F == Form::cifar ? 1 : 2, B> stem_conv;
  BatchNorm2d<Table::stem, B> stem_norm;
  SiLU<B> stem_activation;
  typename StageOf<1>::type stage1;
  typename StageOf<2>::type stage2;
  typename StageOf<3>::type stage3;
  typename StageOf<4>::type stage4;
  typename StageOf<5>::type stage5;
  typename StageOf<6>::type stage6;
  typename StageOf<7>::type stage7;
  Conv2d<Table::stages[6].channels, Table::head, 1, 1, B> head_conv;
  BatchNorm2d<Table::head, B> head_norm;
  SiLU<B> head_activation;
  GlobalAvgPool2d<B> avgpool;
  Dropout<B> dropout;
  Linear<Table::head, Classes, B> fc;

  using Backend = B;
  template <class Other>
  using on = EfficientNet<Table, F, Classes, Other>;

  constexpr EfficientNet() { set_regularisation(0.2, 0.2); }

  /// The probabilities of Dropout and, in the limit of many blocks, of leaving the last block's branch out.
  constexpr void set_regularisation(double dropout_p, double drop_path) {
    dropout.p = dropout_p;
    int blocks = 0, k = 0;
    for (const MBConvStage& s : Table::stages) blocks += s.blocks;
    const auto set = [&](auto& stage) {
      stage.first.drop_path.p = drop_path * k++ / blocks;
      for (auto& block : stage.rest) block.drop_path.p = drop_path * k++ / blocks;
    };
    set(stage1), set(stage2), set(stage3), set(stage4), set(stage5), set(stage6), set(stage7);
  }

  static constexpr auto parts() {
    using Net = EfficientNet;
    return std::tuple(
        part("features.0.0", &Net::stem_conv), part("features.0.1", &Net::stem_norm),
        part("features.0.2", &Net::stem_activation), part("features.1", &Net::stage1), part("features.2", &Net::stage2),
        part("features.3", &Net::stage3), part("features.4", &Net::stage4), part("features.5", &Net::stage5),
        part("features.6", &Net::stage6), part("features.7", &Net::stage7), part("features.8.0", &Net::head_conv),
        part("features.8.1", &Net::head_norm), part("features.8.2", &Net::head_activation),
        part("avgpool", &Net::avgpool), part("classifier.0", &Net::dropout), part("classifier.1", &Net::fc));
  }
};

}  // namespace resnet
