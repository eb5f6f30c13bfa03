// SPDX-License-Identifier: MIT
// What all programs do with their options and errors.
#pragma once

#include <cstdio>
#include <exception>
#include <new>

#include "options.hpp"

/// Reads the options, then calls run() for the exit status. Prints an error as a line that begins with
/// "error:"; the status is 2 for wrong options and 1 for any other error.
template <class Run>
int run_program(CLI::App& app, int argc, char** argv, Run&& run) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help
    fmt::print(stderr, "error: {} (--help lists the options)\n", e.what());
    return 2;
  }
  try {
    return run();
  } catch (const std::bad_alloc&) {
    std::fflush(stdout);
    fmt::print(stderr, "error: expected more memory than this machine gives the program\n");
    return 1;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    fmt::print(stderr, "error: {}\n", e.what());
    return 1;
  }
}
