// SPDX-License-Identifier: MIT
// Options, read strictly: the whole text is a value of the option's type, finite and in range, or it is refused with the
// option's name, on the command line and in configuration files alike. Every program makes its options here.
#pragma once

#include <resnet/core/context.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

/// Puts what the text says into `value`. Returns what is wrong with it, or nothing.
template <class T>
std::string read_value(std::string_view text, T& value) {
  const auto expected = [&](const std::string& what) { return fmt::format("expected {}, found \"{}\"", what, text); };
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "expected a text without control characters";
    return text.empty() ? "expected a text, found an empty one" : "";
  } else if constexpr (std::is_same_v<T, bool>) {
    value = text == "true";
    return value || text == "false" ? "" : expected("true or false");
  } else {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    const bool whole = error == std::errc() && rest == end;
    if constexpr (std::is_integral_v<T>) {
      using Limits = std::numeric_limits<T>;
      return whole ? "" : expected(fmt::format("a whole number from {} to {}", Limits::min(), Limits::max()));
    } else {
      return whole && std::isfinite(value) ? "" : expected("a finite number");
    }
  }
}

/// Of --threads.
inline const CLI::Validator thread_count = CLI::Range(0, resnet::max_context_threads);

namespace detail {

/// What an option's value consists of, and what separates its elements in one text: lists of options are written
/// 60,120; those without a name take a text for each.
template <class T>
struct Values {
  using Element = T;
  static constexpr bool list = false;
};
template <class T>
struct Values<std::vector<T>> {
  using Element = T;
  static constexpr bool list = true;
};

inline std::vector<std::string> parts(const std::string& text, bool split) {
  if (!split) return {text};
  std::vector<std::string> all{""};
  for (const char c : text)
    if (c == ',')
      all.emplace_back();
    else
      all.back() += c;
  return all;
}

/// The check, for each part of the text.
inline CLI::Validator each_part(CLI::Validator check, bool split) {
  CLI::Validator each = check;
  each.operation([=](std::string& text) {
    for (std::string& part : parts(text, split))
      if (std::string wrong = check(part); !wrong.empty()) return wrong;
    return std::string();
  });
  return each;
}

template <class T>
constexpr const char* type_name() {
  if constexpr (std::is_floating_point_v<T>) return "FLOAT";
  return std::is_same_v<T, std::string> ? "TEXT" : std::is_unsigned_v<T> ? "UINT" : "INT";
}

}  // namespace detail

/// An option that takes a value (or several, for a std::vector) and has to pass all checks.
template <class T>
CLI::Option* add_option(CLI::App& app, const std::string& names, T& value, const std::string& help,
                        const auto&... checks) {
  using Element = typename detail::Values<T>::Element;
  constexpr bool list = detail::Values<T>::list;
  const bool split = list && names.starts_with('-');
  const auto assign = [&value, split = split](const CLI::results_t& texts) {
    if constexpr (list) value.clear();
    for (const std::string& text : texts)
      for (const std::string& part : detail::parts(text, split)) {
        Element element{};
        if (!read_value(part, element).empty()) return false;
        if constexpr (list)
          value.push_back(std::move(element));
        else
          value = std::move(element);
      }
    return true;
  };
  const auto default_text = [&value] {
    if constexpr (list)
      return fmt::format("{}", fmt::join(value, ","));
    else
      return fmt::format("{}", value);
  };
  CLI::Option* const option = app.add_option(names, assign, help, false, default_text);
  option->type_name(detail::type_name<Element>())->expected(1);
  if (list) option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(!split);
  const auto read = [](std::string& text) {
    Element element{};
    return read_value(text, element);
  };
  option->check(detail::each_part(CLI::Validator(read, ""), split));
  (option->check(detail::each_part(checks, split)), ...);
  return option;
}

/// An option that is there or not.
inline CLI::Option* add_flag(CLI::App& app, const std::string& names, bool& value, const std::string& help) {
  const auto read = [](std::string& text) {
    bool flag = false;
    return read_value(text, flag);
  };
  return app.add_flag(names, value, help)->check(CLI::Validator(read, ""));
}
