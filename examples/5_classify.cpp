// SPDX-License-Identifier: MIT
// What is on a picture? The five most probable classes of PNG and JPEG files.
#include <resnet/train.hpp>

#include <numeric>

#include "support/model_card.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"

using namespace resnet;

/// Probabilities of the classes.
std::vector<float> classify(const Network& network, const NormalizeTable& normalized,
                            const std::vector<std::uint8_t>& image) {
  std::vector<float> input(image.size());
  prepare_image(image.data(), cifar_shape, {}, normalized, input.data());
  return network.probabilities(input);
}

int run(const std::string& weights, const std::vector<std::string>& files) {
  const ModelCard card = read_card(weights);
  const auto network = card.architecture().network(weights, 0);
  const NormalizeTable normalized(card.normalize, cifar_shape.c);
  for (const std::string& file : files) {
    const std::vector<float> p = classify(*network, normalized, middle_square(read_picture(file), cifar_shape.h));
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] > p[b]; });
    fmt::print("{}\n", file);
    for (const std::size_t k : std::span(order).first(5))
      fmt::print("  {:6.2f} %  {}\n", 100 * p[k], card.class_names[k]);
  }
  return 0;
}

int main(int argc, char** argv) {
  std::string weights;
  std::vector<std::string> files;
  CLI::App app("Prints the five most probable classes of pictures.");
  add_option(app, "weights", weights, "weights.safetensors, best.safetensors or last.safetensors of train")->required();
  add_option(app, "images", files, "PNG or JPEG files; of others than squares, the middle square counts")->required();
  return run_program(app, argc, argv, [&] { return run(weights, files); });
}
