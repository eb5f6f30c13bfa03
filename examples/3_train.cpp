// SPDX-License-Identifier: MIT
// Trains a network; --help lists the options. What a run leaves in its folder is told in support/training_run.hpp,
// which also has the loop; 2_training_loop shows it without checkpoints, log and report.
#include "support/program.hpp"
#include "support/training_run.hpp"

int main(int argc, char** argv) {
  TrainOptions options;
  CLI::App app("Trains a network.");
  options.add_to(app);
  return run_program(app, argc, argv, [&] { return train(options); });
}
