// SPDX-License-Identifier: MIT
// What a file of weights says about itself in its metadata, and the networks that the programs know: so that
// evaluate and classify need nothing but the file.
#pragma once

#include <resnet/data/augment.hpp>
#include <resnet/io/checkpoint.hpp>
#include <resnet/resnet18.hpp>

#include <fmt/core.h>

#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

inline std::string join(const auto& items) {
  std::string text;
  for (const auto& item : items) text += fmt::format("{}{}", text.empty() ? "" : ",", item);
  return text;
}

struct ModelCard {
  std::string data;  // synthetic, cifar10 or cifar100
  std::string form = "cifar";
  int width = 64;
  std::vector<std::string> class_names;
  resnet::Normalize normalize;

  resnet::Metadata metadata() const {
    resnet::Metadata m{{"data", data}, {"form", form}, {"width", std::to_string(width)}};
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
      throw resnet::Error(
          fmt::format("{}: expected metadata \"{}\", as train writes it, found none", path, key));
    return m.at(key);
  };
  ModelCard card{text("data"), text("form"), resnet::from_metadata<int>(path, m, "width"), {}, {}};
  std::istringstream names(text("class_names"));
  for (std::string name; std::getline(names, name, ',');) card.class_names.push_back(name);
  for (int c = 0; c < 3; ++c) {
    card.normalize.mean.push_back(
        resnet::from_metadata<double>(path, m, "normalize_mean_" + std::to_string(c)));
    card.normalize.std.push_back(
        resnet::from_metadata<double>(path, m, "normalize_std_" + std::to_string(c)));
  }
  return card;
}

/// Calls run(std::type_identity<Model>) for the card's network. Each line costs some seconds of compile time.
template <class Run> int with_model(const ModelCard& card, Run&& run) {
  const auto is = [&](const char* form, int width, std::size_t classes) {
    return card.form == form && card.width == width && card.class_names.size() == classes;
  };
  if (is("cifar", 64, 10)) return run(std::type_identity<resnet::ResNet18<10>>{});
  if (is("cifar", 64, 100)) return run(std::type_identity<resnet::ResNet18<100>>{});
  if (is("cifar", 16, 10)) return run(std::type_identity<resnet::NarrowResNet18<16, 10>>{});
  if (is("imagenet", 64, 10)) return run(std::type_identity<resnet::ResNet18ImageNet<10>>{});
  throw resnet::Error(
      fmt::format("no such network here: form {}, width {}, {} classes; there are form cifar with "
                  "width 64 (10 or 100 classes) or 16 (10 classes), and form imagenet with width 64 "
                  "(10 classes)",
                  card.form, card.width, card.class_names.size()));
}
