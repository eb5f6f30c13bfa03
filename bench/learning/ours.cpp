// SPDX-License-Identifier: MIT
// A training run with the library's own parts, and in the folder --out all that PyTorch needs to repeat it:
//   initial.safetensors   the network before the first step
//   batches.bin           the images that it was trained with, in order, cropped and flipped: records of a
//   CIFAR-10 file final.safetensors, averaged.safetensors   the networks at the end result.json losses,
//   learning rates and accuracies; written last
#include <resnet/data/cifar.hpp>
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

using namespace resnet;

namespace {

constexpr Shape image{3, 32, 32};
constexpr int width = 8;
using Net = NarrowResNet18<width>;

struct Options {
  std::string train, test, out, optimizer = "sgd", schedule = "cosine";
  int images = 5000, test_images = 4000, quick_test = 1000, epochs = 8, batch_size = 64, threads = 1;
  double lr = 0.1, weight_decay = 5e-4;
  std::uint64_t seed = 1;
  TrainerOptions trainer;

  explicit Options(CLI::App& app) {
    app.add_option("--train", train, "a CIFAR-10 file with any number of records")->required();
    app.add_option("--test", test, "another")->required();
    app.add_option("--out", out, "the folder to write into")->required();
    app.add_option("--images", images, "the first so many training images");
    app.add_option("--test-images", test_images, "the first so many test images, for the accuracy in the end");
    app.add_option("--quick-test", quick_test, "the first so many of these, for the accuracy after each epoch");
    app.add_option("--epochs", epochs);
    app.add_option("--batch-size", batch_size);
    app.add_option("--optimizer", optimizer, "sgd with Nesterov momentum, or adam")
        ->check(CLI::IsMember({"sgd", "adam"}));
    app.add_option("--schedule", schedule)->check(CLI::IsMember({"cosine", "onecycle"}));
    app.add_option("--lr", lr);
    app.add_option("--weight-decay", weight_decay, "of weights; not of biases and scales");
    app.add_option("--accumulate", trainer.accumulate, "batches for each update");
    app.add_option("--label-smoothing", trainer.label_smoothing);
    app.add_option("--ema", trainer.ema_decay);
    app.add_option("--seed", seed);
    app.add_option("--threads", threads);
  }
};

/// Writes normalised images as the bytes that they come from.
class BatchFile {
 public:
  BatchFile(const std::string& path, const Normalize& normalize)
      : path_(path), normalize_(normalize), table_(normalize, image.c), file_(path, std::ios::binary) {}

  /// Throws Error for a value that is not exactly that of a byte.
  void write(const HostBatch& batch) {
    constexpr std::size_t pixels = image.h * image.w;
    std::vector<char> record(1 + image.size());
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      record[0] = static_cast<char>(batch.labels[i]);
      for (std::size_t p = 0; p < pixels; ++p)
        for (std::size_t c = 0; c < image.c; ++c)
          record[1 + c * pixels + p] = static_cast<char>(byte_of(c, batch.images[i * image.size() + p * image.c + c]));
      file_.write(record.data(), static_cast<std::streamsize>(record.size()));
    }
    if (!file_) throw Error(path_ + ": expected to write " + std::to_string(batch.n) + " images, found an error");
  }

 private:
  std::uint8_t byte_of(std::size_t c, float value) const {
    const auto byte =
        static_cast<std::uint8_t>(std::lround((double{value} * normalize_.std[c] + normalize_.mean[c]) * 255));
    if (table_(c, byte) != value)
      throw Error(path_ + ": expected the normalised value of a byte, found " + std::to_string(value));
    return byte;
  }

  std::string path_;
  Normalize normalize_;
  NormalizeTable table_;
  std::ofstream file_;
};

double accuracy(Context<Cpu>& ctx, const Net& net, DataLoader& loader) {
  return evaluate<image>(ctx, net, loader).metrics.accuracy();
}

void run(const Options& o) {
  std::filesystem::create_directories(o.out);
  const std::string out = o.out + "/";
  const Dataset train = load_cifar10_file(o.train).first(o.images),
                test = load_cifar10_file(o.test).first(o.test_images), quick = test.first(o.quick_test);
  const Normalize normalize = cifar10_normalize();
  DataLoader loader(
      train,
      {.batch_size = o.batch_size, .shuffle = true, .seed = o.seed, .augment = cifar_augment, .normalize = normalize});
  DataLoader quick_loader(quick, {.normalize = normalize}), test_loader(test, {.normalize = normalize});

  Context<Cpu> ctx(o.threads);
  const Rule rule = o.optimizer == "adam" ? Rule{Adam{}} : Rule{Sgd{.momentum = 0.9, .nesterov = true}};
  Schedule schedule{CosineLr{}, o.lr, std::int64_t{o.epochs} * loader.batches()};
  if (o.schedule == "onecycle") schedule.rule = OneCycleLr{};
  const auto trainer =
      std::make_unique<Trainer<Net, image>>(ctx, Optimizer<Net>(rule, {.weight = o.weight_decay}), schedule, o.trainer);
  initialize(ctx, trainer->model, {.seed = o.seed});
  save_weights(out + "initial.safetensors", trainer->model);

  auto batches = std::make_unique<BatchFile>(out + "batches.bin", normalize);
  nlohmann::json result{{"loss", nlohmann::json::array()},
                        {"lr", nlohmann::json::array()},
                        {"train", nlohmann::json::array()},
                        {"quick", nlohmann::json::array()}};
  while (trainer->steps() < schedule.total_steps) {
    double loss_sum = 0;
    for (const HostBatch& batch : trainer->rest_of_epoch(loader)) {
      batches->write(batch);
      result["lr"].push_back(trainer->learning_rate());
      trainer->step(batch);
      result["loss"].push_back((trainer->epoch_so_far().loss_sum - loss_sum) / batch.n);
      loss_sum = trainer->epoch_so_far().loss_sum;
    }
    result["train"].push_back(trainer->epoch_so_far().accuracy());
    result["quick"].push_back(accuracy(ctx, trainer->model, quick_loader));
  }
  batches.reset();
  save_weights(out + "final.safetensors", trainer->model);
  save_weights(out + "averaged.safetensors", trainer->averaged());
  result["test"] = accuracy(ctx, trainer->model, test_loader);
  result["test_averaged"] = accuracy(ctx, trainer->averaged(), test_loader);
  std::ofstream(out + "result.json") << result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains a narrow ResNet-18 and writes down what PyTorch needs to do the same.");
  Options options(app);
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
