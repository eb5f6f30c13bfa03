// SPDX-License-Identifier: MIT
#include "examples/support/picture.hpp"
#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file("picture", data, size);
  fuzz::read_or_refuse([&] {
    const Picture picture = read_picture(path, {.pixels = 100'000});
    fuzz::require(
        picture.pixels.size() == static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3,
        "three bytes for each pixel");
    const std::string png = encode_png(middle_square(picture, 32), 32, 32, 3);
    const Picture again =
        read_picture(fuzz::file("again", reinterpret_cast<const std::uint8_t*>(png.data()), png.size()));
    fuzz::require(again.pixels == middle_square(picture, 32), "what is written is read");
  });
  return 0;
}
