// SPDX-License-Identifier: MIT
// A model to and from named tensors with torchvision's names and PyTorch's layouts, so that the files can be
// given to load_state_dict and the reverse. A convolution's weight is (out, kernel, kernel, in) in memory and
// (out, in, kernel, kernel) in a file; everything else is the same in both.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/io/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace resnet {

namespace detail {

/// The shape in a file of a tensor or of num_batches_tracked, which is a scalar.
template <class Value>
Dimensions stored_shape() {
  Dimensions shape;
  if constexpr (is_tensor<Value>) {
    shape.assign(Value::dims.begin(), Value::dims.end());
    if (shape.size() == 4) std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());
  }
  return shape;
}

/// OHWI to OIHW, or back.
template <class T>
std::vector<T> reorder(const std::vector<T>& from, const Dimensions& oihw, bool to_oihw) {
  const auto pixels = static_cast<std::size_t>(oihw[2] * oihw[3]), in = static_cast<std::size_t>(oihw[1]);
  std::vector<T> to(from.size());
  for (std::size_t o = 0; o < from.size(); o += in * pixels)
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t k = 0; k < pixels; ++k) {
        const std::size_t at_oihw = o + i * pixels + k, at_ohwi = o + k * in + i;
        to_oihw ? to[at_oihw] = from[at_ohwi] : to[at_ohwi] = from[at_oihw];
      }
  return to;
}

template <class Value>
StoredTensor to_stored(const Value& value) {
  const Dimensions shape = stored_shape<Value>();
  if constexpr (is_tensor<Value>) {
    std::vector<typename Value::Scalar> host(value.size());
    Value::Backend::download(host.size(), value.data(), host.data());
    return StoredTensor::of(shape, shape.size() == 4 ? reorder(host, shape, true) : host);
  } else {
    return StoredTensor::of(shape, std::vector<Value>{value});
  }
}

template <class Value>
void from_stored(const StoredTensor& stored, Value& value) {
  if constexpr (is_tensor<Value>) {
    auto host = stored.values<typename Value::Scalar>();
    if (stored.shape.size() == 4) host = reorder(host, stored.shape, false);
    Value::Backend::upload(host.size(), host.data(), value.data());
  } else {
    value = stored.values<Value>()[0];
  }
}

}  // namespace detail

/// Adds all entries of the model's state_dict under `prefix` + name.
template <class Model>
void put_state(SafeTensors& file, std::string_view prefix, const Model& model) {
  for_each_state(
      [&](std::string_view name, Role, const auto& value) {
        file.tensors[std::string(prefix).append(name)] = detail::to_stored(value);
      },
      model);
}

/// The same for trainable tensors only: an optimizer's state has the model's type, but no buffers.
template <class Model>
void put_parameters(SafeTensors& file, std::string_view prefix, const Model& values) {
  for_each_parameter(
      [&](std::string_view name, Role, const auto& value) {
        file.tensors[std::string(prefix).append(name)] = detail::to_stored(value);
      },
      values);
}

/// Compares models with a file first and changes them afterwards: `finish` either fills all of them, or
/// throws one Error that lists every tensor that does not fit, and fills none.
class StateLoader {
 public:
  /// Both have to outlive the loader; `path` is for the message.
  StateLoader(const std::string& path, const SafeTensors& file) : path_(path), file_(file) {}

  /// The model's state_dict entries, stored under `prefix` + name, are to be loaded. Names that begin with
  /// one of `skip` are neither expected in the file nor loaded from it.
  template <class Model>
  void state(std::string_view prefix, Model& model, const std::vector<std::string>& skip = {}) {
    for_each_state([&](std::string_view name, Role, auto& value) { plan(prefix, name, value, skip); }, model);
    skip_in_file(prefix, skip);
  }

  /// The same for trainable tensors only.
  template <class Model>
  void parameters(std::string_view prefix, Model& values) {
    for_each_parameter([&](std::string_view name, Role, auto& value) { plan(prefix, name, value, {}); }, values);
  }

  /// Tensors of the file that begin with `prefix` are not an error, whether something asked for them or not.
  void ignore(std::string_view prefix) {
    for (auto at = file_.tensors.lower_bound(prefix); at != file_.tensors.end() && at->first.starts_with(prefix);
         ++at)
      known_.insert(at->first);
  }

  void finish();

 private:
  template <class Value>
  void plan(std::string_view prefix, std::string_view name, Value& value, const std::vector<std::string>& skip);

  const std::string& path_;
  const SafeTensors& file_;
  std::set<std::string, std::less<>> known_;
  std::vector<std::string> problems_;
  std::vector<std::function<void()>> uploads_;
};
