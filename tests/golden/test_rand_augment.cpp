// SPDX-License-Identifier: MIT
// Every operation of RandAugment against torchvision's on PIL images. PIL computes factors and stretches in floating
// point: where the exact result is a whole number or nearly, it may come out one less.
#include "tests/golden/golden.hpp"

#include <resnet/data/rand_augment.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace golden;

TEST_CASE("RandAugment: torchvision's bytes") {
  constexpr Shape image{3, 12, 16};
  constexpr std::array<const char*, image_operations> names{
      "shear_x",  "shear_y",   "translate_x", "translate_y", "rotate",   "brightness",    "color",
      "contrast", "sharpness", "identity",    "posterize",   "solarize", "auto_contrast", "equalize"};
  constexpr std::array rounded{ImageOperation::brightness, ImageOperation::color, ImageOperation::contrast,
                               ImageOperation::sharpness, ImageOperation::auto_contrast};
  const File file("rand_augment.safetensors");
  std::vector<std::uint8_t> found(image.size());
  int compared = 0;
  for (const char* picture : {"noise", "gradient"}) {
    const auto bytes = file.integers(picture);
    const std::vector<std::uint8_t> x(bytes.begin(), bytes.end());
    REQUIRE(x.size() == image.size());
    for (int k = 0; k < image_operations; ++k)
      for (int magnitude = -30; magnitude <= 30; ++magnitude) {
        const std::string name =
            std::string(picture) + "/" + names[static_cast<std::size_t>(k)] + "/" + std::to_string(magnitude);
        if (!file.holds(name)) continue;
        CAPTURE(name);
        const auto operation = static_cast<ImageOperation>(k);
        apply_image_operation(operation, magnitude, image, x, found.data());
        const auto expected = file.integers(name);
        int different = 0, largest = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
          const int difference = std::abs(found[i] - expected[i]);
          different += difference > 0;
          largest = std::max(largest, difference);
        }
        const bool rounds = std::ranges::count(rounded, operation) > 0;
        CHECK(largest <= (rounds ? 1 : 0));
        CHECK(different <= (rounds ? 3 : 0));  // of 576, as measured: whole numbers on both sides
        ++compared;
      }
  }
  CHECK(compared == 2 * 4 * (2 * signed_image_operations + image_operations - signed_image_operations));
}
