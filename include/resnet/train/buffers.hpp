// SPDX-License-Identifier: MIT
// A copy of what a forward pass changes in a model: its buffers, that is BatchNorm2d's running statistics and
// counters. Its memory is allocated by the first copy.
#pragma once

#include <resnet/core/visit.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace resnet {

template <class Model>
class Buffers {
 public:
  using B = typename Model::Backend;

  void copy_from(const Model& model) {
    if (!scalars_) {
      const Place end = for_each_buffer(model, [](const auto&, Place) {});
      scalars_.reset(B::allocate(end.scalar));
      counters_ = std::make_unique<std::int64_t[]>(end.counter);
    }
    for_each_buffer(model, [this](const auto& value, Place at) {
      if constexpr (requires { value.data(); })
        B::copy(value.size(), value.data(), scalars_.get() + at.scalar);
      else
        counters_[at.counter] = value;
    });
  }
  void copy_to(Model& model) const {
    for_each_buffer(model, [this](auto& value, Place at) {
      if constexpr (requires { value.data(); })
        B::copy(value.size(), scalars_.get() + at.scalar, value.data());
      else
        value = counters_[at.counter];
    });
  }

 private:
  struct Place {
    std::size_t scalar = 0, counter = 0;
  };
  /// f(tensor or counter, the place of its copy); returns the place behind the last.
  static Place for_each_buffer(auto& model, auto&& f) {
    Place at;
    for_each_state(
        [&](std::string_view, Role role, auto& value) {
          if (role != Role::buffer) return;
          f(value, at);
          if constexpr (requires { value.data(); })
            at.scalar += value.size();
          else
            ++at.counter;
        },
        model);
    return at;
  }

  struct Deallocate {
    void operator()(typename B::Scalar* p) const { B::deallocate(p); }
  };
  std::unique_ptr<typename B::Scalar[], Deallocate> scalars_;
  std::unique_ptr<std::int64_t[]> counters_;
};

}  // namespace resnet
