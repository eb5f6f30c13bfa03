// SPDX-License-Identifier: MIT
// Five stages one after the other. `Stages` names their types, Stage1 … Stage5, so that this template's name
// stays short. Their layers are named as those of one nn.Sequential; who derives from this may name them
// otherwise.
#pragma once

#include <resnet/core/layer.hpp>

namespace resnet {

template <class Stages>
struct FiveStages {
  using B = typename Stages::Backend;
  using Stage1 = typename Stages::Stage1;
  using Stage2 = typename Stages::Stage2;
  using Stage3 = typename Stages::Stage3;
  using Stage4 = typename Stages::Stage4;
  using Stage5 = typename Stages::Stage5;

  Stage1 stage1;
  Stage2 stage2;
  Stage3 stage3;
  Stage4 stage4;
  Stage5 stage5;

  using Backend = B;
  template <class Other>
  using on = FiveStages<typename Stages::template on<Other>>;

  static constexpr Shape out(Shape in) { return Stage5::out(Stage4::out(Stage3::out(Stage2::out(Stage1::out(in))))); }

  template <Shape S>
  struct Saved {
    static constexpr Shape s1 = Stage1::out(S);
    static constexpr Shape s2 = Stage2::out(s1);
    static constexpr Shape s3 = Stage3::out(s2);
    static constexpr Shape s4 = Stage4::out(s3);
    SavedOf<Stage1, S> stage1;
    SavedOf<Stage2, s1> stage2;
    SavedOf<Stage3, s2> stage3;
    SavedOf<Stage4, s3> stage4;
    SavedOf<Stage5, s4> stage5;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y1 = stage1.forward(ctx, std::move(x), saved.stage1);
    auto y2 = stage2.forward(ctx, std::move(y1), saved.stage2);
    auto y3 = stage3.forward(ctx, std::move(y2), saved.stage3);
    auto y4 = stage4.forward(ctx, std::move(y3), saved.stage4);
    return stage5.forward(ctx, std::move(y4), saved.stage5);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y1 = stage1.infer(ctx, std::move(x));
    auto y2 = stage2.infer(ctx, std::move(y1));
    auto y3 = stage3.infer(ctx, std::move(y2));
    auto y4 = stage4.infer(ctx, std::move(y3));
    return stage5.infer(ctx, std::move(y4));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, FiveStages& grad) const {
    auto dy1 = backward_to_stage1(ctx, std::move(dy), saved, grad);
    return stage1.backward(ctx, std::move(dy1), saved.stage1, grad.stage1);
  }

  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, FiveStages& grad) const {
    auto dy1 = backward_to_stage1(ctx, std::move(dy), saved, grad);
    stage1.backward_parameters(ctx, std::move(dy1), saved.stage1, grad.stage1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    constexpr std::size_t second = Stage1::layer_count, third = second + Stage2::layer_count,
                          fourth = third + Stage3::layer_count, fifth = fourth + Stage4::layer_count;
    Stage1::visit_from(0, f, self.stage1...);
    Stage2::visit_from(second, f, self.stage2...);
    Stage3::visit_from(third, f, self.stage3...);
    Stage4::visit_from(fourth, f, self.stage4...);
    Stage5::visit_from(fifth, f, self.stage5...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stage1(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, FiveStages& grad) const {
    auto dy4 = stage5.backward(ctx, std::move(dy), saved.stage5, grad.stage5);
    auto dy3 = stage4.backward(ctx, std::move(dy4), saved.stage4, grad.stage4);
    auto dy2 = stage3.backward(ctx, std::move(dy3), saved.stage3, grad.stage3);
    return stage2.backward(ctx, std::move(dy2), saved.stage2, grad.stage2);
  }
};

}  // namespace resnet
