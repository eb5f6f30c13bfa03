// SPDX-License-Identifier: MIT
// A configuration file, as train reads it and as report does. A wrong option is CLI11's error, which
// run_program turns into a line and an exit status.
#include "examples/support/report/report.hpp"
#include "examples/support/train_options.hpp"
#include "target.hpp"

namespace {

/// A network to name: nothing of it is ever called.
const bool registered = register_architecture({.name = "resnet18",
                                               .title = "",
                                               .classes = 10,
                                               .parameters = 0,
                                               .macs = {},
                                               .summary = {},
                                               .network = {},
                                               .training = {}});

TrainOptions read(const std::string& path) {
  TrainOptions options;
  CLI::App app;
  options.add_to(app);
  try {
    app.parse(std::vector<std::string>{path, "--config"});  // in reverse, as CLI11 wants it
  } catch (const CLI::ParseError& e) {
    throw resnet::Error(e.what());
  }
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file("config.toml", data, size);
  fuzz::read_or_refuse([&] { render_report(read_run(fuzz::folder())); });
  fuzz::read_or_refuse([&] {
    const TrainOptions options = read(path);
    options.augment();
    options.fine_tuning();
    const TrainingSetup setup = options.setup(100);
    for (const std::int64_t step : {std::int64_t{0}, setup.schedule.total_steps / 2, setup.schedule.total_steps - 1})
      setup.schedule(step);
    const std::string written = options.to_toml();
    fuzz::file("again.toml", reinterpret_cast<const std::uint8_t*>(written.data()), written.size());
    fuzz::require(read(fuzz::folder() / "again.toml").to_toml() == written, "a configuration that is written is read");
  });
  return 0;
}
