// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <sstream>

#include "../config_file.hpp"
#include "../text_file.hpp"

using resnet::Error;
namespace fs = std::filesystem;

namespace {

auto read_config(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> config;
  for (const ConfigLine& line : parse_config(path, read_text(path)))
    config.emplace_back(line.key, fmt::format("{}", fmt::join(line.values, ", ")));
  return config;
}

std::vector<std::string> split_at_commas(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  return fields;
}

/// A row of a CSV file: fields by the names of their columns.
class CsvRow {
 public:
  CsvRow(std::string place, const std::vector<std::string>& header, const std::string& line)
      : place_(std::move(place)) {
    const auto fields = split_at_commas(line);
    if (fields.size() != header.size())
      throw Error(fmt::format("{}: expected {} fields, found {}", place_, header.size(), fields.size()));
    for (std::size_t i = 0; i < header.size(); ++i) fields_[header[i]] = fields[i];
  }

  const std::string& text(const std::string& column) const {
    const auto found = fields_.find(column);
    if (found == fields_.end()) throw Error(fmt::format("{}: expected a column \"{}\", found none", place_, column));
    return found->second;
  }
  template <class T>
  T number(const std::string& column) const {
    const std::string& field = text(column);
    T value{};
    const char* const end = field.data() + field.size();
    if (const auto [rest, error] = std::from_chars(field.data(), end, value); error != std::errc{} || rest != end)
      throw Error(fmt::format("{}: {}: expected a number, found \"{}\"", place_, column, field));
    return value;
  }

 private:
  std::string place_;
  std::map<std::string, std::string> fields_;
};

std::vector<EpochRow> read_log(const std::string& path) {
  std::istringstream in(read_text(path));
  std::string line;
  std::getline(in, line);
  const auto header = split_at_commas(line);
  std::vector<EpochRow> rows;
  for (int number = 2; std::getline(in, line); ++number) {
    const CsvRow row(fmt::format("{}: line {}", path, number), header, line);
    const auto real = [&](const char* column) { return row.number<double>(column); };
    rows.push_back({row.number<int>("epoch"), row.number<std::int64_t>("step"), real("lr"), real("train_loss"),
                    real("train_accuracy"), row.text("held_out"), real("loss"), real("accuracy"),
                    real("images_per_second"), real("seconds"), real("memory_mb")});
  }
  return rows;
}

}  // namespace

std::string Run::name() const { return fs::weakly_canonical(folder).filename().string(); }

std::string Run::option(const std::string& key) const {
  const auto found = std::ranges::find(config, key, [](const auto& item) { return item.first; });
  return found == config.end() ? "" : found->second;
}

Run read_run(const std::string& folder) {
  if (!fs::is_directory(folder))
    throw Error(folder + ": expected the folder of a run, found " + (fs::exists(folder) ? "a file" : "nothing"));
  const std::string config = folder + "/config.toml", log = folder + "/log.csv", results = folder + "/results.json";
  if (!fs::exists(config) && !fs::exists(log) && !fs::exists(results))
    throw Error(folder + ": expected config.toml, log.csv or results.json, as train writes them, found none");
  Run run{folder, {}, {}, {}};
  if (fs::exists(config)) run.config = read_config(config);
  if (fs::exists(log)) run.log = read_log(log);
  if (fs::exists(results)) run.results = read_results(results);
  return run;
}
