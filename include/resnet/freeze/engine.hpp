// SPDX-License-Identifier: MIT
// Runs a program on batches. The leading operations, whose weights are smaller than what one image reads and
// writes there, run image by image, so that activations stay in the second cache; the others run on the whole
// batch, so that weights do. An image's result is the same bits either way, in any batch and for any number of threads:
// no operation chooses the order of a sum by the size of its batch.
#pragma once

#include <resnet/freeze/convolution.hpp>
#include <resnet/freeze/fuse.hpp>

namespace resnet::inline RESNET_ISA::frozen {

/// What operations get for a Context.
struct Workspace : CpuWork {
  using Backend = Cpu;
  using Scalar = float;
  using Activation = float;
  using CpuWork::CpuWork;
};

/// Where values live while they are needed: floats from the beginning of memory for one image.
class Layout {
 public:
  Layout() = default;
  /// Of the values that are read for the last time by the operations [first, end).
  Layout(const Program& p, std::size_t first, std::size_t end) : at_(p.sizes.size(), nowhere) {
    std::vector<std::size_t> last(at_.size());
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      const Operation& op = p.operations[i];
      last[index(op.y)] = i;
      for (const Value v : {op.x, op.other})
        if (v != none) last[index(v)] = i;
    }
    for (std::size_t i = 0; i < end; ++i) {
      const Operation& op = p.operations[i];
      const std::size_t y = index(op.y);
      if (op.y == p.output || last[y] < first || last[y] >= end) continue;
      at_[y] = 0;
      for (std::size_t v = 0; v < at_.size();) {  // first fit: behind everything that is alive and in the way
        if (v != y && at_[v] != nowhere && last[v] >= i && at_[v] < at_[y] + room(p, y) && at_[y] < at_[v] + room(p, v))
          at_[y] = at_[v] + room(p, v), v = 0;
        else
          ++v;
      }
      for (const Value v : {op.x, op.other})
        if (v != none && may_overwrite(op, v) && has(v) && last[index(v)] == i && p.sizes[index(v)] == op.size)
          at_[y] = at_[index(v)];
      size_ = std::max(size_, at_[y] + room(p, y));
    }
  }

  bool has(Value v) const { return at_[index(v)] != nowhere; }
  std::size_t at(Value v) const { return at_[index(v)]; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t nowhere = ~std::size_t{0};
  static std::size_t index(Value v) { return static_cast<std::size_t>(v); }
  static std::size_t room(const Program& p, std::size_t v) { return Workspace::whole_lines(p.sizes[v]); }
  /// What the operations call "in place".
  static bool may_overwrite(const Operation& op, Value v) {
    using Kind = Operation::Kind;
    if (op.kind == Kind::conv2d) return v == op.other && v != op.x;
    if (op.kind == Kind::scale_channels) return v == op.x;
    return op.kind == Kind::batch_norm || op.kind == Kind::add || op.kind == Kind::relu || op.kind == Kind::sigmoid ||
           op.kind == Kind::silu;
  }

  std::vector<std::size_t> at_;
  std::size_t size_ = 0;
};

class Engine {
 public:
  Engine(Program program, const FreezeOptions& options) : program_(std::move(program)), convolutions_(size()) {
    Context<Cpu> ctx;
    Workspace work(ctx);
    for (std::size_t i = 0; i < size(); ++i) {
      Operation& op = program_.operations[i];
      if (op.kind != Operation::Kind::conv2d) continue;
      convolutions_[i] = {work, op.conv, options, op.weight.data(), op.bias.empty() ? nullptr : op.bias.data()};
      op.weight = op.bias = {};
    }
    while (leading_ < size() && convolutions_[leading_].weights() <= traffic(leading_)) ++leading_;
    all_ = Layout(program_, 0, size());
    leading_layout_ = Layout(program_, 0, leading_);
    other_layout_ = Layout(program_, leading_, size());
    measure_scratch();
  }

  const Program& program() const { return program_; }

  /// Error if one of the activations is too large (batch_scalars).
  void run(Context<Cpu>& ctx, int n, const float* x, float* y) const {
    batch_scalars(n, *std::max_element(program_.sizes.begin(), program_.sizes.end()));
    const auto images = static_cast<std::size_t>(n), threads = static_cast<std::size_t>(ctx.threads());
    // Otherwise some threads would wait for others.
    const bool by_image = images % threads == 0 || images >= 8 * threads;
    const std::size_t leading = by_image ? leading_ : 0;
    const Layout& layout = by_image ? other_layout_ : all_;
    const std::size_t shared = layout.size() * images, each = leading_layout_.size() + leading_scratch_;
    const auto memory = ctx.scratch(shared + (leading > 0 ? each * threads : 0));

    const auto place = [&](Value v, std::size_t image, float* own) -> float* {
      if (v == none) return nullptr;
      if (own && leading_layout_.has(v)) return own + leading_layout_.at(v);
      float* batch = v == 0 ? const_cast<float*>(x) : v == program_.output ? y : memory.data() + layout.at(v) * images;
      return batch + image * program_.sizes[static_cast<std::size_t>(v)];
    };
    const auto execute = [&](auto& workspace, std::size_t i, int count, std::size_t image, float* own) {
      const Operation& op = program_.operations[i];
      step(workspace, i, count, place(op.x, image, own), place(op.other, image, own), place(op.y, image, own));
    };
    Cpu::parallel_for(ctx.threads(), leading > 0 ? images : 0, [&](std::size_t image, std::size_t worker) {
      float* own = memory.data() + shared + worker * each;
      Workspace workspace(own + leading_layout_.size());
      for (std::size_t i = 0; i < leading; ++i) execute(workspace, i, 1, image, own), workspace.release();
    });
    Workspace workspace(ctx);
    for (std::size_t i = leading; i < size(); ++i) execute(workspace, i, n, 0, nullptr);
    if (program_.output == 0) std::copy_n(x, program_.sizes[0] * images, y);
  }

 private:
  std::size_t size() const { return program_.operations.size(); }

  /// Floats that operation i moves for an image: what it writes is fetched first.
  std::size_t traffic(std::size_t i) const {
    const Operation& op = program_.operations[i];
    const auto size = [&](Value v) { return v == none ? 0 : program_.sizes[static_cast<std::size_t>(v)]; };
    return size(op.x) + size(op.other) + 2 * size(op.y);
  }

  void step(Workspace& ctx, std::size_t i, int count, const float* x, const float* other, float* y) const {
    const Operation& op = program_.operations[i];
    const std::size_t floats = op.size * static_cast<std::size_t>(count);
    Pool2dGeometry pool = op.pool;
    pool.n = count;
    switch (op.kind) {
      case Operation::Kind::conv2d:
        return convolutions_[i].run(ctx, count, x, other, op.relu, y);
      case Operation::Kind::depthwise_conv2d: {
        Conv2dGeometry conv = op.conv;
        conv.n = count;
        return resnet::run<op::DepthwiseConv2d>(ctx, {.g = conv, .x = x, .weight = op.weight.data(), .y = y});
      }
      case Operation::Kind::batch_norm:
        return resnet::run<op::BatchNormInfer>(ctx,
                                               {.rows = op.rows * count,
                                                .channels = static_cast<int>(op.weight.size()),
                                                .eps = op.eps,
                                                .x = x,
                                                .weight = op.weight.data(),
                                                .bias = op.bias.data(),
                                                .running_mean = op.mean.data(),
                                                .running_var = op.var.data(),
                                                .skip = other,
                                                .activation = op.relu ? op::Activation::relu : op::Activation::none,
                                                .y = y});
      case Operation::Kind::add:
        return resnet::run<op::Add>(ctx, {.count = floats, .a = x, .b = other, .y = y});
      case Operation::Kind::relu:
        return resnet::run<op::Relu>(ctx, {.count = floats, .x = x, .y = y});
      case Operation::Kind::sigmoid:
        return resnet::run<op::Sigmoid>(ctx, {.count = floats, .x = x, .y = y});
      case Operation::Kind::silu:
        return resnet::run<op::Silu>(ctx, {.count = floats, .x = x, .y = y});
      case Operation::Kind::scale_channels:
        return resnet::run<op::ScaleChannels>(ctx, {.n = count,
                                                    .pixels = static_cast<int>(op.size) / op.x_channels,
                                                    .channels = op.x_channels,
                                                    .x = x,
                                                    .s = other,
                                                    .y = y});
      case Operation::Kind::max_pool:
        return resnet::run<op::MaxPool2d>(ctx, {.g = pool, .x = x, .y = y});
      case Operation::Kind::avg_pool:
        return resnet::run<op::AvgPool2d>(ctx, {.g = pool, .x = x, .y = y});
      case Operation::Kind::concat:
        return resnet::run<op::ConcatChannels>(ctx,
                                               {.rows = static_cast<int>(floats) / (op.x_channels + op.other_channels),
                                                .a_channels = op.x_channels,
                                                .b_channels = op.other_channels,
                                                .a = x,
                                                .b = other,
                                                .y = y});
      case Operation::Kind::transpose:
        return resnet::run<op::Transpose>(
            ctx,
            {.n = count, .rows = static_cast<int>(op.size) / op.x_channels, .columns = op.x_channels, .x = x, .y = y});
    }
  }

  /// Runs the leading operations once.
  void measure_scratch() {
    Context<Cpu> ctx(1);
    Workspace workspace(ctx);
    std::size_t largest = 0;
    for (const std::size_t size : program_.sizes) largest = std::max(largest, size);
    const std::vector<float> x(largest);
    std::vector<float> y(largest);
    for (std::size_t i = 0; i < leading_; ++i) {
      step(workspace, i, 1, program_.operations[i].x == none ? nullptr : x.data(),
           program_.operations[i].other == none ? nullptr : x.data(), y.data());
      leading_scratch_ = std::max(leading_scratch_, workspace.release());
    }
  }

  Program program_;
  std::vector<PackedConvolution> convolutions_;  // of the operations of that kind
  std::size_t leading_ = 0, leading_scratch_ = 0;
  Layout all_, leading_layout_, other_layout_;
};

}  // namespace resnet::inline RESNET_ISA::frozen
