// SPDX-License-Identifier: MIT
// What the golden tests share: the files, the way between PyTorch's order of elements and the library's, and
// the error that is compared with the tolerance.
#pragma once

#include <doctest/doctest.h>

#include <resnet/core/context.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/io/safetensors.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tests/golden/formula.hpp"

namespace golden {

using namespace resnet;
using Values = std::vector<double>;

class File {
 public:
  explicit File(const std::string& name)
      : name_(name), content_(read_safetensors(RESNET_SOURCE_DIR "/tests/golden/" + name)) {}

  template <class T = double>
  std::vector<T> values(const std::string& tensor) const {
    const auto found = content_.tensors.find(tensor);
    if (found == content_.tensors.end()) throw Error(name_ + ": no tensor '" + tensor + "'");
    return found->second.values<T>();
  }
  std::vector<int> integers(const std::string& tensor) const {
    const auto wide = values<std::int64_t>(tensor);
    return std::vector<int>(wide.begin(), wide.end());
  }
  bool holds(const std::string& tensor) const { return content_.tensors.count(tensor) != 0; }
  const auto& tensors() const { return content_.tensors; }
  const auto& metadata() const { return content_.metadata; }

 private:
  std::string name_;
  SafeTensors content_;
};

/// Between PyTorch's (outer, channels, pixels) and the library's (outer, pixels, channels): activations are
/// NCHW and NHWC, convolution weights OIHW and OHWI. Swap the last two numbers to go back.
inline Values swapped(const Values& from, std::size_t channels, std::size_t pixels) {
  Values to(from.size());
  for (std::size_t outer = 0; outer < from.size(); outer += channels * pixels)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t p = 0; p < pixels; ++p) to[outer + p * channels + c] = from[outer + c * pixels + p];
  return to;
}

/// The same with the library's side in a backend's memory.
template <class B>
void put(const Values& values, std::size_t channels, std::size_t pixels, typename B::Scalar* to) {
  const Values reordered = swapped(values, channels, pixels);
  const std::vector<typename B::Scalar> host(reordered.begin(), reordered.end());
  B::upload(host.size(), host.data(), to);
}
template <class B>
Values get(std::size_t size, std::size_t channels, std::size_t pixels, const typename B::Scalar* from) {
  std::vector<typename B::Scalar> host(size);
  B::download(size, from, host.data());
  return swapped(Values(host.begin(), host.end()), pixels, channels);
}

/// A batch from values in PyTorch's order, and the reverse.
template <Shape S, class B>
Batch<S, B> batch(Context<B>& ctx, const Values& nchw) {
  auto x = ctx.template make<S>(static_cast<int>(nchw.size() / S.size()));
  put<B>(nchw, S.c, S.h * S.w, x.data());
  return x;
}
template <Shape S, class B>
Values values_of(const Batch<S, B>& x) {
  return get<B>(x.size(), S.c, S.h * S.w, x.data());
}

/// The channels and pixels of a parameter or running statistic: only convolution weights have an order.
struct Layout {
  std::size_t channels = 1, pixels = 1;

  explicit Layout(std::span<const int> dims) {  // (out, kernel, kernel, in)
    if (dims.size() != 4) return;
    channels = static_cast<std::size_t>(dims[3]);
    pixels = static_cast<std::size_t>(dims[1] * dims[2]);
  }
};

/// A parameter or running statistic from values in PyTorch's order, and the reverse.
template <class B>
void set(TensorBase<B>& t, const Values& values) {
  REQUIRE(values.size() == t.size());
  const Layout layout(t.dims());
  put<B>(values, layout.channels, layout.pixels, t.data());
}
template <class B>
Values values_of(const TensorBase<B>& t) {
  const Layout layout(t.dims());
  return get<B>(t.size(), layout.channels, layout.pixels, t.data());
}

/// Sets every parameter and running statistic of a model or a layer from the formula for `prefix` + its name.
template <class Model>
void set_by_formula(Model& model, const std::string& prefix = "") {
  for_each_state(
      [&](std::string_view name, Role, auto& value) {
        if constexpr (requires { value.dims(); })
          set<typename Model::Backend>(value, parameter(prefix + std::string(name), value.dims()));
      },
      model);
}

inline double norm(const Values& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

/// |found - expected| / |expected|, both in the L2 norm.
inline double relative_error(const Values& found, const Values& expected) {
  REQUIRE(found.size() == expected.size());
  Values difference(found);
  for (std::size_t i = 0; i < found.size(); ++i) difference[i] -= expected[i];
  return norm(difference) / norm(expected);
}

/// What the library promises: relative L2 errors against PyTorch in double.
template <class B>
inline constexpr bool is_double = std::is_same_v<typename B::Scalar, double>;
template <class B>
inline constexpr double output_tolerance = is_double<B> ? 1e-10 : 1e-5;
template <class B>
inline constexpr double gradient_tolerance = is_double<B> ? 1e-10 : 1e-4;
template <class B>
inline constexpr double loss_tolerance = is_double<B> ? 1e-8 : 1e-3;

/// The largest of many errors, and whose it is.
struct Worst {
  std::string name;
  double error = 0;

  void check(const std::string& of, double found, double tolerance) {
    CHECK_MESSAGE(found <= tolerance, of << ": error " << found << ", expected at most " << tolerance);
    if (name.empty() || found > error) *this = {of, found};
  }
};

}  // namespace golden
