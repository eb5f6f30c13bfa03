// SPDX-License-Identifier: MIT
// A model to and from named tensors with torchvision's names and PyTorch's layouts, so that the files can be
// given to load_state_dict and the reverse. A convolution's weight is (out, kernel, kernel, in) in memory and
// (out, in, kernel, kernel) in a file; everything else is the same in both.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/core/visit.hpp>
#include <resnet/io/rename.hpp>
#include <resnet/io/safetensors.hpp>
#include <resnet/io/state_loader.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resnet {

namespace detail {

/// Adds a tensor of these dimensions in memory to a file, as PyTorch has it.
RESNET_ONCE void put_tensor(SafeTensors& file, std::string name, std::span<const int> dims, std::vector<float> values);
RESNET_ONCE void put_tensor(SafeTensors& file, std::string name, std::span<const int> dims, std::vector<double> values);
RESNET_ONCE void put_counter(SafeTensors& file, std::string name, std::int64_t counter);

/// Tells a loader that a file is to fill a tensor of these dimensions in memory: by `take`, which may not throw.
template <class T>
using Take = std::function<void(const std::vector<T>&)>;
RESNET_ONCE void expect_tensor(StateLoader& loader, const std::string& name, std::span<const int> dims,
                               Take<float> take);
RESNET_ONCE void expect_tensor(StateLoader& loader, const std::string& name, std::span<const int> dims,
                               Take<double> take);
RESNET_ONCE void expect_counter(StateLoader& loader, const std::string& name, std::int64_t& count,
                                bool zero_if_missing);

/// Writes what `put` adds, and the metadata.
RESNET_ONCE void write_tensors(const std::string& path, const Metadata& metadata,
                               const std::function<void(SafeTensors&)>& put);

/// Called for each entry of a model's state_dict: adds it to a file.
struct PutState {
  SafeTensors& file;
  std::string prefix;

  template <class B>
  void operator()(std::string_view name, Role, const TensorBase<B>& tensor) const {
    std::vector<typename B::Scalar> host(tensor.size());
    B::download(host.size(), tensor.data(), host.data());
    put_tensor(file, prefix + std::string(name), tensor.dims(), std::move(host));
  }
  void operator()(std::string_view name, Role, std::int64_t counter) const {
    put_counter(file, prefix + std::string(name), counter);
  }
};

/// Called for each entry of a model's state_dict: tells a loader that a file is to fill it.
struct ExpectState {
  StateLoader& loader;
  std::string prefix;
  bool zero_if_missing = false;  // counts

  template <class B>
  void operator()(std::string_view name, Role, TensorBase<B>& tensor) const {
    using Scalar = typename B::Scalar;
    expect_tensor(loader, prefix + std::string(name), tensor.dims(),
                  Take<Scalar>([data = tensor.data()](const std::vector<Scalar>& values) {
                    B::upload(values.size(), values.data(), data);
                  }));
  }
  void operator()(std::string_view name, Role, std::int64_t& count) const {
    expect_counter(loader, prefix + std::string(name), count, zero_if_missing);
  }
};

}  // namespace detail

/// Adds all entries of the model's state_dict under `prefix` + name.
template <class Model>
void put_state(SafeTensors& file, const std::string& prefix, const Model& model) {
  for_each_state(detail::PutState{file, prefix}, model);
}

/// The same for trainable tensors only: an optimizer's averages have the model's type, but no buffers.
template <class Model>
void put_parameters(SafeTensors& file, const std::string& prefix, const Model& values) {
  for_each_parameter(detail::PutState{file, prefix}, values);
}

/// Asks the loader for all that put_state has put. A missing num_batches_tracked counts as 0, as in PyTorch.
template <class Model>
void expect_state(StateLoader& loader, const std::string& prefix, Model& model) {
  for_each_state(detail::ExpectState{loader, prefix, true}, model);
}

/// Asks the loader for all that put_parameters has put.
template <class Model>
void expect_parameters(StateLoader& loader, const std::string& prefix, Model& values) {
  for_each_parameter(detail::ExpectState{loader, prefix}, values);
}

// What tells a training checkpoint (io/checkpoint.hpp) from a file of weights.
inline constexpr const char* checkpoint_format = "resnet checkpoint 1";
inline constexpr const char* checkpoint_model = "model.";

inline bool is_checkpoint(const SafeTensors& file) {
  const auto format = file.metadata.find("format");
  return format != file.metadata.end() && format->second == checkpoint_format;
}

/// Writes the model's state_dict; a crash leaves the old file or the new one. Throws DivergedError, and keeps
/// the old file, if a value is not finite.
template <class Model>
void save_weights(const std::string& path, const Model& model, const Metadata& metadata = {}) {
  detail::write_tensors(path, metadata, [&](SafeTensors& file) { put_state(file, "", model); });
}

struct LoadOptions {
  std::string prefix = {};             // of the names in the file; other names are left alone
  Renames rename = {};                 // of what follows the prefix: {{"shortcut.", "downsample."}}, see io/rename.hpp
  std::vector<std::string> skip = {};  // the model keeps what begins so: {"fc."} for a new head on old features
};

/// Fills the model from a file of weights or a checkpoint, in any floating-point type, or throws one Error
/// that lists every missing, unexpected, mis-shaped and not finite tensor and leaves the model as it was.
/// Returns the file's metadata.
template <class Model>
Metadata load_weights(const InputFile& input, Model& model, const LoadOptions& options = {}) {
  return input.with_memory([&] {
    SafeTensors file = read_safetensors(input);
    const std::string prefix = (is_checkpoint(file) ? checkpoint_model : "") + options.prefix;
    rename_tensors(input.name(), file, prefix, options.rename);
    StateLoader loader(input.name(), file, prefix);
    for (const std::string& name : options.skip) loader.skip(prefix + name);
    expect_state(loader, prefix, model);
    loader.finish();
    return std::move(file.metadata);
  });
}
template <class Model>
Metadata load_weights(const std::string& path, Model& model, const LoadOptions& options = {}) {
  return load_weights(InputFile(path), model, options);
}

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>

namespace resnet {

namespace detail {

/// The dimensions of a tensor in a file.
inline Dimensions file_shape(std::span<const int> dims) {
  Dimensions shape(dims.begin(), dims.end());
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

template <class T>
void put_values(SafeTensors& file, std::string name, std::span<const int> dims, std::vector<T> values) {
  Dimensions shape = file_shape(dims);
  if (shape.size() == 4) values = reordered(shape, values, true);
  file.tensors.insert_or_assign(std::move(name), StoredTensor::of(std::move(shape), values));
}
RESNET_ONCE void put_tensor(SafeTensors& file, std::string name, std::span<const int> dims, std::vector<float> values) {
  put_values(file, std::move(name), dims, std::move(values));
}
RESNET_ONCE void put_tensor(SafeTensors& file, std::string name, std::span<const int> dims,
                            std::vector<double> values) {
  put_values(file, std::move(name), dims, std::move(values));
}
RESNET_ONCE void put_counter(SafeTensors& file, std::string name, std::int64_t counter) {
  put_values(file, std::move(name), {}, std::vector<std::int64_t>{counter});
}

RESNET_ONCE void write_tensors(const std::string& path, const Metadata& metadata,
                               const std::function<void(SafeTensors&)>& put) {
  SafeTensors file{{}, metadata};
  file.with_memory(path, [&] {
    put(file);
    write_safetensors(path, file);
  });
}

template <class T>
void expect_values(StateLoader& loader, const std::string& name, std::span<const int> dims, Take<T> take) {
  const auto prepare = [take = std::move(take)](const StoredTensor& from) {
    auto values = from.values<T>();
    if (from.shape.size() == 4) values = reordered(from.shape, values, false);
    return [take, values = std::move(values)] { take(values); };
  };
  loader.expect(name, {file_shape(dims), dtype_of<T>(), prepare});
}
RESNET_ONCE void expect_tensor(StateLoader& loader, const std::string& name, std::span<const int> dims,
                               Take<float> take) {
  expect_values(loader, name, dims, std::move(take));
}
RESNET_ONCE void expect_tensor(StateLoader& loader, const std::string& name, std::span<const int> dims,
                               Take<double> take) {
  expect_values(loader, name, dims, std::move(take));
}
RESNET_ONCE void expect_counter(StateLoader& loader, const std::string& name, std::int64_t& count,
                                bool zero_if_missing) {
  const auto prepare = [&count](const StoredTensor& from) {
    return [&count, number = from.values<std::int64_t>().front()] { count = number; };
  };
  loader.expect(name, {{}, Dtype::i64, prepare, zero_if_missing});
}

}  // namespace detail

}  // namespace resnet

#endif  // RESNET_BODIES
