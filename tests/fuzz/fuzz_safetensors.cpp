// SPDX-License-Identifier: MIT
#include <resnet/io/safetensors.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file("input.safetensors", data, size);
  fuzz::read_or_refuse([&] {
    const resnet::SafeTensors read = resnet::read_safetensors(path);
    for (const auto& [name, tensor] : read.tensors) {
      tensor.values<float>();
      tensor.values<double>();
      tensor.values<std::int64_t>();
    }
    const std::string copy = fuzz::folder() / "copy.safetensors";
    resnet::write_safetensors(copy, read);
    const resnet::SafeTensors again = resnet::read_safetensors(copy);
    fuzz::require(again.tensors.size() == read.tensors.size(), "what is written is read: the number of tensors");
    for (const auto& [name, tensor] : read.tensors) {
      const resnet::StoredTensor& same = again.tensors.at(name);
      fuzz::require(same.dtype == tensor.dtype && same.shape == tensor.shape && same.bytes == tensor.bytes,
                    "what is written is read");
    }
  });
  return 0;
}
