// SPDX-License-Identifier: MIT
// What a file of weights says about itself in its metadata, so that evaluate and classify need nothing but the file.
#pragma once

#include <resnet/data/augment.hpp>
#include <resnet/io/checkpoint.hpp>

#include <fmt/core.h>

#include <sstream>
#include <string>
#include <vector>

#include "network.hpp"

inline std::string join(const auto& items) {
  std::string text;
  for (const auto& item : items) text += fmt::format("{}{}", text.empty() ? "" : ",", item);
  return text;
}

struct ModelCard {
  std::string data;  // synthetic, cifar10 or cifar100
  std::string model = "resnet18";
  std::vector<std::string> class_names;
  resnet::Normalize normalize;

  const Architecture& architecture() const { return find_architecture(model, static_cast<int>(class_names.size())); }

  resnet::Metadata metadata() const {
    resnet::Metadata m{{"data", data}, {"model", model}};
    m["class_names"] = join(class_names);
    for (std::size_t c = 0; c < normalize.mean.size(); ++c) {
      m["normalize_mean_" + std::to_string(c)] = resnet::to_metadata(normalize.mean[c]);
      m["normalize_std_" + std::to_string(c)] = resnet::to_metadata(normalize.std[c]);
    }
    return m;
  }
};

/// Reads the card of a file of weights or a checkpoint; throws Error if there is none.
inline ModelCard read_card(const std::string& path) {
  const resnet::Metadata m = resnet::read_safetensors(path).metadata;
  const auto text = [&](const char* key) {
    if (!m.contains(key))
      throw resnet::Error(fmt::format("{}: expected metadata \"{}\", as train writes it, found none", path, key));
    return m.at(key);
  };
  ModelCard card{text("data"), text("model"), {}, {}};
  std::istringstream names(text("class_names"));
  for (std::string name; std::getline(names, name, ',');) card.class_names.push_back(name);
  for (int c = 0; c < 3; ++c) {
    card.normalize.mean.push_back(resnet::from_metadata<double>(path, m, "normalize_mean_" + std::to_string(c)));
    card.normalize.std.push_back(resnet::from_metadata<double>(path, m, "normalize_std_" + std::to_string(c)));
  }
  return card;
}
