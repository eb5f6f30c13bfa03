// SPDX-License-Identifier: MIT
// The first byte says which of the two layouts the others are read in.
#include <resnet/data/cifar.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool cifar10 = data[0] == '1';
  const std::string path = fuzz::file("batch.bin", data + 1, size - 1);
  fuzz::read_or_refuse([&] {
    const resnet::Dataset read = cifar10 ? resnet::load_cifar10_file(path) : resnet::load_cifar100_file(path);
    const std::size_t images = (size - 1) / (cifar10 ? 3073 : 3074);
    fuzz::require(read.labels.size() == images && read.images.size() == images * 3072, "every record is read");
    for (const std::int32_t label : read.labels)
      fuzz::require(label >= 0 && label < read.classes(), "a label is one of the classes");
  });
  return 0;
}
