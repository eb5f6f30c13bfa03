// SPDX-License-Identifier: MIT
// Compares what a program expects with what a file holds, all of it, before anything is changed.
#pragma once

#include <resnet/io/safetensors.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

inline constexpr std::int64_t largest_count = std::int64_t{1} << 53;  // nothing that counts from here overflows

class StateLoader {
 public:
  /// Something to be filled from a file.
  struct Target {
    Dimensions shape;
    Dtype type;  // of its values: i64 is a count, from an integer type; a floating-point type takes all types
    /// Converts the values and returns what puts them in place, which may not throw.
    std::function<std::function<void()>(const StoredTensor&)> prepare;
    bool zero_if_missing = false;
  };

  /// `file` has to outlive the loader, which takes the tensors out of it; `path` is for the message. Tensors
  /// of the file whose names don't begin with `scope` are left alone.
  StateLoader(std::string path, SafeTensors& file, std::string scope = "")
      : path_(std::move(path)), file_(file), scope_(std::move(scope)) {}

  /// Leaves alone what begins with `prefix`, expected or in the file, which has to be something; call it before
  /// `expect`.
  void skip(std::string prefix) { skipped_.emplace(std::move(prefix), false); }

  void expect(const std::string& name, Target target);

  /// An expected count has to be this number, which something else in the file says.
  void expect_count(const std::string& name, std::int64_t number);

  /// Fills everything; or, if something doesn't fit, throws one Error that lists it, the first ten of what
  /// was expected and of what was not, and fills nothing.
  void finish();

 private:
  static std::string problem_of(const std::string& name, const StoredTensor& found, const Target& target);

  static std::string first_ten(const std::vector<std::string>& problems);

  std::string in_scope(const std::string& name) const;

  bool is_skipped(const std::string& name);

  std::string path_;
  SafeTensors& file_;
  std::string scope_;
  std::map<std::string, bool> skipped_;  // prefixes, and whether anything begins so
  std::set<std::string> expected_, missing_;
  std::vector<std::string> unfit_;  // what is wrong with the expected ones
  std::vector<std::pair<StoredTensor*, std::function<std::function<void()>(const StoredTensor&)>>> found_;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>
#include <resnet/io/rename.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet {

RESNET_ONCE void StateLoader::expect(const std::string& name, Target target) {
  if (is_skipped(name)) return;
  if (!expected_.insert(name).second) throw Error(path_ + ": expected every name once, found twice: " + name);
  auto found = file_.tensors.find(name);
  if (found == file_.tensors.end()) missing_.insert(in_scope(name));
  if (found == file_.tensors.end() && target.zero_if_missing)
    found = file_.tensors.emplace(name, StoredTensor::of<std::int64_t>({}, {0})).first;
  if (found == file_.tensors.end()) {
    unfit_.push_back("missing: " + name + ", expected shape " + to_text(target.shape));
    return;
  }
  const std::string problem = problem_of(name, found->second, target);
  if (!problem.empty()) unfit_.push_back(problem);
  found_.emplace_back(&found->second, std::move(target.prepare));
}

RESNET_ONCE void StateLoader::expect_count(const std::string& name, std::int64_t number) {
  const auto found = file_.tensors.find(name);
  if (found == file_.tensors.end() || is_floating(found->second.dtype)) return;  // a problem of its own
  for (const std::int64_t count : found->second.values<std::int64_t>())
    if (count != number)
      unfit_.push_back("contradictory: " + name + ", expected " + std::to_string(number) +
                       " from the file's metadata, found " + std::to_string(count));
}

RESNET_ONCE void StateLoader::finish() {
  std::vector<std::string> not_expected, names;
  for (const auto& [name, tensor] : file_.tensors)
    if (name.starts_with(scope_) && !expected_.contains(name) && !is_skipped(name)) {
      not_expected.push_back("unexpected: " + name + ", found shape " + to_text(tensor.shape));
      names.push_back(in_scope(name));
    }
  for (const auto& [prefix, used] : skipped_)
    if (!used) not_expected.push_back("to be left out, but neither expected nor in the file: " + prefix + "…");
  if (const std::size_t problems = unfit_.size() + not_expected.size(); problems > 0) {
    std::string message = path_ + ": the file does not fit, nothing was loaded (" + std::to_string(problems) +
                          (problems == 1 ? " problem):" : " problems):") + first_ten(unfit_) + first_ten(not_expected);
    const std::string hint = rename_hint(names, missing_);
    throw Error(hint.empty() ? message : message + "\n  hint: " + hint);
  }
  std::vector<std::function<void()>> fills;
  for (auto& [tensor, prepare] : found_) {
    fills.push_back(prepare(*tensor));
    tensor->bytes = std::vector<std::byte>();  // its memory is needed for the next one
  }
  for (const auto& fill : fills) fill();
}

RESNET_ONCE std::string StateLoader::problem_of(const std::string& name, const StoredTensor& found,
                                                const Target& target) {
  const bool count = target.type == Dtype::i64;
  if (found.shape != target.shape)
    return "mis-shaped: " + name + ", expected shape " + to_text(target.shape) + ", found " + to_text(found.shape);
  if (count && is_floating(found.dtype))
    return "mistyped: " + name + ", expected an integer type, found " + std::string(dtype_info(found.dtype).name);
  if (count)
    for (const std::int64_t number : found.values<std::int64_t>())
      if (number < 0 || number > largest_count)
        return "out of range: " + name + ", expected a count from 0 to 2^53, found " + std::to_string(number);
  if (const std::string value = not_finite(found, target.type); !value.empty())
    return "not finite: " + name + ", expected finite values of type " + std::string(dtype_info(target.type).name) +
           ", found " + value;
  return "";
}

RESNET_ONCE std::string StateLoader::first_ten(const std::vector<std::string>& problems) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(problems.size(), 10); ++i) text += "\n  " + problems[i];
  if (problems.size() > 10) text += "\n  … and " + std::to_string(problems.size() - 10) + " more";
  return text;
}

RESNET_ONCE std::string StateLoader::in_scope(const std::string& name) const {
  return name.starts_with(scope_) ? name.substr(scope_.size()) : name;
}

RESNET_ONCE bool StateLoader::is_skipped(const std::string& name) {
  bool skipped = false;
  for (auto& [prefix, used] : skipped_)
    if (name.starts_with(prefix)) used = skipped = true;
  return skipped;
}

}  // namespace resnet

#endif  // RESNET_BODIES
