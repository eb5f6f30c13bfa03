// SPDX-License-Identifier: MIT
// Runs a program on batches. The leading operations, whose weights are smaller than what one image reads and
// writes there, run image by image, so that activations stay in the second cache; the others run on the whole
// batch, so that weights do. An image's result is the same bits either way, in any batch and for any number of threads:
// no operation chooses the order of a sum by the size of its batch.
#pragma once

#include <resnet/freeze/convolution.hpp>
#include <resnet/program/program.hpp>

#include <algorithm>
#include <vector>

namespace resnet::inline RESNET_ISA::frozen {

using program::none;
using program::Program;
using program::Step;
using program::Value;

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
  /// Of the values that are read for the last time by the steps [first, end).
  Layout(const Program& p, std::size_t first, std::size_t end) : at_(p.sizes.size(), nowhere) {
    std::vector<std::size_t> last(at_.size());
    for (std::size_t i = 0; i < p.steps.size(); ++i) {
      last[index(p.steps[i].y())] = i;
      for (const Step::Read& read : p.steps[i].reads()) last[index(read.value)] = i;
    }
    for (std::size_t i = 0; i < end; ++i) {
      const Step& step = p.steps[i];
      const std::size_t y = index(step.y());
      if (step.y() == p.output || last[y] < first || last[y] >= end) continue;
      at_[y] = 0;
      for (std::size_t v = 0; v < at_.size();) {  // first fit: behind everything that is alive and in the way
        if (v != y && at_[v] != nowhere && last[v] >= i && at_[v] < at_[y] + room(p, y) && at_[y] < at_[v] + room(p, v))
          at_[y] = at_[v] + room(p, v), v = 0;
        else
          ++v;
      }
      const auto reads = step.reads();
      for (const auto [v, in_place] : reads)
        if (has(v) && last[index(v)] == i && p.sizes[index(v)] == p.sizes[y] && may_overwrite(reads, v))
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
  static std::size_t room(const Program& p, std::size_t v) { return CpuWork::whole_lines(p.sizes[v]); }
  /// By every operand that it is.
  static bool may_overwrite(const std::vector<Step::Read>& reads, Value v) {
    return std::all_of(reads.begin(), reads.end(), [v](const auto& read) { return read.value != v || read.in_place; });
  }

  std::vector<std::size_t> at_;
  std::size_t size_ = 0;
};

class Engine {
 public:
  Engine(Program program, const FreezeOptions& options) : program_(std::move(program)), convolutions_(size()) {
    Context<Cpu> ctx;
    Workspace work(ctx);
    for (std::size_t i = 0; i < size(); ++i)
      if (Step& step = program_.steps[i]; step.is<op::Conv2d>()) {
        step.replay(
            1, [](Value) { return nullptr; },
            [&](const auto& o) {
              if constexpr (is_convolution<decltype(o)>) convolutions_[i] = {work, o, options};
            });
        step["weight"].constant = nullptr;
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
      if (own && leading_layout_.has(v)) return own + leading_layout_.at(v);
      float* batch = v == 0 ? const_cast<float*>(x) : v == program_.output ? y : memory.data() + layout.at(v) * images;
      return batch + image * program_.sizes[static_cast<std::size_t>(v)];
    };
    const auto execute = [&](Workspace& work, std::size_t i, int count, std::size_t image, float* own) {
      step(work, i, count, [&](Value v) { return place(v, image, own); });
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
  template <class O>
  static constexpr bool is_convolution = std::is_same_v<std::remove_cvref_t<O>, op::Conv2d<float, float>>;

  std::size_t size() const { return program_.steps.size(); }

  /// Floats that step i moves for an image: what it writes is fetched first.
  std::size_t traffic(std::size_t i) const {
    const Step& step = program_.steps[i];
    std::size_t floats = 2 * step.size();
    for (const Step::Read& read : step.reads()) floats += program_.sizes[static_cast<std::size_t>(read.value)];
    return floats;
  }

  void step(Workspace& work, std::size_t i, int count, auto&& place) const {
    program_.steps[i].replay(count, place, [&](const auto& o) {
      if constexpr (is_convolution<decltype(o)>)
        convolutions_[i].run(work, o);
      else
        resnet::run(work, o);
    });
  }

  /// Runs the leading steps once.
  void measure_scratch() {
    Context<Cpu> ctx(1);
    Workspace work(ctx);
    std::size_t largest = 0;
    for (const std::size_t size : program_.sizes) largest = std::max(largest, size);
    std::vector<float> x(largest), y(largest);
    for (std::size_t i = 0; i < leading_; ++i) {
      step(work, i, 1, [&](Value v) { return v == program_.steps[i].y() ? y.data() : x.data(); });
      leading_scratch_ = std::max(leading_scratch_, work.release());
    }
  }

  Program program_;
  std::vector<PackedConvolution> convolutions_;  // of the steps of that kind
  std::size_t leading_ = 0, leading_scratch_ = 0;
  Layout all_, leading_layout_, other_layout_;
};

}  // namespace resnet::inline RESNET_ISA::frozen
