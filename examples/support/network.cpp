// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace {

std::vector<Architecture>& list() {
  static std::vector<Architecture> all;  // exists before the first of them is registered
  return all;
}

}  // namespace

const std::vector<Architecture>& architectures() { return list(); }

bool register_architecture(Architecture architecture) {
  const auto before = [](const Architecture& a, const Architecture& b) {
    return std::tie(a.name, a.classes) < std::tie(b.name, b.classes);
  };
  list().insert(std::upper_bound(list().begin(), list().end(), architecture, before), std::move(architecture));
  return true;
}

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const Architecture& a : list())
    if (names.empty() || names.back() != a.name) names.push_back(a.name);
  return names;
}

const Architecture& find_architecture(const std::string& name, int classes) {
  std::string there;
  for (const Architecture& a : list()) {
    if (a.name == name && a.classes == classes) return a;
    there += fmt::format("{}{} ({})", there.empty() ? "" : ", ", a.name, a.classes);
  }
  throw resnet::Error(
      fmt::format("no network '{}' for {} classes; there are, with their classes, {}", name, classes, there));
}
