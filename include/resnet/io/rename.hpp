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

#ifndef RESNET_COMPILED
#include <resnet/io/bodies/rename.hpp>
#endif
