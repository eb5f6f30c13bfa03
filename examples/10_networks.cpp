// SPDX-License-Identifier: MIT
// The networks that the programs know, as a table: parameters, multiply-accumulates of an image and, with --time, images
// per second in training and inference on this machine.
#include <resnet/data/synthetic.hpp>

#include <algorithm>

#include "support/network.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace resnet;

struct Options {
  std::vector<std::string> names;
  bool time = false;
  int batch_size = 64, threads = 0, rounds = 3;
  double seconds = 2;
};

/// Images per second of `work`, which takes a batch: the median of the rounds.
double images_per_second(const Options& o, auto&& work) {
  std::vector<double> speeds;
  work();  // takes memory
  for (int round = 0; round < o.rounds; ++round) {
    const Stopwatch watch;
    int batches = 0;
    while (batches == 0 || watch.seconds() < o.seconds) work(), ++batches;
    speeds.push_back(batches * o.batch_size / watch.seconds());
  }
  std::sort(speeds.begin(), speeds.end());
  return speeds[speeds.size() / 2];
}

int run(const Options& o) {
  fmt::print("| network | for --model | classes | parameters | MACs |{}\n",
             o.time ? " training, images/s | inference, images/s |" : "");
  fmt::print("| --- | --- | --- | --- | --- |{}\n", o.time ? " --- | --- |" : "");
  const Dataset images = make_synthetic(o.batch_size, 1, 1).train;
  DataLoader loader(images, {.batch_size = o.batch_size});
  for (const Architecture& a : architectures()) {
    if (!o.names.empty() && std::find(o.names.begin(), o.names.end(), a.name) == o.names.end()) continue;
    fmt::print("| {} | `{}` | {} | {} | {} |", a.title, a.name, a.classes,
               grouped(static_cast<std::int64_t>(a.parameters)), grouped(a.macs()));
    if (o.time && a.classes >= images.classes()) {
      const TrainingSetup setup{.threads = o.threads, .rule = Sgd{0.9}, .schedule = {ConstantLr{}, 1e-4, 1}};
      const auto training = a.training(setup);
      training->initialize();
      const HostBatch batch = *loader.epoch(0).begin();
      const double trained = images_per_second(o, [&] { training->step(batch); });
      const double inferred = images_per_second(o, [&] { training->current().probabilities(batch.images); });
      fmt::print(" {:.0f} | {:.0f} |", trained, inferred);
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
  return 0;
}

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Lists the networks of the programs.");
  app.option_defaults()->always_capture_default();
  add_option(app, "names", o.names, "only these", CLI::IsMember(architecture_names()));
  add_flag(app, "--time", o.time, "measure training and inference");
  add_option(app, "--batch-size", o.batch_size, "", CLI::PositiveNumber);
  add_option(app, "--threads", o.threads, "0: all", thread_count);
  add_option(app, "--rounds", o.rounds, "measurements, whose median counts", CLI::PositiveNumber);
  add_option(app, "--seconds", o.seconds, "of each", CLI::PositiveNumber);
  return run_program(app, argc, argv, [&] { return run(o); });
}
