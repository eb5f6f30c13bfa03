// SPDX-License-Identifier: MIT
#include "tests/golden/golden.hpp"

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/pooling.hpp>

#include <algorithm>
#include <tuple>

using namespace golden;

namespace {

// What doesn't depend on a layer's type is kept out of the templates: there are about a hundred layers here.

/// Named values in PyTorch's order.
struct Results {
  std::string prefix;
  std::vector<std::pair<std::string, Values>> values = {};

  void add(std::string_view name, Values&& found) { values.emplace_back(prefix + std::string(name), std::move(found)); }
};

std::string conv_name(int kernel, int stride, int padding, bool bias) {
  return "k" + std::to_string(kernel) + "_s" + std::to_string(stride) + "_p" + std::to_string(padding) + "_b" +
         std::to_string(bias);
}
std::string shape_name(Shape s) { return "_h" + std::to_string(s.h) + "_w" + std::to_string(s.w); }
std::string pool_name(const char* kind, int kernel, int stride, int padding, Shape s) {
  return std::string(kind) + "_k" + std::to_string(kernel) + "_s" + std::to_string(stride) + "_p" +
         std::to_string(padding) + shape_name(s);
}

Values formula_values(const std::string& name, const char* what, int n, Shape s) {
  return unit(name + what, static_cast<std::size_t>(n) * s.size());
}
Values values_with_ties(const std::string& name, int n, Shape s) {
  Values x = formula_values(name, "/x", n, s);
  for (double& value : x) value = std::floor(2 * value);  // -2, -1, 0 or 1
  return x;
}

/// One layer's training pass on x and on `name`/dy.
template <Shape S, class Layer, class B = typename Layer::Backend>
Results run(Context<B>& ctx, const std::string& name, Layer& layer, const Values& x) {
  typename Layer::template Saved<S> saved;
  Layer grad;
  zero(grad);
  Results results{name};
  const auto y = layer.forward(ctx, batch<S>(ctx, x), saved);
  results.add("/y", values_of(y));
  const auto dy = batch<y.shape>(ctx, formula_values(name, "/dy", y.n(), y.shape));
  results.add("/dx", values_of(layer.backward(ctx, dy, saved, grad)));
  for_each_parameter([&](std::string_view parameter, Role,
                         const auto& value) { results.add("/d" + std::string(parameter), values_of(value)); },
                     grad);
  return results;
}

void compare(const File& file, const Results& results, double output, double gradient, Worst& worst) {
  for (const auto& [name, found] : results.values)
    if (file.holds(name) || !name.ends_with("/dx"))  // not kept where it is all rounding error
      worst.check(name, relative_error(found, file.values(name)), name.ends_with("/y") ? output : gradient);
}
template <class B>
void compare(const File& file, const Results& results, Worst& worst) {
  compare(file, results, output_tolerance<B>, gradient_tolerance<B>, worst);
}

/// The number of cases that a file holds.
auto cases(const File& file) {
  return std::count_if(file.tensors().begin(), file.tensors().end(),
                       [](const auto& entry) { return entry.first.ends_with("/y"); });
}

template <int Kernel, int Stride, int Padding, bool Bias>
struct ConvCase {
  template <class B>
  static void check(const File& file, Worst& worst) {
    const std::string name = conv_name(Kernel, Stride, Padding, Bias);
    constexpr Shape in{2, 9, 8};
    Context<B> ctx;
    Conv2d<2, 3, Kernel, Stride, B, Padding, Bias> layer;
    set_by_formula(layer, name + ".");
    compare<B>(file, run<in>(ctx, name, layer, formula_values(name, "/x", 2, in)), worst);
  }
};

// The list of make_golden.py.
using ConvCases = std::tuple<ConvCase<1, 1, 0, 0>, ConvCase<1, 2, 0, 0>, ConvCase<1, 1, 0, 1>, ConvCase<1, 3, 1, 1>,
                             ConvCase<2, 1, 0, 0>, ConvCase<2, 2, 0, 1>, ConvCase<2, 2, 1, 0>, ConvCase<2, 3, 1, 1>,
                             ConvCase<3, 1, 1, 0>, ConvCase<3, 2, 1, 0>, ConvCase<3, 1, 0, 1>, ConvCase<3, 2, 0, 1>,
                             ConvCase<3, 3, 2, 0>, ConvCase<3, 1, 3, 1>, ConvCase<5, 1, 2, 0>, ConvCase<5, 2, 2, 1>,
                             ConvCase<5, 3, 0, 0>, ConvCase<5, 2, 3, 0>, ConvCase<7, 2, 3, 0>, ConvCase<7, 1, 3, 1>,
                             ConvCase<7, 3, 1, 1>, ConvCase<7, 1, 0, 0>>;

template <Shape S, int Kernel, int Stride, int Padding, class B>
void check_pooling(const File& file, Worst& worst) {
  const auto name = [](const char* kind) { return pool_name(kind, Kernel, Stride, Padding, S); };
  const std::string max_name = name("max"), avg_name = name("avg"), ties_name = name("ties");
  Context<B> ctx;
  MaxPool2d<Kernel, Stride, Padding, B> max;
  AvgPool2d<Kernel, Stride, Padding, B> avg;
  compare<B>(file, run<S>(ctx, max_name, max, formula_values(max_name, "/x", 2, S)), worst);
  compare<B>(file, run<S>(ctx, avg_name, avg, formula_values(avg_name, "/x", 2, S)), worst);
  compare<B>(file, run<S>(ctx, ties_name, max, values_with_ties(ties_name, 2, S)), worst);
}

template <Shape S, class B>
void check_poolings(const File& file, Worst& worst) {
  check_pooling<S, 3, 2, 1, B>(file, worst);
  check_pooling<S, 2, 2, 0, B>(file, worst);
  check_pooling<S, 3, 1, 1, B>(file, worst);
}

template <Shape S, class B>
void check_norm(const File& file, int step, int n, BatchNorm2d<5, B>& layer, Context<B>& ctx, Worst& worst) {
  const std::string name = "n" + std::to_string(n) + shape_name(S);
  compare<B>(file, run<S>(ctx, name, layer, formula_values(name, "/x", n, S)), worst);

  const std::string state = "step" + std::to_string(step) + "/";
  for_each_state(
      [&](std::string_view of, Role role, const auto& value) {
        const std::string entry = state + std::string(of);
        if constexpr (!requires { value.dims(); })
          CHECK(value == file.values<std::int64_t>(entry).at(0));
        else if (role == Role::buffer)
          worst.check(entry, relative_error(values_of(value), file.values(entry)), output_tolerance<B>);
      },
      layer);
}

}  // namespace

TEST_CASE_TEMPLATE("Conv2d agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("conv.safetensors");
  Worst worst;
  std::apply([&](auto... one) { (decltype(one)::template check<B>(file, worst), ...); }, ConvCases{});
  CHECK(cases(file) == std::tuple_size_v<ConvCases>);
  MESSAGE("worst: ", worst.name, " ", worst.error);
}

TEST_CASE_TEMPLATE("pooling agrees with PyTorch, also between equal maxima", B, Ref<double>, Cpu) {
  const File file("pooling.safetensors");
  Worst worst;
  check_poolings<Shape{3, 8, 8}, B>(file, worst);
  check_poolings<Shape{3, 7, 5}, B>(file, worst);
  check_poolings<Shape{3, 9, 6}, B>(file, worst);
  CHECK(cases(file) == 27);
  MESSAGE("worst: ", worst.name, " ", worst.error);
}

TEST_CASE_TEMPLATE("BatchNorm2d and its running statistics agree with PyTorch", B, Ref<double>, Ref<float>, Cpu) {
  const File file("batch_norm.safetensors");
  Context<B> ctx;
  Worst worst;
  BatchNorm2d<5, B> layer;
  set_by_formula(layer, "bn.");
  check_norm<Shape{5, 3, 1}>(file, 0, 2, layer, ctx, worst);
  check_norm<Shape{5, 7, 5}>(file, 1, 1, layer, ctx, worst);
  check_norm<Shape{5, 1, 1}>(file, 2, 3, layer, ctx, worst);
  check_norm<Shape{5, 1, 2}>(file, 3, 1, layer, ctx, worst);
  check_norm<Shape{5, 8, 3}>(file, 4, 4, layer, ctx, worst);

  constexpr Shape in{5, 3, 3};
  const auto y = layer.infer(ctx, batch<in>(ctx, formula_values("eval", "/x", 2, in)));
  worst.check("eval/y", relative_error(values_of(y), file.values("eval/y")), output_tolerance<B>);
  MESSAGE("worst: ", worst.name, " ", worst.error);
}
