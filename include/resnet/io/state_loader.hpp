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

#ifndef RESNET_COMPILED
#include <resnet/io/bodies/state_loader.hpp>
#endif
