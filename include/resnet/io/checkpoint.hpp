// SPDX-License-Identifier: MIT
// Everything that a run needs to continue bit for bit, in one safetensors file:
//   model.<name>              the model's state_dict
//   optimizer.<part>.<name>   what the optimizer remembers of each parameter (momentum_buffer, exp_avg …)
//   optimizer.<counter>       its integers: the number of steps
//   <part>.<name>             what else a program keeps: averaged weights …
//   metadata                  strings of the program's own: epoch, seed, positions of random streams …
#pragma once

#include <resnet/io/state_dict.hpp>

#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace resnet {

/// `metadata` may use any keys but "format". The optimizer's visit_state(f) calls f(name, part) for each part
/// of its state: a value of the model's type or a std::int64_t. `more` may add tensors of other names.
template <class Model, class Optimizer>
void save_checkpoint(const std::string& path, const Model& model, const Optimizer& optimizer, Metadata metadata,
                     const std::function<void(SafeTensors&)>& more = {}) {
  metadata["format"] = checkpoint_format;
  detail::write_tensors(path, metadata, [&](SafeTensors& file) {
    put_state(file, checkpoint_model, model);
    const detail::PutState put{file, "optimizer."};
    optimizer.visit_state([&]<class Part>(const std::string& name, const Part& part) {
      if constexpr (std::is_same_v<Part, std::int64_t>)
        put(name, Role::buffer, part);
      else
        put_parameters(file, put.prefix + name + ".", part);
    });
    if (more) more(file);
  });
}

/// Fills model and optimizer and returns the metadata, or throws Error and changes neither. `check` sees the
/// metadata before anything is changed and may throw; `more` asks for what save_checkpoint's has added.
template <class Model, class Optimizer>
Metadata load_checkpoint(const InputFile& input, Model& model, Optimizer& optimizer,
                         const std::function<void(const Metadata&)>& check = {},
                         const std::function<void(StateLoader&)>& more = {}) {
  const std::string& path = input.name();
  return input.with_memory([&] {
    SafeTensors file = read_safetensors(input);
    if (!is_checkpoint(file))
      throw Error(path + ": expected a training checkpoint (metadata \"format\": \"" + checkpoint_format +
                  "\"), found another file of tensors");
    file.metadata.erase("format");
    if (check) check(file.metadata);
    StateLoader loader(path, file);
    expect_state(loader, checkpoint_model, model);
    const detail::ExpectState expect{loader, "optimizer."};
    optimizer.visit_state([&]<class Part>(const std::string& name, Part& part) {
      if constexpr (std::is_same_v<Part, std::int64_t>)
        expect(name, Role::buffer, part);
      else
        expect_parameters(loader, expect.prefix + name + ".", part);
    });
    if (more) more(loader);
    loader.finish();
    return std::move(file.metadata);
  });
}
template <class Model, class Optimizer>
Metadata load_checkpoint(const std::string& path, Model& model, Optimizer& optimizer,
                         const std::function<void(const Metadata&)>& check = {},
                         const std::function<void(StateLoader&)>& more = {}) {
  return load_checkpoint(InputFile(path), model, optimizer, check, more);
}

/// A number as metadata; `from_metadata` gives back the same bits.
template <class Number>
std::string to_metadata(Number number) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

/// The number that `to_metadata` wrote under `key`; throws Error if it isn't there or isn't one.
template <class Number>
Number from_metadata(const std::string& path, const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) throw Error(path + ": metadata: expected the key \"" + key + "\", found none");
  const std::string& text = found->second;
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(path + ": metadata: \"" + key + "\": expected a number in range, found \"" + text + "\"");
  return number;
}

/// The same for a number from `lowest` to `highest`; NaN is not.
template <class Number>
Number from_metadata(const std::string& path, const Metadata& metadata, const std::string& key, Number lowest,
                     Number highest) {
  const Number number = from_metadata<Number>(path, metadata, key);
  if (!(number >= lowest && number <= highest))
    throw Error(path + ": metadata: \"" + key + "\": expected a number from " + to_metadata(lowest) + " to " +
                to_metadata(highest) + ", found " + to_metadata(number));
  return number;
}

}  // namespace resnet
