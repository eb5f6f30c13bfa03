// SPDX-License-Identifier: MIT
// What a finished training run leaves in results.json: what its network is, and how good on the test images.
//
//   TestResults test = collect_test_results(data.test, normalize, probabilities_of);
//   write_results("run/results.json", {.architecture = "ResNet-18", …, .test = std::move(test)});
#pragma once

#include <resnet/core/visit.hpp>
#include <resnet/data/augment.hpp>
#include <resnet/summary.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// An image that was given a wrong class.
struct WrongImage {
  int index = 0;  // in the test data
  int label = 0, predicted = 0;
  double probability = 0, label_probability = 0;  // given to the predicted and to the true class
  std::string png;                                // base64
};

struct TestResults {
  double loss = 0;                          // mean cross-entropy
  std::vector<std::vector<int>> confusion;  // images by [true class][predicted class]
  std::vector<WrongImage> most_wrong;       // the largest probability of a wrong class first

  int images() const;
  int correct() const;
  double accuracy() const;  // in [0, 1]; 0 without images
};

/// The first layer's weights, (out, kernel, kernel, in); empty if it is no small convolution.
struct Filters {
  int out = 0, kernel = 0, in = 0;
  std::vector<float> weights;
};

struct RunResults {
  std::string architecture, data;
  std::vector<std::string> class_names;
  std::int64_t parameters = 0, macs = 0;  // MACs of one image
  std::vector<resnet::LayerSummary> summary;
  std::uint64_t seed = 0;
  int epochs = 0;
  bool finished = false;  // all epochs that were asked for
  double seconds = 0, peak_memory_mb = 0;
  TestResults test;
  Filters first_layer;
};

/// Probabilities (n, classes) for n normalised images (n, h, w, c).
using ProbabilitiesOf = std::function<std::vector<float>(std::span<const float> images)>;

/// Runs the network over all test images. Throws Error for probabilities that are not finite or of another number.
TestResults collect_test_results(const resnet::Dataset& test, const resnet::Normalize& normalize,
                                 const ProbabilitiesOf& probabilities_of, int batch_size = 128, int most_wrong = 25);

/// Throws Error for numbers that are not finite, and if the file can't be written.
void write_results(const std::string& path, const RunResults& results);

/// Throws Error if the file is damaged or says what can't be.
RunResults read_results(const std::string& path);

/// The weights of a model in host memory, if its first tensor is a convolution of few channels.
template <class Model>
Filters first_filters(const Model& model) {
  Filters filters;
  bool first = true;
  resnet::for_each_parameter(
      [&](std::string_view, resnet::Role, const auto& weight) {
        const auto dims = weight.dims();
        if (first && dims.size() == 4 && dims[1] > 1 && dims[3] <= 4)
          filters = {dims[0], dims[1], dims[3], {weight.data(), weight.data() + weight.size()}};
        first = false;
      },
      model);
  return filters;
}
