// SPDX-License-Identifier: MIT
// A model as a table: output shape, parameters and multiply-accumulates of each layer, and the totals.
//   print_summary<ResNet18<10>, Shape{3, 32, 32}>(std::cout);
//   for (const LayerSummary& row : summarize<ResNet18<10>, Shape{3, 32, 32}>()) …
#pragma once

#include <resnet/backend/plan/cost.hpp>

#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace resnet {

/// A layer, for an input of the shape that the network gives it.
struct LayerSummary {
  std::string name;
  Shape out;
  std::size_t parameters;
  long long macs;
};

/// 11,173,962
inline std::string grouped(long long number) {
  std::string text = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > 3 + sign;) text.insert(i -= 3, 1, ',');
  return text;
}

namespace detail {

struct PartCounter {
  int layers = 0, tensors = 0;
  constexpr void operator()(std::string_view, Role, auto&) { ++tensors; }
  constexpr void operator()(std::string_view, auto&) { ++layers; }
};

/// Whether L is made of other layers, rather than of tensors or nothing.
template <class L>
constexpr bool has_layers() {
  L layer{};
  PartCounter counter;
  L::visit(counter, layer);
  return counter.layers > 0 && counter.tensors == 0;
}

/// None of a ResidualJoin, which has two inputs.
template <class L, Shape S>
constexpr long long macs_of() {
  if constexpr (requires(const L& layer, Context<Plan>& ctx, const Batch<S, Plan>& x) { layer.infer(ctx, x); })
    return forward_macs<L, S>();
  else
    return 0;
}

constexpr bool does_nothing(const Identity<Plan>&) { return true; }
constexpr bool does_nothing(const auto& layer) {
  if constexpr (requires { layer.p; })
    return layer.p == 0;  // Dropout and DropPath
  else
    return false;
}

/// Walks over a planned model and its Saved tree side by side: the type Saved<S> tells a layer's input shape.
class SummaryCollector {
 public:
  template <class L, template <Shape> class Saved, Shape S>
  void operator()(std::string_view name, L& layer, Saved<S>& saved) {
    const std::string outer = path_;
    path_ += (outer.empty() ? "" : ".") + std::string(name);
    if constexpr (has_layers<L>())
      L::visit(*this, layer, saved);
    else if (!does_nothing(layer))
      rows.push_back({path_, L::out(S), parameter_count<L>, macs_of<L, S>()});
    path_ = outer;
  }

  std::vector<LayerSummary> rows;

 private:
  std::string path_;
};

inline void print_line(std::ostream& out, const std::string& name, const std::string& shape,
                       const std::string& parameters, const std::string& macs) {
  out << std::left << std::setw(26) << name << std::right << std::setw(18) << shape << std::setw(14) << parameters
      << std::setw(16) << macs << '\n';
}

inline void print_row(std::ostream& out, const LayerSummary& row) {
  const auto [c, h, w] = row.out;
  print_line(out, row.name, std::to_string(c) + " x " + std::to_string(h) + " x " + std::to_string(w),
             grouped(static_cast<long long>(row.parameters)), grouped(row.macs));
}

}  // namespace detail

/// One row per layer, in the order of the state_dict, for an image of shape S.
template <class Model, Shape S>
std::vector<LayerSummary> summarize() {
  using Planned = typename Model::template on<Plan>;
  Planned model{};
  SavedOf<Planned, S> saved{};
  detail::SummaryCollector collector;
  Planned::visit(collector, model, saved);
  return collector.rows;
}

/// The rows of summarize as a table, then the totals and the memory for `n` images.
template <class Model, Shape S>
void print_summary(std::ostream& out, int n = 1) {
  std::ostringstream text;  // so that out keeps its format
  detail::print_line(text, "layer", "output (c, h, w)", "parameters", "MACs");
  for (const LayerSummary& row : summarize<Model, S>()) detail::print_row(text, row);
  detail::print_row(text, {"total", Model::out(S), parameter_count<Model>, forward_macs<Model, S>()});
  const auto mebibytes = [](std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  text << std::fixed << std::setprecision(1) << "memory for " << n << (n == 1 ? " image: " : " images: ")
       << mebibytes(training_bytes<Model, S>(n)) << " MiB for training with SGD, "
       << mebibytes(inference_bytes<Model, S>(n)) << " MiB for inference\n";
  out << text.str();
}

}  // namespace resnet
