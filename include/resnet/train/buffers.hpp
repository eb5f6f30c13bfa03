// SPDX-License-Identifier: MIT
// A copy of what a forward pass changes in a model: its buffers, that is BatchNorm2d's running statistics and
// counters. Its memory is allocated by the first copy.
#pragma once

#include <resnet/core/flat.hpp>
#include <resnet/op/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace resnet {

/// A model's counters.
class Counters {
 public:
  template <class Model>
  void copy_from(const Model& model) {
    values_.clear();
    for_each_counter([&](std::int64_t count) { values_.push_back(count); }, model);
  }
  template <class Model>
  void copy_to(Model& model) const {
    auto next = values_.begin();
    for_each_counter([&](std::int64_t& count) { count = *next++; }, model);
  }

 private:
  std::vector<std::int64_t> values_;
};

template <class Model>
class Buffers {
 public:
  using B = typename Model::Backend;

  void copy_from(Context<B>& ctx, const Flat<Model>& model) {
    const FlatRange range = model.range(Role::buffer);
    if (!scalars_) scalars_.reset(B::allocate(range.size));
    run<op::Copy>(ctx, {.count = range.size, .x = model.data() + range.begin, .y = scalars_.get()});
    counters_.copy_from(*model);
  }
  void copy_to(Context<B>& ctx, Flat<Model>& model) const {
    const FlatRange range = model.range(Role::buffer);
    run<op::Copy>(ctx, {.count = range.size, .x = scalars_.get(), .y = model.data() + range.begin});
    counters_.copy_to(*model);
  }

 private:
  struct Deallocate {
    void operator()(typename B::Scalar* p) const { B::deallocate(p); }
  };
  std::unique_ptr<typename B::Scalar[], Deallocate> scalars_;
  Counters counters_;
};

}  // namespace resnet
