// SPDX-License-Identifier: MIT
// How good a network is on the test images: accuracy, accuracy of each class, confusion matrix.
#include <resnet/io/atomic_file.hpp>
#include <resnet/train.hpp>

#include <filesystem>

#include "support/data.hpp"
#include "support/model_card.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"

using namespace resnet;

struct Options {
  std::string weights, images_dir;
  DataOptions data;
  int batch_size = 128, threads = 0, images = 10;
  bool flip = false;
};

/// Writes the first test images as PNG, for classify.
void export_images(const Options& o, const Dataset& data) {
  std::filesystem::create_directories(o.images_dir);
  for (int i = 0; i < std::min(o.images, data.size()); ++i) {
    const std::string& name = data.class_names[static_cast<std::size_t>(data.labels[static_cast<std::size_t>(i)])];
    const std::string path = fmt::format("{}/{:05}_{}.png", o.images_dir, i, name);
    const std::string png = encode_png(data.image(i), data.shape.w, data.shape.h, data.shape.c);
    AtomicFile file(path);
    file.write(png.data(), png.size());
    file.commit();
  }
}

void print_table(const Evaluation& result, const std::vector<std::string>& names) {
  const ConfusionMatrix& confusion = result.confusion;
  const int classes = confusion.classes();
  fmt::print("\n{:>16} {:>7} {:>9}   predicted class\n{:>35}", "class", "images", "accuracy", "");
  for (int predicted = 0; predicted < classes; ++predicted) fmt::print(" {:>4}", predicted);
  for (int label = 0; label < classes; ++label) {
    const int total = confusion.total(label);
    fmt::print("\n{:>3} {:>12} {:>7} {:>7.2f} %", label, names[static_cast<std::size_t>(label)], total,
               total ? 100.0 * confusion.count(label, label) / total : 0.0);
    for (int predicted = 0; predicted < classes; ++predicted) fmt::print(" {:>4}", confusion.count(label, predicted));
  }
  fmt::print("\n");
}

int run(Options o) {
  const ModelCard card = read_card(o.weights);
  o.data.name = card.data;
  o.data.train_images = 1;  // not needed
  const Dataset test = load_data(o.data).test;
  if (!o.images_dir.empty()) export_images(o, test);
  DataLoader loader(test, {.batch_size = o.batch_size, .normalize = card.normalize});
  const auto network = card.architecture().network(o.weights, o.threads);
  const Evaluation result = network->evaluate(loader, {}, {.flip = o.flip});
  const Metrics& m = result.metrics;
  fmt::print("{} on {}: accuracy {:.2f} % ({} of {} images), loss {:.4f}\n", o.weights, card.data, 100 * m.accuracy(),
             m.correct, m.images, m.loss());
  print_table(result, card.class_names);
  return 0;
}

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Measures a network on the test images of the data that it was trained on.");
  app.option_defaults()->always_capture_default();
  add_option(app, "weights", o.weights, "weights.safetensors, best.safetensors or last.safetensors of train")
      ->required();
  add_option(app, "--data-dir", o.data.dir, "folder of CIFAR's binary files");
  add_option(app, "--test-images", o.data.test_images, "use the first so many; 0: all", CLI::NonNegativeNumber);
  add_option(app, "--batch-size", o.batch_size, "", CLI::PositiveNumber);
  add_flag(app, "--flip", o.flip, "average the probabilities of each image and its mirror image");
  add_option(app, "--threads", o.threads, "0: all", thread_count);
  add_option(app, "--export-images", o.images_dir, "also write some test images to this folder, as PNG");
  add_option(app, "--export-count", o.images, "", CLI::PositiveNumber);
  return run_program(app, argc, argv, [&] { return run(o); });
}
