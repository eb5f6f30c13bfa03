// SPDX-License-Identifier: MIT
// Other programs' names of tensors.
#pragma once

#include <resnet/io/safetensors.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

/// Pairs (old, new): whole parts of a name with the dots after them, {"linear.", "fc."}.
using Renames = std::vector<std::pair<std::string, std::string>>;

/// What well-known programs write where torchvision's names are expected.
RESNET_ONCE Renames known_renames();

/// The name with each pair applied in turn, wherever the old part begins the name or follows a dot.
RESNET_ONCE std::string renamed(std::string name, const Renames& renames);

/// Those known pairs that turn unexpected names into missing ones, as the option that says so; empty if none
/// do.
RESNET_ONCE std::string rename_hint(const std::vector<std::string>& unexpected, const std::set<std::string>& missing);

/// Renames those tensors whose names begin with `prefix`, after it. Throws Error if a pair changes no name or
/// if two tensors get the same one; `path` is for the message.
RESNET_ONCE void rename_tensors(const std::string& path, SafeTensors& file, const std::string& prefix,
                                const Renames& renames);

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>

#include <cstddef>
#include <functional>
#include <map>

namespace resnet {

RESNET_ONCE Renames known_renames() {
  return {{"module.", ""},               // torch.nn.DataParallel and DistributedDataParallel
          {"shortcut.", "downsample."},  // github.com/kuangliu/pytorch-cifar
          {"linear.", "fc."}};
}

RESNET_ONCE std::string renamed(std::string name, const Renames& renames) {
  for (const auto& [from, to] : renames) {
    if (from.empty()) throw Error("rename: expected a part of a name to replace by \"" + to + "\", found none");
    for (std::size_t at = 0; (at = name.find(from, at)) != std::string::npos;)
      if (at == 0 || name[at - 1] == '.')
        name.replace(at, from.size(), to), at += to.size();
      else
        ++at;
  }
  return name;
}

RESNET_ONCE std::string rename_hint(const std::vector<std::string>& unexpected, const std::set<std::string>& missing) {
  Renames used;
  for (const auto& pair : known_renames())
    for (const std::string& name : unexpected)
      if (renamed(name, {pair}) != name) {
        used.push_back(pair);
        break;
      }
  std::size_t fitting = 0;
  for (const std::string& name : unexpected) fitting += missing.contains(renamed(name, used));
  if (fitting == 0) return "";
  std::string hint;
  for (const auto& [from, to] : used) hint += (hint.empty() ? "" : ", ") + ("{\"" + from + "\", \"" + to + "\"}");
  return std::to_string(fitting) + " of the unexpected names are missing ones after LoadOptions{.rename = {" + hint +
         "}}";
}

RESNET_ONCE void rename_tensors(const std::string& path, SafeTensors& file, const std::string& prefix,
                                const Renames& renames) {
  std::map<std::string, StoredTensor, std::less<>> tensors;
  std::set<std::string> unused;
  for (const auto& [from, to] : renames) unused.insert(from);
  while (!file.tensors.empty()) {
    auto node = file.tensors.extract(file.tensors.begin());
    std::string& name = node.key();
    if (name.starts_with(prefix)) {
      std::string rest = name.substr(prefix.size());
      for (const auto& pair : renames) {
        std::string next = renamed(rest, {pair});
        if (next != rest) unused.erase(pair.first);
        rest = std::move(next);
      }
      name = prefix + rest;
    }
    if (const auto done = tensors.insert(std::move(node)); !done.inserted)
      throw Error(path + ": rename: expected every name once, found it twice: " + done.node.key());
  }
  file.tensors = std::move(tensors);
  if (!unused.empty())
    throw Error(path + ": rename: expected a part of a name in the file, found \"" + *unused.begin() + '"');
}

}  // namespace resnet

#endif  // RESNET_BODIES
