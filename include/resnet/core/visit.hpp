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
#include <resnet/core/layer_tag.hpp>
#include <resnet/core/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace resnet {

/// What a tensor is for: decides weight decay, and keeps buffers out of the optimizer.
enum class Role { weight, scale, bias, buffer };

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

/// Where StateVisitor hands entries to. Virtual, so that a model's visit is compiled once for all purposes.
template <class B>
struct StateSink {
  virtual void tensor(std::string_view, Role, TensorBase<B>&) {}
  virtual void counter(std::string_view, Role, std::int64_t&) {}
  /// For each layer, after its entries. `tag` is &layer_tag<L>::name for its type L; before that, where it has something
  /// in common with others, for L::Kind.
  virtual void layer(std::string_view, void*, const char* /*tag*/) {}

 protected:
  ~StateSink() = default;
};

template <class B>
class StateVisitor {
 public:
  explicit StateVisitor(StateSink<B>& sink) : sink_(sink) {}

  // Not inlined: these once for all layers, the last one for each type.
  [[gnu::noinline]] void operator()(std::string_view name, Role role, TensorBase<B>& value) {
    const std::size_t outer = append(name);
    sink_.tensor({path_, length_}, role, value);
    length_ = outer;
  }
  [[gnu::noinline]] void operator()(std::string_view name, Role role, std::int64_t& value) {
    const std::size_t outer = append(name);
    sink_.counter({path_, length_}, role, value);
    length_ = outer;
  }
  template <class Node>
  [[gnu::noinline]] void operator()(std::string_view name, Node& node) {
    const std::size_t outer = enter(name);
    visit_parts(*this, node);
    if constexpr (requires { typename Node::Kind; })
      leave(name, outer, static_cast<typename Node::Kind*>(&node), &layer_tag<typename Node::Kind>::name);
    leave(name, outer, &node, &layer_tag<Node>::name);
  }

 private:
  [[gnu::noinline]] std::size_t append(std::string_view name) {
    if (length_ + name.size() > sizeof(path_)) throw Error("a tensor's name is longer than 256 characters");
    std::copy(name.begin(), name.end(), path_ + length_);
    length_ += name.size();
    return length_ - name.size();
  }
  std::size_t enter(std::string_view name) {
    const std::size_t outer = append(name);
    if (!name.empty()) append(".");
    return outer;
  }
  void leave(std::string_view name, std::size_t outer, void* node, const char* tag) {
    sink_.layer({path_, outer + name.size()}, node, tag);
    length_ = outer;
  }

  StateSink<B>& sink_;
  char path_[256];  // no std::string: a training step allocates nothing
  std::size_t length_ = 0;
};

/// Calls the sink for all of a model. Of a const one it is up to the sink that nothing is written.
template <class Model>
void walk(Model& model, StateSink<typename Model::Backend>& sink) {
  StateVisitor<typename Model::Backend> visitor(sink);
  visitor("", const_cast<std::remove_const_t<Model>&>(model));
}

template <class T, class Model>
using AsConstAs = std::conditional_t<std::is_const_v<Model>, const T, T>;

/// The entries of a model, to be had beside those of another.
template <class Model>
class Entries final : StateSink<typename Model::Backend> {
 public:
  using Entry = TensorBase<typename Model::Backend>;

  explicit Entries(Model& model) { walk(model, *this); }
  AsConstAs<Entry, Model>& tensor_at(std::size_t i) const { return *static_cast<Entry*>(entries_[i]); }
  AsConstAs<std::int64_t, Model>& counter_at(std::size_t i) const { return *static_cast<std::int64_t*>(entries_[i]); }

 private:
  void tensor(std::string_view, Role, Entry& t) override { entries_.push_back(&t); }
  void counter(std::string_view, Role, std::int64_t& count) override { entries_.push_back(&count); }
  std::vector<void*> entries_;
};

template <class B, class OnTensor, class OnCounter>
struct EntrySink final : StateSink<B> {
  OnTensor on_tensor;
  OnCounter on_counter;
  std::size_t i = 0;  // entries so far

  EntrySink(OnTensor f, OnCounter g) : on_tensor(f), on_counter(g) {}
  void tensor(std::string_view name, Role role, TensorBase<B>& t) override {
    if (!t.released()) on_tensor(name, role, t, i);
    ++i;
  }
  void counter(std::string_view name, Role role, std::int64_t& count) override { on_counter(name, role, count, i++); }
};

template <class Model>
void walk(Model& model, auto on_tensor, auto on_counter) {
  EntrySink<typename Model::Backend, decltype(on_tensor), decltype(on_counter)> sink(on_tensor, on_counter);
  walk(model, sink);
}

template <class L, class B>
struct LayerFinder final : StateSink<B> {
  std::vector<L*> found;

  void layer(std::string_view, void* address, const char* tag) override {
    if (tag == &layer_tag<L>::name) found.push_back(static_cast<L*>(address));
  }
};

}  // namespace detail

/// Calls f(name, role, value, values of others…) for each state_dict entry, in its order; with others it allocates.
/// A value is a TensorBase or, for num_batches_tracked, a std::int64_t. Passes over tensors that `model` has released.
template <class F, class Model, class... Others>
void for_each_state(F&& f, Model& model, Others&... others) {
  const auto call = [&](const auto&... beside) {
    detail::walk(
        model,
        [&](std::string_view name, Role role, detail::AsConstAs<TensorBase<typename Model::Backend>, Model>& t,
            [[maybe_unused]] std::size_t i) { f(name, role, t, beside.tensor_at(i)...); },
        [&](std::string_view name, Role role, detail::AsConstAs<std::int64_t, Model>& count,
            [[maybe_unused]] std::size_t i) { f(name, role, count, beside.counter_at(i)...); });
  };
  call(detail::Entries<Others>(others)...);
}

/// The same for trainable tensors only.
template <class F, class Model, class... Others>
void for_each_parameter(F&& f, Model& model, Others&... others) {
  const auto call = [&](const auto&... beside) {
    detail::walk(
        model,
        [&](std::string_view name, Role role, detail::AsConstAs<TensorBase<typename Model::Backend>, Model>& t,
            [[maybe_unused]] std::size_t i) {
          if (role != Role::buffer) f(name, role, t, beside.tensor_at(i)...);
        },
        [](std::string_view, Role, std::int64_t&, std::size_t) {});
  };
  call(detail::Entries<Others>(others)...);
}

/// f(counter) for each counter among the buffers.
template <class F, class Model>
void for_each_counter(F&& f, Model& model) {
  detail::walk(
      model, [](std::string_view, Role, auto&, std::size_t) {},
      [&](std::string_view, Role, detail::AsConstAs<std::int64_t, Model>& count, std::size_t) { f(count); });
}

/// All layers of type L in the model, or all of the kind L, in the order of visit.
template <class L, class Model>
std::vector<L*> layers_of(Model& model) {
  detail::LayerFinder<L, typename Model::Backend> finder;
  detail::walk(model, finder);
  return std::move(finder.found);
}

/// Sets all trainable tensors to zero: the start of a gradient.
template <class Model>
void zero(Model& gradient) {
  for_each_parameter([](std::string_view, Role, auto& t) { Model::Backend::fill(t.size(), 0, t.data()); }, gradient);
}

}  // namespace resnet
