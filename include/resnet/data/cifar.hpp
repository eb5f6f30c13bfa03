// SPDX-License-Identifier: MIT
// CIFAR-10 and CIFAR-100 in the official binary layout (Krizhevsky 2009,
// https://www.cs.toronto.edu/~kriz/cifar.html): records without a header,
//   CIFAR-10   1 byte label                             + 3072 bytes of pixels
//   CIFAR-100  1 byte coarse label, 1 byte fine label   + 3072 bytes of pixels
// where the pixels are three 32×32 planes, red, green, blue. They are read into (h, w, c) order.
// Every departure from the layout throws Error with the file, the byte offset, what was expected and what
// was found; nothing is returned from a damaged file.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/data/dataset.hpp>
#include <resnet/io/input_file.hpp>

#include <array>
#include <string>
#include <string_view>

namespace resnet {

inline constexpr Shape cifar_shape{3, 32, 32};

// clang-format off
inline constexpr std::array<std::string_view, 10> cifar10_class_names{
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

inline constexpr std::array<std::string_view, 100> cifar100_class_names{
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm"};
// clang-format on

/// One CIFAR-10 file, or bytes that stand for one, with any number of records; throws Error.
RESNET_ONCE Dataset load_cifar10_file(const InputFile& file);
inline Dataset load_cifar10_file(const std::string& path) { return load_cifar10_file(InputFile(path)); }

/// One CIFAR-100 file, or bytes that stand for one, with any number of records, fine labels; throws Error.
RESNET_ONCE Dataset load_cifar100_file(const InputFile& file);
inline Dataset load_cifar100_file(const std::string& path) { return load_cifar100_file(InputFile(path)); }

/// The 50,000 training and 10,000 test images from `dir` or `dir`/cifar-10-batches-bin; throws Error.
RESNET_ONCE TrainTest load_cifar10(const std::string& dir);

/// The 50,000 training and 10,000 test images, fine labels, from `dir` or `dir`/cifar-100-binary; throws
/// Error.
RESNET_ONCE TrainTest load_cifar100(const std::string& dir);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <vector>

namespace resnet {

namespace detail {

/// How a file's records are laid out.
struct CifarLayout {
  std::string_view name;
  int label_bytes;                  // before the pixels; the last one is the class
  std::array<int, 2> label_counts;  // each label byte is below its count
  std::size_t record_bytes() const { return static_cast<std::size_t>(label_bytes) + cifar_shape.size(); }
};

inline constexpr CifarLayout cifar10_layout{"CIFAR-10", 1, {10, 0}};
inline constexpr CifarLayout cifar100_layout{"CIFAR-100", 2, {20, 100}};

template <std::size_t Classes>
Dataset empty_cifar(const std::array<std::string_view, Classes>& class_names, std::size_t room) {
  Dataset data{cifar_shape, {class_names.begin(), class_names.end()}, {}, {}};
  data.images.reserve(room * data.image_bytes());
  data.labels.reserve(room);
  return data;
}

/// Appends one record's image: three planes (c, h, w) in the file, (h, w, c) in memory.
inline void append_cifar_image(const unsigned char* planes, std::vector<std::uint8_t>& images) {
  constexpr auto channels = static_cast<std::size_t>(cifar_shape.c);
  constexpr std::size_t plane = cifar_shape.size() / channels;
  const std::size_t first = images.size();
  images.resize(first + cifar_shape.size());
  for (std::size_t pixel = 0; pixel < plane; ++pixel)
    for (std::size_t c = 0; c < channels; ++c) images[first + pixel * channels + c] = planes[c * plane + pixel];
}

/// Appends a file's records to `data`; `records` is how many there must be, 0 for any number but none.
inline void append_cifar_file(const InputFile& file, const CifarLayout& layout, std::size_t records, Dataset& data) {
  const std::uint64_t size = layout.record_bytes();
  const std::string found = " bytes, found " + std::to_string(file.size()) + " bytes";
  if (records == 0) {
    records = static_cast<std::size_t>(file.size() / size);
    if (records == 0 || file.size() % size != 0)
      fail_at(file.name(), records * size,
              "expected whole " + std::string(layout.name) + " records of " + std::to_string(size) + found);
  } else if (file.size() != records * size) {
    fail_at(file.name(), std::min(file.size(), records * size),
            "expected " + std::to_string(records) + " records of " + std::to_string(size) + " bytes, together " +
                std::to_string(records * size) + found);
  }

  file.with_memory([&] {
    std::vector<unsigned char> record(size);
    for (std::size_t r = 0; r < records; ++r) {
      file.read(r * size, record.data(), record.size());
      const auto labels = static_cast<std::size_t>(layout.label_bytes);
      for (std::size_t b = 0; b < labels; ++b)
        if (record[b] >= layout.label_counts[b])
          fail_at(file.name(), r * size + b,
                  "expected a label from 0 to " + std::to_string(layout.label_counts[b] - 1) + " in record " +
                      std::to_string(r) + ", found " + std::to_string(record[b]));
      data.labels.push_back(record[labels - 1]);
      append_cifar_image(record.data() + labels, data.images);
    }
  });
}

/// The official archives unpack into a folder of their own; both it and its parent will do.
inline std::filesystem::path find_cifar(const std::filesystem::path& dir, const char* archive_folder) {
  std::error_code not_there;
  return std::filesystem::is_directory(dir / archive_folder, not_there) ? dir / archive_folder : dir;
}

}  // namespace detail

RESNET_ONCE Dataset load_cifar10_file(const InputFile& file) {
  Dataset data = detail::empty_cifar(cifar10_class_names, 0);
  detail::append_cifar_file(file, detail::cifar10_layout, 0, data);
  return data;
}

RESNET_ONCE Dataset load_cifar100_file(const InputFile& file) {
  Dataset data = detail::empty_cifar(cifar100_class_names, 0);
  detail::append_cifar_file(file, detail::cifar100_layout, 0, data);
  return data;
}

RESNET_ONCE TrainTest load_cifar10(const std::string& dir) {
  const auto folder = detail::find_cifar(dir, "cifar-10-batches-bin");
  TrainTest data{detail::empty_cifar(cifar10_class_names, 50'000), detail::empty_cifar(cifar10_class_names, 10'000)};
  for (int batch = 1; batch <= 5; ++batch)
    detail::append_cifar_file(InputFile(folder / ("data_batch_" + std::to_string(batch) + ".bin")),
                              detail::cifar10_layout, 10'000, data.train);
  detail::append_cifar_file(InputFile(folder / "test_batch.bin"), detail::cifar10_layout, 10'000, data.test);
  return data;
}

RESNET_ONCE TrainTest load_cifar100(const std::string& dir) {
  const auto folder = detail::find_cifar(dir, "cifar-100-binary");
  TrainTest data{detail::empty_cifar(cifar100_class_names, 50'000), detail::empty_cifar(cifar100_class_names, 10'000)};
  detail::append_cifar_file(InputFile(folder / "train.bin"), detail::cifar100_layout, 50'000, data.train);
  detail::append_cifar_file(InputFile(folder / "test.bin"), detail::cifar100_layout, 10'000, data.test);
  return data;
}

}  // namespace resnet

#endif  // RESNET_BODIES
