// SPDX-License-Identifier: MIT
// results.json of a run's folder, and the pages that are made of it.
#include "examples/support/report/report.hpp"
#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::file("results.json", data, size);
  fuzz::read_or_refuse([&] {
    const Run run = read_run(fuzz::folder());
    render_report(run);
    render_comparison(std::vector{run, run});
  });
  return 0;
}
