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

std::string shape_name(Shape s) { return "_h" + std::to_string(s.h) + "_w" + std::to_string(s.w); }

/// Named values in PyTorch's order.
using Results = std::vector<std::pair<std::string, Values>>;

template <class B, Shape S> Batch<S, B> formula_batch(Context<B>& ctx, const std::string& name, int n) {
  return batch<S>(ctx, unit(name, static_cast<std::size_t>(n) * S.size()));
}

/// One layer on the inputs `name`/x and `name`/dy.
template <Shape S, class B, class Layer>
Results run(Context<B>& ctx, const std::string& name, Layer& layer, Batch<S, B> x) {
  const int n = x.n();
  typename Layer::template Saved<S> saved;
  Layer grad;
  zero(grad);
  Results results;
  results.emplace_back(name + "/y", values_of(layer.forward(ctx, std::move(x), saved)));
  constexpr Shape out = Layer::out(S);
  auto dy = formula_batch<B, out>(ctx, name + "/dy", n);
  results.emplace_back(name + "/dx", values_of(layer.backward(ctx, std::move(dy), saved, grad)));
  for_each_parameter(
      [&](std::string_view parameter, Role, const auto& value) {
        results.emplace_back(name + "/d" + std::string(parameter), values_of(value));
      },
      grad);
  return results;
}

template <class B> void compare(const File& file, const Results& results, Worst& worst) {
  for (const auto& [name, found] : results)
    if (file.holds(name) || !name.ends_with("/dx"))  // not kept where it is all rounding error
      worst.check(name, relative_error(found, file.values(name)),
                  name.ends_with("/y") ? output_tolerance<B> : gradient_tolerance<B>);
}

/// The number of cases that a file holds.
auto cases(const File& file) {
  return std::count_if(file.tensors().begin(), file.tensors().end(),
                       [](const auto& entry) { return entry.first.ends_with("/y"); });
}

template <int Kernel, int Stride, int Padding, bool Bias> struct ConvCase {
  template <class B> static void check(const File& file, Worst& worst) {
    const std::string name = "k" + std::to_string(Kernel) + "_s" + std::to_string(Stride) + "_p" +
                             std::to_string(Padding) + "_b" + std::to_string(Bias);
    Context<B> ctx;
    Conv2d<2, 3, Kernel, Stride, B, Padding, Bias> layer;
    set_by_formula(layer, name + ".");
    compare<B>(file, run(ctx, name, layer, formula_batch<B, Shape{2, 9, 8}>(ctx, name + "/x", 2)), worst);
  }
};

// The list of make_golden.py.
using ConvCases =
    std::tuple<ConvCase<1, 1, 0, 0>, ConvCase<1, 2, 0, 0>, ConvCase<1, 1, 0, 1>, ConvCase<1, 3, 1, 1>,
               ConvCase<2, 1, 0, 0>, ConvCase<2, 2, 0, 1>, ConvCase<2, 2, 1, 0>, ConvCase<2, 3, 1, 1>,
               ConvCase<3, 1, 1, 0>, ConvCase<3, 2, 1, 0>, ConvCase<3, 1, 0, 1>, ConvCase<3, 2, 0, 1>,
               ConvCase<3, 3, 2, 0>, ConvCase<3, 1, 3, 1>, ConvCase<5, 1, 2, 0>, ConvCase<5, 2, 2, 1>,
               ConvCase<5, 3, 0, 0>, ConvCase<5, 2, 3, 0>, ConvCase<7, 2, 3, 0>, ConvCase<7, 1, 3, 1>,
               ConvCase<7, 3, 1, 1>, ConvCase<7, 1, 0, 0>>;

template <Shape S, int Kernel, int Stride, int Padding, class B>
void check_pooling(const File& file, Worst& worst) {
  const std::string name = "k" + std::to_string(Kernel) + "_s" + std::to_string(Stride) + "_p" +
                           std::to_string(Padding) + shape_name(S);
  Context<B> ctx;
  MaxPool2d<Kernel, Stride, Padding, B> max;
  AvgPool2d<Kernel, Stride, Padding, B> avg;
  compare<B>(file, run(ctx, "max_" + name, max, formula_batch<B, S>(ctx, "max_" + name + "/x", 2)), worst);
  compare<B>(file, run(ctx, "avg_" + name, avg, formula_batch<B, S>(ctx, "avg_" + name + "/x", 2)), worst);
  Values ties = unit("ties_" + name + "/x", 2 * S.size(), 2);
  for (double& x : ties) x = std::floor(x);  // -2, -1, 0 or 1
  compare<B>(file, run(ctx, "ties_" + name, max, batch<S>(ctx, ties)), worst);
}

template <Shape S, class B> void check_poolings(const File& file, Worst& worst) {
  check_pooling<S, 3, 2, 1, B>(file, worst);
  check_pooling<S, 2, 2, 0, B>(file, worst);
  check_pooling<S, 3, 1, 1, B>(file, worst);
}

template <Shape S, class B>
void check_norm(const File& file, int step, int n, BatchNorm2d<5, B>& layer, Context<B>& ctx, Worst& worst) {
  const std::string name = "n" + std::to_string(n) + shape_name(S);
  compare<B>(file, run(ctx, name, layer, formula_batch<B, S>(ctx, name + "/x", n)), worst);

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

TEST_CASE_TEMPLATE("Conv2d agrees with PyTorch", B, Ref<double>, Ref<float>, Cpu) {
  const File file("conv.safetensors");
  Worst worst;
  std::apply([&](auto... one) { (decltype(one)::template check<B>(file, worst), ...); }, ConvCases{});
  CHECK(cases(file) == std::tuple_size_v<ConvCases>);
  MESSAGE("worst: ", worst.name, " ", worst.error);
}

TEST_CASE_TEMPLATE("pooling agrees with PyTorch, also between equal maxima", B, Ref<double>, Ref<float>,
                   Cpu) {
  const File file("pooling.safetensors");
  Worst worst;
  check_poolings<Shape{3, 8, 8}, B>(file, worst);
  check_poolings<Shape{3, 7, 5}, B>(file, worst);
  check_poolings<Shape{3, 9, 6}, B>(file, worst);
  CHECK(cases(file) == 27);
  MESSAGE("worst: ", worst.name, " ", worst.error);
}

TEST_CASE_TEMPLATE("BatchNorm2d and its running statistics agree with PyTorch", B, Ref<double>, Ref<float>,
                   Cpu) {
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

  const auto y = layer.infer(ctx, formula_batch<B, Shape{5, 3, 3}>(ctx, "eval/x", 2));
  worst.check("eval/y", relative_error(values_of(y), file.values("eval/y")), output_tolerance<B>);
  MESSAGE("worst: ", worst.name, " ", worst.error);
}
