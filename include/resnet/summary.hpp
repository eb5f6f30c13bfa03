// SPDX-License-Identifier: MIT
// A model as a table: output shape, parameters and multiply-accumulates of each layer, and the totals.
//   print_summary<ResNet18<10>, Shape{3, 32, 32}>(std::cout);
#pragma once

#include <resnet/backend/plan/cost.hpp>

#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>

namespace resnet {

namespace detail {

struct PartCounter {
  int layers = 0;
  constexpr void operator()(std::string_view, Role, auto&) {}
  constexpr void operator()(std::string_view, auto&) { ++layers; }
};

/// Whether L is made of other layers, rather than of tensors or nothing.
template <class L>
constexpr bool has_layers() {
  L layer{};
  PartCounter counter;
  L::visit(counter, layer);
  return counter.layers > 0;
}

/// Walks over a planned model and its Saved tree side by side: the type Saved<S> tells a layer's input shape.
class SummaryPrinter {
 public:
  explicit SummaryPrinter(std::ostream& out) : out_(out) {}

  template <class L, template <Shape> class Saved, Shape S>
  void operator()(std::string_view name, L& layer, Saved<S>& saved) {
    const std::string outer = path_;
    path_ += (outer.empty() ? "" : ".") + std::string(name);
    if constexpr (has_layers<L>())
      L::visit(*this, layer, saved);
    else if constexpr (!std::is_same_v<L, Identity<Plan>>)
      row(path_, L::out(S), parameter_count<L>, forward_macs<L, S>());
    path_ = outer;
  }

  void head() { line("layer", "output (c, h, w)", "parameters", "MACs"); }
  void row(const std::string& name, Shape out, std::size_t parameters, long long macs) {
    line(name, std::to_string(out.c) + " x " + std::to_string(out.h) + " x " + std::to_string(out.w),
         grouped(static_cast<long long>(parameters)), grouped(macs));
  }

 private:
  void line(const std::string& name, const std::string& out, const std::string& parameters, const std::string& macs) {
    out_ << std::left << std::setw(26) << name << std::right << std::setw(18) << out << std::setw(14) << parameters
         << std::setw(16) << macs << '\n';
  }
  static std::string grouped(long long number) {
    std::string text = std::to_string(number);
    for (std::size_t i = text.size(); i > 3;) text.insert(i -= 3, 1, ',');
    return text;
  }

  std::ostream& out_;
  std::string path_;
};

}  // namespace detail

/// One row per layer for an image of shape S, then the totals and the memory for `n` images.
template <class Model, Shape S>
void print_summary(std::ostream& out, int n = 1) {
  using Planned = typename Model::template on<Plan>;
  Planned model{};
  SavedOf<Planned, S> saved{};
  std::ostringstream text;  // so that out keeps its format
  detail::SummaryPrinter printer(text);
  printer.head();
  Planned::visit(printer, model, saved);
  printer.row("total", Model::out(S), parameter_count<Model>, forward_macs<Model, S>());
  const auto mebibytes = [](std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  text << std::fixed << std::setprecision(1) << "memory for " << n << (n == 1 ? " image: " : " images: ")
      << mebibytes(training_bytes<Model, S>(n)) << " MiB for training with SGD, "
      << mebibytes(inference_bytes<Model, S>(n)) << " MiB for inference\n";
  out << text.str();
}

}  // namespace resnet
