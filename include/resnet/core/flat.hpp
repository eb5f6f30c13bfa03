// SPDX-License-Identifier: MIT
// A model whose tensors lie next to each other in memory: all weights, then all scales, biases, buffers. What treats every
// element alike, an update, an average, a gradient's norm, is one operation on a range and not one for each tensor.
#pragma once

#include <resnet/core/visit.hpp>

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace resnet {

/// Elements from `begin` on, with what fills the room between tensors: zeros.
struct FlatRange {
  Role role;
  std::size_t begin = 0, size = 0;
};

/// The memory of such a model.
template <class B>
class FlatMemory {
 public:
  using Scalar = typename B::Scalar;

  FlatMemory() = default;
  FlatMemory(const FlatMemory&) = delete;
  FlatMemory& operator=(const FlatMemory&) = delete;
  ~FlatMemory() { B::deallocate(memory_); }

  Scalar* data() { return memory_; }
  const Scalar* data() const { return memory_; }
  FlatRange range(Role role) const { return ranges_[index(role)]; }
  /// All that is trained.
  std::size_t parameters() const { return ranges_[index(Role::buffer)].begin; }
  /// All tensors.
  std::size_t size() const { return parameters() + range(Role::buffer).size; }

  /// A tensor's elements in memory.
  static constexpr std::size_t room(std::size_t size) {
    constexpr std::size_t line = 64 / sizeof(Scalar);
    return (size + line - 1) / line * line;
  }

 protected:
  /// All tensors of a model.
  struct Tensors final : detail::StateSink<B> {
    std::vector<std::pair<Role, TensorBase<B>*>> found;
    void tensor(std::string_view, Role role, TensorBase<B>& t) override { found.emplace_back(role, &t); }
  };
  void place(const Tensors& tensors) {
    for (const auto& [role, t] : tensors.found) ranges_[index(role)].size += room(t->size());
    std::size_t end = 0;
    for (FlatRange& range : ranges_) range.begin = std::exchange(end, end + range.size);
    memory_ = B::allocate(end);
    B::fill(end, 0, memory_);
    std::size_t next[] = {ranges_[0].begin, ranges_[1].begin, ranges_[2].begin, ranges_[3].begin};
    for (const auto& [role, t] : tensors.found) {
      std::size_t& at = next[index(role)];
      if (!t->released()) t->move_to(memory_ + at);
      at += room(t->size());
    }
  }

 private:
  static constexpr std::size_t index(Role role) { return static_cast<std::size_t>(role); }

  FlatRange ranges_[4] = {{Role::weight}, {Role::scale}, {Role::bias}, {Role::buffer}};
  Scalar* memory_ = nullptr;
};

/// A value like the model itself, which `*` and `->` give. Models of one type have one layout.
template <class Model>
class Flat : public FlatMemory<typename Model::Backend> {
 public:
  Flat() { place(); }
  Flat(const Model& model) : model_(model) { place(); }
  Flat(const Flat& o) : Flat(o.model_) {}
  Flat& operator=(const Flat& o) {
    model_ = o.model_;
    return *this;
  }

  Model& operator*() { return model_; }
  const Model& operator*() const { return model_; }
  Model* operator->() { return &model_; }
  const Model* operator->() const { return &model_; }

 private:
  void place() {
    typename Flat::FlatMemory::Tensors tensors;
    detail::walk(model_, tensors);
    Flat::FlatMemory::place(tensors);
  }

  Model model_;
};

}  // namespace resnet
