// SPDX-License-Identifier: MIT
// Runs of train as a page for people: one folder becomes <folder>/report.html, several a comparison.
#include <filesystem>

#include "support/program.hpp"
#include "support/report/report.hpp"
#include "support/text_file.hpp"

int main(int argc, char** argv) {
  std::vector<std::string> folders;
  std::string output;
  CLI::App app("Writes a page about one run of train, or one that compares several.");
  add_option(app, "folders", folders, "of the runs")->required();
  add_option(app, "-o,--output", output, "without it <folder>/report.html of one run, else comparison.html");
  return run_program(app, argc, argv, [&] {
    std::vector<Run> runs;
    for (const std::string& folder : folders) runs.push_back(read_run(folder));
    if (output.empty())
      output = runs.size() == 1 ? std::filesystem::path(folders[0]) / "report.html" : "comparison.html";
    write_text(output, runs.size() == 1 ? render_report(runs[0]) : render_comparison(runs));
    fmt::print("{}\n", output);
    return 0;
  });
}
