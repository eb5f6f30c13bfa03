// SPDX-License-Identifier: MIT
// What is on a picture? The five most probable classes of PNG and JPEG files.
#include <resnet/train.hpp>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#include <stb/stb_image.h>
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image_resize.h>

#include <memory>
#include <numeric>

#include "support/model_card.hpp"
#include "support/program.hpp"

using namespace resnet;

/// The middle square of the picture at the network's resolution: (h, w, c).
std::vector<std::uint8_t> read_image(const std::string& path) {
  constexpr int side = cifar_shape.h, channels = cifar_shape.c;
  int w = 0, h = 0, found_channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load(path.c_str(), &w, &h, &found_channels, channels), &stbi_image_free);
  if (!pixels) throw Error(fmt::format("{}: expected a PNG or JPEG file: {}", path, stbi_failure_reason()));
  const int square = std::min(w, h);
  const std::size_t first = (static_cast<std::size_t>((h - square) / 2) * static_cast<std::size_t>(w) +
                             static_cast<std::size_t>((w - square) / 2)) *
                            channels;
  std::vector<std::uint8_t> image(cifar_shape.size());
  if (!stbir_resize_uint8(pixels.get() + first, square, square, w * channels, image.data(), side, side, 0,
                          channels))
    throw Error(path + ": not enough memory to resize the image");
  return image;
}

/// Probabilities of the classes.
std::vector<float> classify(const Network& network, const NormalizeTable& normalized, const std::vector<std::uint8_t>& image) {
  std::vector<float> input(image.size());
  prepare_image(image.data(), cifar_shape, {}, normalized, input.data());
  return network.probabilities(input);
}

int run(const std::string& weights, const std::vector<std::string>& files) {
  const ModelCard card = read_card(weights);
  const auto network = card.architecture().network(weights, 0);
  const NormalizeTable normalized(card.normalize, cifar_shape.c);
  for (const std::string& file : files) {
    const std::vector<float> p = classify(*network, normalized, read_image(file));
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] > p[b]; });
    fmt::print("{}\n", file);
    for (const std::size_t k : std::span(order).first(5)) fmt::print("  {:6.2f} %  {}\n", 100 * p[k], card.class_names[k]);
  }
  return 0;
}

int main(int argc, char** argv) {
  std::string weights;
  std::vector<std::string> files;
  CLI::App app("Prints the five most probable classes of pictures.");
  app.add_option("weights", weights, "weights.safetensors, best.safetensors or last.safetensors of train")
      ->required();
  app.add_option("images", files, "PNG or JPEG files; of others than squares, the middle square counts")
      ->required();
  return run_program(app, argc, argv, [&] { return run(weights, files); });
}
