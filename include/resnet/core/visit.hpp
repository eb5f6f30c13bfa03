// SPDX-License-Identifier: MIT
// Walks over the named parts of a model, and of other values with the same member names beside it:
// its gradient, an optimizer's moments, the Saved tree of an input shape.
//
// Each layer names its parts once:  static constexpr void visit(auto&& f, auto&... self)
//   a tensor:    f("weight", Role::weight, self.weight...);
//   a sub-layer: f("conv1", self.conv1...);
#pragma once

#include <resnet/core/tensor.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace resnet {

/// What a tensor is for: decides weight decay, and keeps buffers out of the optimizer.
enum class Role { weight, scale, bias, buffer };

/// A decimal index as a name: "0", "1", …
class IndexName {
 public:
  constexpr explicit IndexName(std::size_t i) {
    do digits_[--begin_] = static_cast<char>('0' + i % 10);
    while (i /= 10);
  }
  constexpr operator std::string_view() const { return {digits_ + begin_, sizeof(digits_) - begin_}; }

 private:
  char digits_[20] = {};
  std::size_t begin_ = sizeof(digits_);
};

namespace detail {

template <class F>
struct StateVisitor {
  F& f;
  std::string path;

  void operator()(std::string_view name, Role role, auto&... values) { f(path + std::string(name), role, values...); }
  void operator()(std::string_view name, auto& node, auto&... others) {
    const std::size_t length = path.size();
    path.append(name).push_back('.');
    std::remove_cvref_t<decltype(node)>::visit(*this, node, others...);
    path.resize(length);
  }
};

}  // namespace detail

/// Calls f(name, role, value, values of others…) for each entry of the model's state_dict, in its order.
/// A value is a Tensor or, for num_batches_tracked, a std::int64_t.
template <class F, class Model, class... Others>
void for_each_state(F&& f, Model& model, Others&... others) {
  std::remove_const_t<Model>::visit(detail::StateVisitor<F>{f, {}}, model, others...);
}

/// The same for trainable tensors only.
template <class F, class Model, class... Others>
void for_each_parameter(F&& f, Model& model, Others&... others) {
  for_each_state(
      [&f](std::string_view name, Role role, auto& value, auto&... rest) {
        if constexpr (is_tensor<std::remove_cvref_t<decltype(value)>>)
          if (role != Role::buffer) f(name, role, value, rest...);
      },
      model, others...);
}

/// Sets all trainable tensors to zero: the start of a gradient.
template <class Model>
void zero(Model& gradient) {
  for_each_parameter(
      [](std::string_view, Role, auto& t) {
        using T = std::remove_reference_t<decltype(t)>;
        T::Backend::fill(t.size(), 0, t.data());
      },
      gradient);
}

}  // namespace resnet
