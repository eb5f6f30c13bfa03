// SPDX-License-Identifier: MIT
// Configuration files: lines `option = value` in TOML, without its tables.
//
//   # a comment
//   model = "resnet18"
//   milestones = [60, 120]
//   nesterov = true
#pragma once

#include <CLI/CLI.hpp>

#include <istream>
#include <string>
#include <string_view>
#include <vector>

/// A line of the file; `values` has one text for each element of a list.
struct ConfigLine {
  std::string key;
  std::vector<std::string> values;
};

/// Throws Error, with `file` and the number of the line, for what is no such line and for a key that comes twice.
std::vector<ConfigLine> parse_config(const std::string& file, std::string_view text);

/// The text in quotes, for a configuration file.
std::string toml_text(std::string_view text);

/// Makes --config of a program read such a file.
void add_config_option(CLI::App& app, const std::string& help);
