// SPDX-License-Identifier: MIT
// The data sets that the programs know.
#pragma once

#include <resnet/data/cifar.hpp>
#include <resnet/data/synthetic.hpp>

#include <string>

struct DataOptions {
  std::string name = "synthetic";  // synthetic, cifar10 or cifar100
  std::string dir;
  int train_images = 0, test_images = 0;  // the first so many; 0: all
};

inline constexpr int default_train_images = 20'000, default_test_images = 2'000;  // of the synthetic data
inline constexpr int synthetic_seed = 1;  // the same images for every run and program

inline resnet::TrainTest load_data(const DataOptions& o) {
  if (o.name == "synthetic")
    return resnet::make_synthetic(o.train_images ? o.train_images : default_train_images,
                                  o.test_images ? o.test_images : default_test_images, synthetic_seed);
  if (o.dir.empty()) throw resnet::Error("--data " + o.name + " needs --data-dir, the folder of its binary files");
  resnet::TrainTest data = o.name == "cifar10" ? resnet::load_cifar10(o.dir) : resnet::load_cifar100(o.dir);
  if (o.train_images) data.train = data.train.first(o.train_images);
  if (o.test_images) data.test = data.test.first(o.test_images);
  return data;
}
