// SPDX-License-Identifier: MIT
#include "config_file.hpp"

#include <resnet/core/error.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <set>

namespace {

/// Reads a line from its begin to its end.
class LineReader {
 public:
  LineReader(std::string place, std::string_view line) : place_(std::move(place)), rest_(line) { skip_blanks(); }

  [[noreturn]] void fail(const std::string& expected) const {
    throw resnet::Error(fmt::format("{}: expected {}, found {}", place_, expected,
                                    at_end() ? "the end of the line" : fmt::format("\"{}\"", rest_)));
  }

  bool at_end() const { return rest_.empty() || rest_[0] == '#'; }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }
  /// Of letters, digits and the signs of numbers.
  std::string word(const char* expected) {
    std::size_t size = 0;
    while (size < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[size])) ||
                                   std::string_view("-_+.").find(rest_[size]) != std::string_view::npos))
      ++size;
    if (size == 0) fail(expected);
    const std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    skip_blanks();
    return word;
  }
  std::string value() {
    if (rest_.empty() || rest_[0] != '"') return word("a number, true, false, or a text in quotes");
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        skip_blanks();
        return text;
      }
      if (rest_[i] == '\\' && (++i == rest_.size() || (rest_[i] != '"' && rest_[i] != '\\')))
        fail("no escapes in quotes but \\\" and \\\\");
      text += rest_[i];
    }
    fail("a quote at the end of the text");
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) rest_.remove_prefix(1);
  }

  std::string place_;
  std::string_view rest_;
};

ConfigLine parse_line(LineReader& line) {
  ConfigLine result{line.word("option = value"), {}};
  if (!line.take('=')) line.fail("= after \"" + result.key + "\"");
  if (line.take('[')) {
    do result.values.push_back(line.value());
    while (line.take(','));
    if (!line.take(']')) line.fail("a comma or ] in the list");
  } else {
    result.values.push_back(line.value());
  }
  if (!line.at_end()) line.fail("nothing after the value of \"" + result.key + "\"");
  return result;
}

/// For CLI11.
class ConfigFile : public CLI::Config {
 public:
  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return ""; }
  std::vector<CLI::ConfigItem> from_config(std::istream& in) const override {
    std::vector<CLI::ConfigItem> items;
    try {
      for (ConfigLine& line : parse_config("--config", std::string(std::istreambuf_iterator<char>(in), {})))
        items.push_back({{}, std::move(line.key), std::move(line.values)});
    } catch (const resnet::Error& e) {
      throw CLI::ConfigError(e.what(), CLI::ExitCodes::ConfigError);
    }
    return items;
  }
};

}  // namespace

std::vector<ConfigLine> parse_config(const std::string& file, std::string_view text) {
  std::vector<ConfigLine> lines;
  std::set<std::string> keys;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string place = fmt::format("{}: line {}", file, number);
    LineReader line(place, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.at_end()) continue;
    lines.push_back(parse_line(line));
    if (!keys.insert(lines.back().key).second)
      throw resnet::Error(fmt::format("{}: expected each option once, found \"{}\" again", place, lines.back().key));
  }
  return lines;
}

std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result + '"';
}

void add_config_option(CLI::App& app, const std::string& help) {
  const auto regular = [](std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored) ? std::string()
                                                           : "expected a file, found none at \"" + path + '"';
  };
  app.set_config("--config", "", help)->check(CLI::Validator(regular, ""));
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.config_formatter(std::make_shared<ConfigFile>());
}
