// SPDX-License-Identifier: MIT
// Trains every configuration with every seed and compares them:
//
//   experiments --dir results --seeds 1,2,3 configs/a.toml configs/b.toml -- --data-dir data --epochs 10
//
// Run <dir>/<configuration>/seed<k> is a folder as train leaves it. What is finished is not run again and what was
// interrupted goes on, so the same command may be repeated; more seeds or configurations may be added to it. After
// each run it writes table.md, table.csv and comparison.html to <dir>.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "support/program.hpp"
#include "support/report/html.hpp"
#include "support/report/report.hpp"
#include "support/text_file.hpp"
#include "support/training_run.hpp"

using namespace resnet;

struct Options {
  std::string dir = "experiments";
  std::vector<std::string> configs;
  std::vector<std::uint64_t> seeds{1, 2, 3};
};

/// One configuration: its name, and a run for each seed.
struct Experiment {
  std::string name;
  std::vector<TrainOptions> runs;
};

TrainOptions parse_run(const std::string& config, std::uint64_t seed, const std::string& run_dir,
                       std::vector<std::string> more) {
  TrainOptions o;
  CLI::App app;
  o.add_to(app);
  more.insert(more.end(), {"--config", config, "--seed", std::to_string(seed), "--run-dir", run_dir});
  std::reverse(more.begin(), more.end());  // CLI11 takes them from the end
  try {
    app.parse(more);
  } catch (const CLI::ParseError& e) {
    throw Error(config + ": " + e.what());
  }
  o.resume = std::filesystem::exists(run_dir + "/last.safetensors");
  return o;
}

bool finished(const TrainOptions& o) { return std::filesystem::exists(o.run_dir + "/results.json"); }

/// Throws Error if the folder's finished run had other options.
void require_same(const TrainOptions& o) {
  if (read_text(o.run_dir + "/config.toml") != o.to_toml())
    throw Error(o.run_dir + ": the finished run there had other options, see its config.toml: choose another --dir");
}

/// Mean and standard deviation (of a sample; 0 for one value).
struct Spread {
  std::size_t values;
  double mean = 0, deviation = 0;
  explicit Spread(const std::vector<double>& x) : values(x.size()) {
    const auto n = static_cast<double>(x.size());
    for (const double v : x) mean += v / n;
    for (const double v : x) deviation += (v - mean) * (v - mean);
    deviation = x.size() > 1 ? std::sqrt(deviation / (n - 1)) : 0;
  }
  /// One value has no deviation to tell.
  std::string text(int decimals) const {
    return values > 1 ? fmt::format("{:.{}f} ± {:.{}f}", mean, decimals, deviation, decimals)
                      : fmt::format("{:.{}f}", mean, decimals);
  }
};

/// Prints and writes what the finished runs have come to.
void write_tables(const Options& o, const std::vector<Experiment>& experiments) {
  std::string text =
      "| configuration | runs | test accuracy, % | test loss | parameters | MACs | time |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n";
  std::string csv = "configuration,runs,accuracy,accuracy_deviation,loss,loss_deviation,parameters,macs,seconds\n";
  std::vector<Run> all;
  for (const Experiment& e : experiments) {
    std::vector<double> accuracy, loss, seconds;
    std::int64_t parameters = 0, macs = 0;
    for (const TrainOptions& run : e.runs) {
      if (!finished(run)) continue;
      all.push_back(read_run(run.run_dir));
      const RunResults& r = *all.back().results;
      accuracy.push_back(100 * r.test.accuracy()), loss.push_back(r.test.loss), seconds.push_back(r.seconds);
      parameters = r.parameters, macs = r.macs;
    }
    if (accuracy.empty()) continue;
    const Spread a(accuracy), l(loss), s(seconds);
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", e.name, accuracy.size(), a.text(2), l.text(3),
                        grouped(parameters), grouped(macs), html::duration(s.mean));
    csv += fmt::format("{},{},{},{},{},{},{},{},{}\n", e.name, accuracy.size(), a.mean, a.deviation, l.mean,
                       l.deviation, parameters, macs, s.mean);
  }
  if (all.empty()) return;
  fmt::print("\n{}\n", text);
  std::fflush(stdout);
  write_text(o.dir + "/table.md", text);
  write_text(o.dir + "/table.csv", csv);
  write_text(o.dir + "/comparison.html", render_comparison(all));
}

/// Throws Error for what comes twice: its runs would share a folder and count twice.
void require_different(const char* what, auto values) {
  std::ranges::sort(values);
  if (const auto twice = std::ranges::adjacent_find(values); twice != values.end())
    throw Error(fmt::format("expected different {}, found {} twice", what, *twice));
}

int run(const Options& o, const std::vector<std::string>& more) {
  std::vector<Experiment> experiments;
  std::vector<std::string> names;
  for (const std::string& config : o.configs) names.push_back(std::filesystem::path(config).stem());
  require_different("names of configurations", names);
  require_different("seeds", o.seeds);
  for (const std::string& config : o.configs) {
    Experiment e{std::filesystem::path(config).stem(), {}};
    for (const std::uint64_t seed : o.seeds)
      e.runs.push_back(parse_run(config, seed, fmt::format("{}/{}/seed{}", o.dir, e.name, seed), more));
    experiments.push_back(std::move(e));
  }
  std::size_t left = 0, done = 0;
  for (const Experiment& e : experiments)
    for (const TrainOptions& run : e.runs) finished(run) ? require_same(run) : void(++left);
  // Seed by seed: a comparison of everything comes early, and gets firmer.
  for (std::size_t k = 0; k < o.seeds.size(); ++k)
    for (const Experiment& e : experiments) {
      if (finished(e.runs[k])) continue;
      fmt::print("run {} of {}: {}\n", ++done, left, e.runs[k].run_dir);
      if (const int status = train(e.runs[k]); status != 0) return status;
      write_tables(o, experiments);
    }
  if (left == 0) write_tables(o, experiments);
  return 0;
}

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Trains every configuration with every seed and compares them. Options after -- go to every run.");
  app.option_defaults()->always_capture_default();
  add_option(app, "configs", o.configs, "configuration files, as train --config reads them", CLI::ExistingFile)
      ->required();
  add_option(app, "--dir", o.dir, "folder of the runs and tables");
  add_option(app, "--seeds", o.seeds, "");
  // CLI11 would take what follows -- for more configurations.
  char** const end = argv + argc;
  char** const dashes = std::find(argv, end, std::string_view("--"));
  const std::vector<std::string> more(dashes == end ? end : dashes + 1, end);
  return run_program(app, static_cast<int>(dashes - argv), argv, [&] { return run(o, more); });
}
