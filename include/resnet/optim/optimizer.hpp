// SPDX-License-Identifier: MIT
// Optimizers with the update rules and defaults of torch.optim. A rule is a value; its running averages are
// values of the model's own type, walked side by side with the model and its gradient.
//
//   Optimizer<Net> optimizer(Sgd{.momentum = 0.9}, {.weight = 5e-4});
//   optimizer.step(ctx, learning_rate, net, grad);
#pragma once

#include <resnet/core/backend.hpp>
#include <resnet/core/error.hpp>
#include <resnet/core/flat.hpp>
#include <resnet/core/once.hpp>
#include <resnet/op/parameters.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace resnet {

struct Sgd {
  double momentum = 0;
  bool nesterov = false;
};
struct Adam {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};
/// Adam with weight decay apart from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101).
struct AdamW {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};
struct RmsProp {
  double alpha = 0.99, eps = 1e-8, momentum = 0;
};
using Rule = std::variant<Sgd, Adam, AdamW, RmsProp>;

/// Weight decay by role. Scales and biases are usually left alone (He et al. 2018, arXiv 1812.01187).
struct WeightDecay {
  double weight = 0, scale = 0, bias = 0;

  double operator()(Role role) const { return role == Role::weight ? weight : role == Role::scale ? scale : bias; }
};

/// Throws Error for numbers that make no sense: an average that forgets nothing, a step that is not finite.
RESNET_ONCE void validate(const Rule& rule, const WeightDecay& decay = {});

template <class Model>
class Optimizer {
  static_assert(sizeof(Model) > 0);  // says here what is wrong with the model, and not deep in std::vector

 public:
  /// Throws Error for a rule or a weight decay that makes no sense.
  explicit Optimizer(Rule rule, WeightDecay decay = {})
      : rule_(rule), decay_(decay), averages_(std::holds_alternative<Sgd>(rule) ? 1 : 2) {
    validate(rule_, decay_);
    for (Flat<Model>& average : averages_)  // a new BatchNorm2d's weight is 1
      Model::Backend::fill(average.parameters(), 0, average.data());
    for (const Role role : {Role::weight, Role::scale, Role::bias}) trained_.push_back(averages_.front().range(role));
  }

  /// From now on leaves alone what begins so: {"conv1.", "layer1."}. Throws Error for a prefix of no parameter's
  /// name. (BatchNorm2d's running statistics are none: TrainerOptions::frozen_statistics.)
  void freeze(std::vector<std::string> prefixes) {
    for (const std::string& prefix : prefixes) {
      bool found = false;
      for_each_parameter([&](std::string_view name, Role, const auto&) { found |= name.starts_with(prefix); },
                         *averages_.front());
      if (!found)
        throw Error("optimizer: freeze: expected the beginning of a parameter's name, found \"" + prefix + "\"");
    }
    frozen_ = std::move(prefixes);
    trained_.clear(), left_alone_.clear();
    for (const Role wanted : {Role::weight, Role::scale, Role::bias})
      for_each_parameter(
          [&](std::string_view name, Role role, const auto& t) {
            if (role != wanted) return;
            auto& ranges = is_frozen(name) ? left_alone_ : trained_;
            const auto begin = static_cast<std::size_t>(t.data() - averages_.front().data());
            const std::size_t size = Flat<Model>::room(t.size());
            if (!ranges.empty() && ranges.back().role == role && ranges.back().begin + ranges.back().size == begin)
              ranges.back().size += size;
            else
              ranges.push_back({role, begin, size});
          },
          *averages_.front());
  }
  bool is_frozen(std::string_view name) const {
    return std::any_of(frozen_.begin(), frozen_.end(), [&](const auto& prefix) { return name.starts_with(prefix); });
  }

  /// What of a gradient belongs to frozen parameters.
  const std::vector<FlatRange>& frozen_ranges() const { return left_alone_; }

  /// Updates the model in place, unless `guard` has diverged.
  template <class B>
  void step(Context<B>& ctx, double lr, Flat<Model>& model, const Flat<Model>& grad, In<Tally> guard = {}) {
    ++steps_;
    for (const FlatRange& r : trained_)
      update(ctx, lr, decay_(r.role), r.size, grad.data() + r.begin, averages_.front().data() + r.begin,
             averages_.back().data() + r.begin, model.data() + r.begin, guard);
  }

  /// Steps so far.
  std::int64_t steps() const { return steps_; }

  /// What a checkpoint holds, with torch.optim's names: f("step", number of steps) and f(name, average) for
  /// each running average, a value of the model's type.
  void visit_state(auto&& f) { visit_state(*this, f); }
  void visit_state(auto&& f) const { visit_state(*this, f); }

 private:
  template <class B, class T>
  void update(Context<B>& ctx, double lr, double decay, std::size_t n, const T* gradient, T* first, T* second, T* w,
              In<Tally> guard) const {
    if (const auto* sgd = std::get_if<Sgd>(&rule_))
      run<op::SgdStep>(ctx, {.count = n,
                             .lr = lr,
                             .momentum = sgd->momentum,
                             .weight_decay = decay,
                             .nesterov = sgd->nesterov,
                             .gradient = gradient,
                             .velocity = first,
                             .weight = w,
                             .guard = guard});
    const auto adam_step = [&](const auto& adam, bool decoupled) {
      run<op::AdamStep>(ctx, {.count = n,
                              .lr = lr,
                              .beta1 = adam.beta1,
                              .beta2 = adam.beta2,
                              .eps = adam.eps,
                              .weight_decay = decay,
                              .decoupled = decoupled,
                              .step = steps_,
                              .gradient = gradient,
                              .mean = first,
                              .square = second,
                              .weight = w,
                              .guard = guard});
    };
    if (const auto* adam = std::get_if<Adam>(&rule_)) adam_step(*adam, false);
    if (const auto* adamw = std::get_if<AdamW>(&rule_)) adam_step(*adamw, true);
    if (const auto* rms = std::get_if<RmsProp>(&rule_))
      run<op::RmsPropStep>(ctx, {.count = n,
                                 .lr = lr,
                                 .alpha = rms->alpha,
                                 .eps = rms->eps,
                                 .weight_decay = decay,
                                 .momentum = rms->momentum,
                                 .gradient = gradient,
                                 .square = second,
                                 .velocity = first,
                                 .weight = w,
                                 .guard = guard});
  }

  static void visit_state(auto& self, auto& f) {
    f("step", self.steps_);
    const bool adam = std::holds_alternative<Adam>(self.rule_) || std::holds_alternative<AdamW>(self.rule_);
    f(adam ? "exp_avg" : "momentum_buffer", *self.averages_.front());
    if (self.averages_.size() > 1) f(adam ? "exp_avg_sq" : "square_avg", *self.averages_.back());
  }

  Rule rule_;
  WeightDecay decay_;
  std::vector<Flat<Model>> averages_;
  std::vector<std::string> frozen_;
  std::vector<FlatRange> trained_, left_alone_;
  std::int64_t steps_ = 0;
};

/// Sets all that is trained to zero: the start of a gradient.
template <class B>
void zero(Context<B>& ctx, FlatMemory<B>& grad) {
  run<op::Fill>(ctx, {.count = grad.parameters(), .value = 0, .y = grad.data()});
}

/// Limits each element of the gradient to [-max_value, max_value] (torch.nn.utils.clip_grad_value_).
template <class B>
void clip_grad_value(Context<B>& ctx, FlatMemory<B>& grad, double max_value) {
  run<op::Clamp>(ctx, {.count = grad.parameters(), .low = -max_value, .high = max_value, .y = grad.data()});
}

/// Scales the gradient so that its L2 norm over all parameters is at most `max_norm` (torch.nn.utils.clip_grad_norm_);
/// returns the square of the norm it had.
template <class B>
Buffer<B, double> clip_grad_norm(Context<B>& ctx, FlatMemory<B>& grad, double max_norm) {
  auto squares = ctx.template make_values<double>(1);
  run<op::SumOfSquares>(ctx, {.count = grad.parameters(), .x = grad.data(), .sum = squares});
  run<op::LimitNorm>(ctx, {.count = grad.parameters(), .max_norm = max_norm, .squares = squares, .y = grad.data()});
  return squares;
}

}  // namespace resnet

#ifdef RESNET_BODIES

#include <cmath>

namespace resnet {

RESNET_ONCE void validate(const Rule& rule, const WeightDecay& decay) {
  const auto require = [](bool valid, const char* name, const char* expected, double found) {
    if (!valid)
      throw Error(std::string("optimizer: ") + name + ": expected " + expected + ", found " + std::to_string(found));
  };
  const auto share = [&](const char* name, double x) { require(x >= 0 && x < 1, name, "0 to below 1", x); };
  const auto amount = [&](const char* name, double x) { require(x >= 0 && std::isfinite(x), name, "0 or more", x); };
  const auto check = [&](const auto& r) {
    if constexpr (requires { r.momentum; }) share("momentum", r.momentum);
    if constexpr (requires { r.beta1; }) share("beta1", r.beta1), share("beta2", r.beta2);
    if constexpr (requires { r.alpha; }) share("alpha", r.alpha);
    if constexpr (requires { r.eps; }) amount("eps", r.eps);
  };
  std::visit(check, rule);
  amount("weight decay", decay.weight), amount("weight decay of scales", decay.scale);
  amount("weight decay of biases", decay.bias);
}

}  // namespace resnet

#endif  // RESNET_BODIES
