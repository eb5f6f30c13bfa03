// SPDX-License-Identifier: MIT
// A layer that the library doesn't have, used with those that it has: PReLU with one slope for each channel
// (He et al. 2015, arXiv 1502.01852; torch.nn.PReLU). core/layer.hpp holds the contract.
#include <resnet/backend/ref/ref.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include "support/program.hpp"

using namespace resnet;

//   forward   y = x where x > 0, else weight[c] · x
//   backward  dx = dy where x > 0, else weight[c] · dy;  dweight[c] = Σ dy · x where x <= 0
// Any shape with Channels channels. Saves x.
template <int Channels, class B = Cpu>
struct PReLU {
  Tensor<B, Channels> weight;

  using Backend = B;
  template <class Other>
  using on = PReLU<Channels, Other>;

  static constexpr Shape out(Shape in) { return in; }

  void initialize(auto& init) { init.constant(weight, 0.25f); }  // as the paper

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    auto y = infer(ctx, x);
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    require_channels<PReLU, S.c, Channels>(ctx);
    auto y = ctx.template make<S>(x.n());
    // A loop over data() is for backends whose memory is the host's (Cpu, Ref); on the dry one, which counts
    // memory, there is no data. A layer for all backends would call an operation of B here.
    if constexpr (!B::dry)
      for (std::size_t i = 0; i < x.size(); ++i)
        y.data()[i] = x.data()[i] > 0 ? x.data()[i] : weight.data()[i % Channels] * x.data()[i];
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, PReLU& grad) const {
    const auto x = take(saved.x, dy);       // so that its memory is free when this function returns
    if (grad.weight.released()) return {};  // nothing in or below this layer is trained
    auto dx = ctx.make_like(dy);            // dy's own memory if nobody else needs it
    if constexpr (!B::dry)
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool positive = x.data()[i] > 0;
        if (!positive) grad.weight.data()[i % Channels] += dy.data()[i] * x.data()[i];  // added, not assigned
        dx.data()[i] = positive ? dy.data()[i] : weight.data()[i % Channels] * dy.data()[i];
      }
    return dx;
  }

  // Its name in files, and its role: weight decay leaves scales alone.
  static constexpr void visit(auto&& f, auto&... self) { f("weight", Role::scale, self.weight...); }
};

static_assert(Layer<PReLU<8>, Shape{8, 4, 4}, Cpu>);  // it keeps the contract

/// The sum of r·y for fixed numbers r, whose gradient with respect to y is r.
double weighted_sum(const Batch<Shape{3, 4, 5}, Ref<double>>& y, const std::vector<double>& r) {
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += r[i] * y.data()[i];
  return sum;
}

/// Compares backward with central differences in double; returns the largest difference.
double gradient_error() {
  using B = Ref<double>;  // every layer runs on it too
  constexpr Shape shape{3, 4, 5};
  Context<B> ctx;
  PReLU<3, B> layer, grad;
  run<op::FillUniform>(ctx, {.count = 3, .stream = {1}, .low = 0.1, .high = 0.9, .y = layer.weight});
  std::vector<double> x(2 * shape.size()), r(x.size());
  run<op::FillNormal>(ctx, {.count = x.size(), .stream = {2}, .std = 1, .y = x.data()});
  run<op::FillNormal>(ctx, {.count = r.size(), .stream = {3}, .std = 1, .y = r.data()});

  const auto input = ctx.upload<shape>(x);
  decltype(layer)::Saved<shape> saved;
  layer.forward(ctx, input, saved);
  const auto dx = layer.backward(ctx, ctx.upload<shape>(r), saved, grad);

  double worst = 0;
  const auto compare = [&](double& value, double derivative) {
    const double before = value, step = 1e-5;
    value = before + step;
    const double above = weighted_sum(layer.infer(ctx, input), r);
    value = before - step;
    const double below = weighted_sum(layer.infer(ctx, input), r);
    value = before;
    worst = std::max(worst, std::abs((above - below) / (2 * step) - derivative));
  };
  for (std::size_t c = 0; c < 3; ++c) compare(layer.weight.data()[c], grad.weight.data()[c]);
  for (std::size_t i = 0; i < x.size(); ++i) compare(input.data()[i], dx.data()[i]);
  return worst;
}

void train(int epochs) {
  using Net = Sequential<Conv2d<3, 16, 5, 2>, BatchNorm2d<16>, PReLU<16>, Conv2d<16, 32, 3, 2>, BatchNorm2d<32>,
                         PReLU<32>, GlobalAvgPool2d<>, Linear<32, 10>>;
  const Dataset images = make_synthetic(1000, 0, 1).train;
  DataLoader loader(images, {.batch_size = 50, .shuffle = true, .normalize = compute_normalize(images)});
  Context<Cpu> ctx;
  const Schedule schedule{ConstantLr{}, 0.1, epochs * loader.batches()};
  Trainer<Net, synthetic_shape> trainer(ctx, Optimizer<Net>(Sgd{0.9}), schedule);
  initialize(ctx, trainer.model);

  while (trainer.steps() < schedule.total_steps) {
    for (const HostBatch& batch : trainer.rest_of_epoch(loader)) trainer.step(batch);
    const Metrics m = trainer.epoch_so_far();
    fmt::print("step {}: loss {:.3f}, accuracy {:.1f} %\n", trainer.steps(), m.loss(), 100 * m.accuracy());
  }
  for_each_parameter(
      [](std::string_view name, Role role, auto& t) {
        if (role == Role::scale && name.starts_with("2.")) fmt::print("{}[0] = {:.3f}\n", name, t.data()[0]);
      },
      trainer.model);
}

int main(int argc, char** argv) {
  int epochs = 5;
  CLI::App app("Checks the gradient of a new layer, then trains a small network with it.");
  app.option_defaults()->always_capture_default();
  add_option(app, "--epochs", epochs, "", CLI::PositiveNumber);
  return run_program(app, argc, argv, [&] {
    const double error = gradient_error();
    fmt::print("largest difference between backward and central differences: {:.1e}\n", error);
    if (!(error < 1e-8)) throw Error("PReLU's backward is not the derivative of its forward");
    train(epochs);
    return 0;
  });
}
