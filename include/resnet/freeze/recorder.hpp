// SPDX-License-Identifier: MIT
// A backend that computes nothing and writes down what a model's `infer` asks for, for one image. The
// program comes from the very code that runs on the other backends, whatever layers the model is made of.
#pragma once

#include <resnet/backend/cpu/memory.hpp>
#include <resnet/backend/plan/plan.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/op/batch_norm.hpp>
#include <resnet/op/channels.hpp>
#include <resnet/op/conv2d.hpp>
#include <resnet/op/depthwise_conv2d.hpp>
#include <resnet/op/elementwise.hpp>
#include <resnet/op/pooling.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace resnet::inline RESNET_ISA::frozen {

/// Activations are numbered as they come into being; 0 is the images. (Their addresses would not do: a
/// Context hands the same memory out again, and layers work in place.)
using Value = int;
inline constexpr Value none = -1;

/// An operation (op/) on one image, followed by y = relu(result + other) where asked for.
struct Operation {
  enum class Kind {
    conv2d,
    depthwise_conv2d,
    batch_norm,
    add,
    relu,
    sigmoid,
    silu,
    scale_channels,
    max_pool,
    avg_pool,
    concat,
    transpose
  };
  Kind kind;
  std::size_t size;       // floats of y
  Conv2dGeometry conv{};  // what is not of this kind stays empty
  Pool2dGeometry pool{};
  int rows = 0;                            // of batch_norm
  int x_channels = 0, other_channels = 0;  // of concat; the first of transpose and scale_channels
  double eps = 0;
  Value x = none, other = none, y = none;
  bool relu = false;
  std::vector<float> weight{}, bias{}, mean{}, var{};
};

struct Program {
  std::vector<Operation> operations;
  std::vector<std::size_t> sizes;  // of the values, in floats
  Value output = 0;
};

struct Parameters {
  const float *weight = nullptr, *bias = nullptr, *mean = nullptr, *var = nullptr;
};

/// Its memory is real, so that addresses are distinct, but never touched: it takes no room.
struct Recorder : private Plan {
  using Scalar = float;
  using Activation = float;
  using Memory = Recorder;
  static constexpr bool dry = false;
  using Ctx = Context<Recorder>;

  static float* allocate(std::size_t n) { return CpuMemory::allocate(n); }
  static void deallocate(float* p) { CpuMemory::deallocate(p); }

  static void run(Ctx& ctx, const op::Conv2d<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::conv2d, .size = floats(o.g.out_h, o.g.out_w, o.g.out_c), .conv = o.g},
           o.x.data, nullptr, o.y.data, {o.weight.data, o.bias.data});
  }
  static void run(Ctx& ctx, const op::DepthwiseConv2d<float, float>& o) {
    record(ctx,
           {.kind = Operation::Kind::depthwise_conv2d, .size = floats(o.g.out_h, o.g.out_w, o.g.out_c), .conv = o.g},
           o.x.data, nullptr, o.y.data, {o.weight.data});
  }
  static void run(Ctx& ctx, const op::BatchNormInfer<float, float>& o) {
    Operation op{.kind = Operation::Kind::batch_norm, .size = floats(o.rows, o.channels), .rows = o.rows, .eps = o.eps};
    op.relu = o.activation == op::Activation::relu;
    record(ctx, std::move(op), o.x.data, o.skip.data, o.y.data,
           {o.weight.data, o.bias.data, o.running_mean.data, o.running_var.data});
  }
  static void run(Ctx& ctx, const op::Add<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::add, .size = o.count}, o.a.data, o.b.data, o.y.data);
  }
  static void run(Ctx& ctx, const op::Relu<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::relu, .size = o.count}, o.x.data, nullptr, o.y.data);
  }
  static void run(Ctx& ctx, const op::Sigmoid<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::sigmoid, .size = o.count}, o.x.data, nullptr, o.y.data);
  }
  static void run(Ctx& ctx, const op::Silu<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::silu, .size = o.count}, o.x.data, nullptr, o.y.data);
  }
  static void run(Ctx& ctx, const op::ScaleChannels<float, float>& o) {
    Operation op{.kind = Operation::Kind::scale_channels, .size = floats(o.pixels, o.channels)};
    op.x_channels = o.channels;
    record(ctx, std::move(op), o.x.data, o.s.data, o.y.data);
  }
  static void run(Ctx& ctx, const op::MaxPool2d<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::max_pool, .size = floats(o.g.out_h, o.g.out_w, o.g.c), .pool = o.g}, o.x.data,
           nullptr, o.y.data);
  }
  static void run(Ctx& ctx, const op::AvgPool2d<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::avg_pool, .size = floats(o.g.out_h, o.g.out_w, o.g.c), .pool = o.g}, o.x.data,
           nullptr, o.y.data);
  }
  static void run(Ctx& ctx, const op::ConcatChannels<float, float>& o) {
    Operation op{.kind = Operation::Kind::concat, .size = floats(o.rows, o.a_channels + o.b_channels)};
    op.x_channels = o.a_channels, op.other_channels = o.b_channels;
    record(ctx, std::move(op), o.a.data, o.b.data, o.y.data);
  }
  static void run(Ctx& ctx, const op::Transpose<float, float>& o) {
    record(ctx, {.kind = Operation::Kind::transpose, .size = floats(o.rows, o.columns), .x_channels = o.columns},
           o.x.data, nullptr, o.y.data);
  }

  using Plan::copy, Plan::fill, Plan::upload, Plan::download, Plan::max_threads;

 private:
  static constexpr std::size_t floats(auto... dims) { return (std::size_t{1} * ... * static_cast<std::size_t>(dims)); }
  static void record(Ctx&, Operation, const float* x, const float* other, const float* y, const Parameters& = {});
};

static_assert(Backend<Recorder>);

/// A Context that keeps what is recorded on it, and knows the values of the recorded model's parameters.
class Recording : public Context<Recorder> {
 public:
  Recording(const float* images, std::size_t size) : Context(1) { define(images, size); }

  void parameter(const float* recorded, const float* values, std::size_t size) {
    parameters_[recorded] = {values, values + size};
  }
  void add(Operation op, const float* x, const float* other, const float* y, const Parameters& p) {
    op.x = x ? value(x) : none;
    op.other = other ? value(other) : none;
    op.y = define(y, op.size);
    op.weight = values_of(p.weight), op.bias = values_of(p.bias);
    op.mean = values_of(p.mean), op.var = values_of(p.var);
    program_.operations.push_back(std::move(op));
  }
  Program finish(const float* output) {
    program_.output = value(output);
    return std::move(program_);
  }

 private:
  Value define(const float* at, std::size_t size) {
    program_.sizes.push_back(size);
    return latest_[at] = static_cast<Value>(program_.sizes.size()) - 1;
  }
  Value value(const float* at) const {
    const auto found = latest_.find(at);
    if (found == latest_.end())
      throw Error("freeze: operation " + std::to_string(program_.operations.size()) +
                  " reads an activation that no recorded operation wrote");
    return found->second;
  }
  std::vector<float> values_of(const float* recorded) const {
    if (!recorded) return {};
    const auto found = parameters_.find(recorded);
    if (found == parameters_.end())
      throw Error("freeze: operation " + std::to_string(program_.operations.size()) +
                  " uses a parameter that the model's visit does not name");
    return {found->second.first, found->second.second};
  }

  Program program_;
  std::map<const float*, Value> latest_;  // what an address holds by now
  std::map<const float*, std::pair<const float*, const float*>> parameters_;
};

inline void Recorder::record(Ctx& ctx, Operation op, const float* x, const float* other, const float* y,
                             const Parameters& parameters) {
  static_cast<Recording&>(ctx).add(std::move(op), x, other, y, parameters);
}

/// What `net.infer` does to one image of shape S.
template <Shape S, class Net>
Program record(const Net& net) {
  using Recorded = typename Net::template on<Recorder>;
  const auto recorded = std::make_unique<Recorded>();
  Context<Recorder> images(1);
  const auto x = images.template make<S>(1);
  Recording recording(x.data(), S.size());
  for_each_state(
      [&](std::string_view, Role, const auto& values, const auto& address) {
        if constexpr (requires { values.data(); }) recording.parameter(address.data(), values.data(), values.size());
      },
      net, std::as_const(*recorded));
  return recording.finish(std::as_const(*recorded).infer(recording, x).data());
}

}  // namespace resnet::inline RESNET_ISA::frozen
