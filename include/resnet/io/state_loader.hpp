// SPDX-License-Identifier: MIT
// Compares what a program expects with what a file holds, all of it, before anything is changed.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/io/safetensors.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

class StateLoader {
 public:
  /// Something to be filled from a file.
  struct Target {
    Dimensions shape;
    bool integer;  // true: the file must hold an integer type; false: any type will be converted
    std::function<void(const StoredTensor&)> fill;
  };

  /// `file` has to outlive the loader, `path` is for the message. Tensors of the file whose names don't begin
  /// with `scope` are left alone.
  StateLoader(std::string path, const SafeTensors& file, std::string scope = "")
      : path_(std::move(path)), file_(file), scope_(std::move(scope)) {}

  /// Leaves alone what begins with `prefix`, expected or in the file, which has to be something; call it before
  /// `expect`.
  void skip(std::string prefix) { skipped_.emplace(std::move(prefix), false); }

  void expect(const std::string& name, Target target) {
    if (is_skipped(name)) return;
    expected_.insert(name);
    const auto found = file_.tensors.find(name);
    if (found == file_.tensors.end()) {
      problems_.push_back("missing: " + name + ", expected shape " + to_text(target.shape));
    } else if (found->second.shape != target.shape) {
      problems_.push_back("mis-shaped: " + name + ", expected shape " + to_text(target.shape) + ", found " +
                          to_text(found->second.shape));
    } else if (target.integer && is_floating(found->second.dtype)) {
      problems_.push_back("mistyped: " + name + ", expected an integer type, found " +
                          std::string(dtype_info(found->second.dtype).name));
    } else {
      fills_.push_back([fill = std::move(target.fill), &from = found->second] { fill(from); });
    }
  }

  /// Fills everything; or, if something doesn't fit, throws one Error that lists all of it and fills nothing.
  void finish() {
    for (const auto& [name, tensor] : file_.tensors)
      if (name.starts_with(scope_) && !expected_.contains(name) && !is_skipped(name))
        problems_.push_back("unexpected: " + name + ", found shape " + to_text(tensor.shape));
    for (const auto& [prefix, used] : skipped_)
      if (!used) problems_.push_back("to be left out, but neither expected nor in the file: " + prefix + "…");
    if (!problems_.empty()) {
      std::string message = path_ + ": the file does not fit, nothing was loaded (" +
                            std::to_string(problems_.size()) +
                            (problems_.size() == 1 ? " problem):" : " problems):");
      for (const std::string& problem : problems_) message += "\n  " + problem;
      throw Error(message);
    }
    for (const auto& fill : fills_) fill();
  }

 private:
  bool is_skipped(const std::string& name) {
    bool skipped = false;
    for (auto& [prefix, used] : skipped_)
      if (name.starts_with(prefix)) used = skipped = true;
    return skipped;
  }

  std::string path_;
  const SafeTensors& file_;
  std::string scope_;
  std::map<std::string, bool> skipped_;  // prefixes, and whether anything begins so
  std::vector<std::string> problems_;
  std::set<std::string> expected_;
  std::vector<std::function<void()>> fills_;
};

}  // namespace resnet
