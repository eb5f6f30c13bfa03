// SPDX-License-Identifier: MIT
// A model to and from named tensors with torchvision's names and PyTorch's layouts, so that the files can be
// given to load_state_dict and the reverse. A convolution's weight is (out, kernel, kernel, in) in memory and
// (out, in, kernel, kernel) in a file; everything else is the same in both.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/io/safetensors.hpp>
#include <resnet/io/state_loader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace resnet {

namespace detail {

/// The shape of a tensor in a file.
template <class B, int... Ints> Dimensions file_shape(const Tensor<B, Ints...>&) {
  Dimensions shape{Ints...};
  if (shape.size() == 4) std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());  // OHWI to OIHW
  return shape;
}

/// Converts a convolution's weight between the two orders.
template <class T>
std::vector<T> reordered(const Dimensions& oihw, const std::vector<T>& from, bool to_oihw) {
  const auto in = static_cast<std::size_t>(oihw[1]), pixels = static_cast<std::size_t>(oihw[2] * oihw[3]);
  std::vector<T> to(from.size());
  for (std::size_t o = 0; o < from.size(); o += in * pixels)
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t k = 0; k < pixels; ++k) {
        const std::size_t file = o + i * pixels + k, memory = o + k * in + i;
        to[to_oihw ? file : memory] = from[to_oihw ? memory : file];
      }
  return to;
}

// Templates of the backend alone: the many tensor types of a model share them.
template <class B> StoredTensor stored(Dimensions shape, std::size_t size, const typename B::Scalar* data) {
  std::vector<typename B::Scalar> host(size);
  B::download(size, data, host.data());
  if (shape.size() == 4) host = reordered(shape, host, true);
  return StoredTensor::of(std::move(shape), host);
}
template <class B> void upload(const StoredTensor& from, typename B::Scalar* data) {
  auto host = from.values<typename B::Scalar>();
  if (from.shape.size() == 4) host = reordered(from.shape, host, false);
  B::upload(host.size(), host.data(), data);
}

template <class B, int... Ints> StoredTensor stored(const Tensor<B, Ints...>& t) {
  return stored<B>(file_shape(t), t.size(), t.data());
}
inline StoredTensor stored(const std::int64_t& number) {
  return StoredTensor::of<std::int64_t>({}, {number});
}

template <class B, int... Ints> StateLoader::Target target(Tensor<B, Ints...>& t) {
  return {file_shape(t), false, [data = t.data()](const StoredTensor& from) { upload<B>(from, data); }};
}
inline StateLoader::Target target(std::int64_t& number) {
  return {{}, true, [&number](const StoredTensor& from) { number = from.values<std::int64_t>()[0]; }};
}

}  // namespace detail

/// Adds all entries of the model's state_dict under `prefix` + name.
template <class Model> void put_state(SafeTensors& file, const std::string& prefix, const Model& model) {
  for_each_state([&](std::string_view name, Role,
                     const auto& value) { file.tensors[prefix + std::string(name)] = detail::stored(value); },
                 model);
}

/// The same for trainable tensors only: an optimizer's state has the model's type, but no buffers.
template <class Model>
void put_parameters(SafeTensors& file, const std::string& prefix, const Model& values) {
  for_each_parameter(
      [&](std::string_view name, Role, const auto& value) {
        file.tensors[prefix + std::string(name)] = detail::stored(value);
      },
      values);
}

/// Asks the loader for all that put_state has put.
template <class Model> void expect_state(StateLoader& loader, const std::string& prefix, Model& model) {
  for_each_state([&](std::string_view name, Role,
                     auto& value) { loader.expect(prefix + std::string(name), detail::target(value)); },
                 model);
}

/// Asks the loader for all that put_parameters has put.
template <class Model> void expect_parameters(StateLoader& loader, const std::string& prefix, Model& values) {
  for_each_parameter([&](std::string_view name, Role,
                         auto& value) { loader.expect(prefix + std::string(name), detail::target(value)); },
                     values);
}

/// Writes the model's state_dict; a crash leaves the old file or the new one.
template <class Model>
void save_weights(const std::string& path, const Model& model, const Metadata& metadata = {}) {
  SafeTensors file{{}, metadata};
  put_state(file, "", model);
  write_safetensors(path, file);
}

struct LoadOptions {
  std::string prefix;             // of the names in the file: "model." takes the weights out of a checkpoint
  std::vector<std::string> skip;  // the model keeps what begins so: {"fc."} for a new head on old features
};

/// Fills the model from a file in any floating-point type, or throws one Error that lists every missing,
/// unexpected and mis-shaped tensor and leaves the model as it was. Returns the file's metadata.
template <class Model>
Metadata load_weights(const std::string& path, Model& model, const LoadOptions& options = {}) {
  SafeTensors file = read_safetensors(path);
  StateLoader loader(path, file, options.prefix);
  for (const std::string& name : options.skip) loader.skip(options.prefix + name);
  expect_state(loader, options.prefix, model);
  loader.finish();
  return std::move(file.metadata);
}

}  // namespace resnet
