// SPDX-License-Identifier: MIT
// A backend that computes nothing and writes down what a model's `infer` asks for, for one image. The
// program comes from the very code that runs on the other backends, whatever layers the model is made of.
#pragma once

#include <resnet/backend/plan/plan.hpp>
#include <resnet/backend/ref/memory.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/program/program.hpp>

#include <concepts>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace resnet::program {

/// What is recorded, and what has to be known for it: the values of the recorded model's parameters. (Addresses alone
/// would not do for activations: a Context hands the same memory out again, and layers work in place.)
class Recording {
 public:
  void input(const float* images, std::size_t size) { define(images, size); }

  void parameter(std::string_view name, const float* recorded, const float* values, std::size_t size) {
    parameters_[recorded] = std::make_shared<Constant>(Constant{std::string(name), {values, values + size}});
  }

  template <class O>
  void add(const O& operation) {
    Step step{operation, {}};
    detail::for_each_operand(operation, [&](std::size_t, std::string_view, const auto& operand) {
      if (!operand)
        step.operands.emplace_back();
      else if (operand.written)  // after everything that is read: it may be in the same place
        step.operands.push_back({define(operand.data, operation.size()), nullptr});
      else
        step.operands.push_back(read(operand.data));
    });
    program_.steps.push_back(std::move(step));
  }
  Program finish(const float* output) {
    program_.output = read(output).value;
    return std::move(program_);
  }

 private:
  Value define(const float* at, std::size_t size) {
    program_.sizes.push_back(size);
    return latest_[at] = static_cast<Value>(program_.sizes.size()) - 1;
  }
  Operand read(const float* at) const {
    if (const auto found = latest_.find(at); found != latest_.end()) return {found->second, nullptr};
    if (const auto found = parameters_.find(at); found != parameters_.end()) return {none, found->second};
    throw Error("record: operation " + std::to_string(program_.steps.size()) +
                " reads what no recorded operation wrote, and what is no parameter that the model's visit names");
  }

  Program program_;
  std::map<const float*, Value> latest_;  // what an address holds by now
  std::map<const float*, std::shared_ptr<const Constant>> parameters_;
};

/// Its memory is real, so that addresses are distinct, but never touched: it takes no room.
struct Recorder : private Plan {
  using Scalar = float;
  using Activation = float;
  using Memory = Recorder;
  static constexpr bool dry = false;
  using State = Recording;

  static float* allocate(std::size_t n) { return RefMemory<float>::allocate(n); }
  static void deallocate(float* p) { RefMemory<float>::deallocate(p); }

  template <class O>
  requires std::constructible_from<Operation, O>
  static void run(Context<Recorder>& ctx, const O& operation) { ctx.add(operation); }

  using Plan::copy, Plan::fill, Plan::upload, Plan::download, Plan::max_threads;
};

static_assert(Backend<Recorder>);

/// What `net.infer` does to one image of shape S.
template <Shape S, class Net>
Program record(const Net& net) {
  using Recorded = typename Net::template on<Recorder>;
  const auto recorded = std::make_unique<Recorded>();
  Context<Recorder> images(1);
  const auto x = images.template make<S>(1);
  Context<Recorder> recording(1);
  recording.input(x.data(), S.size());
  for_each_state(
      [&](std::string_view name, Role, const auto& values, const auto& address) {
        if constexpr (requires { values.data(); })
          recording.parameter(name, address.data(), values.data(), values.size());
      },
      net, std::as_const(*recorded));
  return recording.finish(std::as_const(*recorded).infer(recording, x).data());
}

}  // namespace resnet::program
