// SPDX-License-Identifier: MIT
// Walks over the named parts of a model, and of other values with the same member names beside it:
// its gradient, an optimizer's moments, the same model on another backend.
//
// Each layer names its parts once:  static constexpr void visit(auto&& f, auto&... self)
//   a tensor:    f("weight", Role::weight, self.weight...);
//   a sub-layer: f("conv1", self.conv1...);
#pragma once

#include <resnet/core/complete.hpp>
#include <resnet/core/error.hpp>
#include <resnet/core/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace resnet {

/// What a tensor is for: decides weight decay, and keeps buffers out of the optimizer.
enum class Role { weight, scale, bias, buffer };

/// A tensor of a model with its dimensions as numbers: what reads or writes all tensors needs only one type.
template <class B, class Scalar>
class TensorView {
 public:
  using Backend = B;
  using Data = Scalar;

  TensorView(Scalar* data, std::size_t size, std::span<const int> dims) : data_(data), size_(size), dims_(dims) {}
  template <int... Dims>
  TensorView(const Tensor<B, Dims...>& t) requires std::is_const_v<Scalar>
      : data_(t.data()), size_(t.size()), dims_(t.dims) {}
  template <int... Dims>
  TensorView(Tensor<B, Dims...>& t) : data_(t.data()), size_(t.size()), dims_(t.dims) {}

  Scalar* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<const int> dims() const { return dims_; }

 private:
  Scalar* data_;
  std::size_t size_;
  std::span<const int> dims_;
};

/// Calls f for the parts of `layer`, with those of `others` beside them.
template <class Layer, class... Others>
constexpr void visit_parts(auto& f, Layer& layer, Others&... others) {
  using L = std::remove_const_t<Layer>;
  if constexpr (has_visit<L>()) L::visit(f, layer, others...);
}

/// A decimal index as a name: "0", "1", …, or after a prefix of at most 20 characters: "layer1", …
class IndexName {
 public:
  constexpr explicit IndexName(std::size_t i, std::string_view prefix = "") {
    do text_[--begin_] = static_cast<char>('0' + i % 10);
    while (i /= 10);
    begin_ -= prefix.size();
    std::copy(prefix.begin(), prefix.end(), text_ + begin_);
  }
  constexpr operator std::string_view() const { return {text_ + begin_, sizeof(text_) - begin_}; }

 private:
  char text_[40] = {};
  std::size_t begin_ = sizeof(text_);
};

namespace detail {

template <class Model>
using ViewOf = TensorView<
    typename Model::Backend,
    std::conditional_t<std::is_const_v<Model>, const typename Model::Backend::Scalar, typename Model::Backend::Scalar>>;
template <class Model>
using CounterOf = std::conditional_t<std::is_const_v<Model>, const std::int64_t, std::int64_t>;

/// Where StateVisitor hands entries to. Virtual, so that a model's visit is compiled once for all purposes.
template <class... Models>
struct StateSink {
  virtual void tensor(std::string_view name, Role, ViewOf<Models>...) = 0;
  virtual void counter(std::string_view name, Role, CounterOf<Models>&...) = 0;

 protected:
  ~StateSink() = default;
};

template <class... Models>
class StateVisitor {
 public:
  explicit StateVisitor(StateSink<Models...>& sink) : sink_(sink) {}

  template <class First, class... Rest>
  void operator()(std::string_view name, Role role, First& first, Rest&... rest) {
    if constexpr (is_tensor<std::remove_const_t<First>>) {
      if (!first.released()) tensor(name, role, first.size(), first.dims, first.data_or_null(), rest.data_or_null()...);
    } else
      counter(name, role, first, rest...);
  }
  template <class Node, class... Others>
  [[gnu::noinline]] void operator()(std::string_view name, Node& node, Others&... others) {  // once for each type
    const std::size_t outer = append(name);
    append(".");
    visit_parts(*this, node, others...);
    length_ = outer;
  }

 private:
  // No templates and not inlined: compiled once for all layers.
  [[gnu::noinline]] void tensor(std::string_view name, Role role, std::size_t size, std::span<const int> dims,
                                typename ViewOf<Models>::Data*... data) {
    const std::size_t outer = append(name);
    sink_.tensor({path_, length_}, role, {data, size, dims}...);
    length_ = outer;
  }
  [[gnu::noinline]] void counter(std::string_view name, Role role, CounterOf<Models>&... counts) {
    const std::size_t outer = append(name);
    sink_.counter({path_, length_}, role, counts...);
    length_ = outer;
  }
  [[gnu::noinline]] std::size_t append(std::string_view name) {
    if (length_ + name.size() > sizeof(path_)) throw Error("a tensor's name is longer than 256 characters");
    std::copy(name.begin(), name.end(), path_ + length_);
    length_ += name.size();
    return length_ - name.size();
  }

  StateSink<Models...>& sink_;
  char path_[256];  // no std::string: a training step allocates nothing
  std::size_t length_ = 0;
};

template <class L>
struct LayerFinder {
  std::vector<L*> found;

  void operator()(std::string_view, Role, auto&) {}
  void operator()(std::string_view, L& layer) { found.push_back(&layer); }
  template <class Node>
  void operator()(std::string_view, Node& node) {
    visit_parts(*this, node);
  }
};

}  // namespace detail

/// Calls f(name, role, value, values of others…) for each entry of the model's state_dict, in its order.
/// A value is a TensorView or, for num_batches_tracked, a std::int64_t. Passes over tensors that `model` has released.
template <class F, class Model, class... Others>
void for_each_state(F&& f, Model& model, Others&... others) {
  struct Sink final : detail::StateSink<Model, Others...> {
    F& f;
    explicit Sink(F& function) : f(function) {}
    void tensor(std::string_view name, Role role, detail::ViewOf<Model> view, detail::ViewOf<Others>... rest) override {
      f(name, role, view, rest...);
    }
    void counter(std::string_view name, Role role, detail::CounterOf<Model>& count,
                 detail::CounterOf<Others>&... rest) override {
      f(name, role, count, rest...);
    }
  } sink(f);
  detail::StateVisitor<Model, Others...> visitor(sink);
  std::remove_const_t<Model>::visit(visitor, model, others...);
}

/// The same for trainable tensors only.
template <class F, class Model, class... Others>
void for_each_parameter(F&& f, Model& model, Others&... others) {
  struct Sink final : detail::StateSink<Model, Others...> {
    F& f;
    explicit Sink(F& function) : f(function) {}
    void tensor(std::string_view name, Role role, detail::ViewOf<Model> view, detail::ViewOf<Others>... rest) override {
      if (role != Role::buffer) f(name, role, view, rest...);
    }
    void counter(std::string_view, Role, detail::CounterOf<Model>&, detail::CounterOf<Others>&...) override {}
  } sink(f);
  detail::StateVisitor<Model, Others...> visitor(sink);
  std::remove_const_t<Model>::visit(visitor, model, others...);
}

namespace detail {

template <class F>
struct CounterWalk {
  F& f;
  template <class First, class... Rest>
  void operator()(std::string_view, Role, First& first, Rest&... rest) {
    if constexpr (!is_tensor<std::remove_const_t<First>>) f(first, rest...);
  }
  template <class Node, class... Others>
  void operator()(std::string_view, Node& node, Others&... others) {
    visit_parts(*this, node, others...);
  }
};

}  // namespace detail

/// f(counter...) for each counter among the buffers.
template <class F, class Model, class... Others>
void for_each_counter(F&& f, Model& model, Others&... others) {
  detail::CounterWalk<F>{f}("", model, others...);
}

/// All layers of type L in the model, in the order of visit.
template <class L, class Model>
std::vector<L*> layers_of(Model& model) {
  detail::LayerFinder<L> finder;
  finder("", model);
  return finder.found;
}

/// Sets all trainable tensors to zero: the start of a gradient.
template <class Model>
void zero(Model& gradient) {
  for_each_parameter([](std::string_view, Role, auto& t) { Model::Backend::fill(t.size(), 0, t.data()); }, gradient);
}

}  // namespace resnet
