// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/fit.hpp>

#include <limits>
#include <vector>

using namespace resnet;

namespace {

constexpr NetworkShape network{{3, 48, 40}, 10};

/// Three images that fit; spans into vectors that a test spoils.
struct Images {
  std::vector<float> pixels = std::vector<float>(3 * network.image.size(), 0.5f);
  std::vector<std::int32_t> labels{0, 9, 5}, mixed{1, 2, 3}, indices{70, 80, 90};
  HostBatch batch() const {
    return {.n = 3,
            .images = pixels,
            .labels = labels,
            .indices = indices,
            .mixed_labels = mixed,
            .mix = 0.25,
            .shape = network.image,
            .classes = 10};
  }
};

void check_refused(const HostBatch& batch, const char* message) {
  CHECK_THROWS_WITH_AS(require_fit("step", batch, network), doctest::Contains(message), Error);
}

}  // namespace

TEST_CASE("require_fit: a data set for another network is refused, and both are named") {
  const auto data = [](Shape shape, int classes) {
    return Dataset{shape, std::vector<std::string>(static_cast<std::size_t>(classes)), {}, {}};
  };
  require_fit("evaluate", data({3, 48, 40}, 10), network);
  CHECK_THROWS_WITH_AS(require_fit("evaluate", data({3, 96, 80}, 10), network),
                       "evaluate: the data set's images are 96x80 (height x width) of 3 channels, the network was made "
                       "for 48x40 (height x width) of 3 channels",
                       Error);
  for (const Shape shape : {Shape{3, 40, 48}, Shape{1, 48, 40}, Shape{3, 48 * 40}})  // exchanged, grey, flat
    CHECK_THROWS_AS(require_fit("evaluate", data(shape, 10), network), Error);
  CHECK_THROWS_WITH_AS(require_fit("evaluate", data({3, 48, 40}, 3), network),
                       "evaluate: the data set has 3 classes, the network has 10 outputs", Error);
  CHECK_THROWS_AS(require_fit("evaluate", data({3, 48, 40}, 100), network), Error);
}

TEST_CASE("require_fit: a batch knows its data set") {
  const Dataset data{{2, 1, 3}, {"a", "b"}, {0, 1, 2, 3, 4, 5}, {1}};
  DataLoader loader(data);
  const HostBatch& batch = *loader.epoch(0).begin();
  require_fit("step", batch, {{2, 1, 3}, 2});
  CHECK_THROWS_WITH_AS(require_fit("step", batch, {{2, 3, 1}, 2}), doctest::Contains("1x3"), Error);
  CHECK_THROWS_WITH_AS(require_fit("step", batch, {{2, 1, 3}, 3}), doctest::Contains("2 classes"), Error);
}

TEST_CASE("require_fit: images, labels and mixed labels are as many") {
  Images images;
  require_fit("step", images.batch(), network);
  HostBatch by_hand = images.batch();
  by_hand.n = by_hand.classes = 0, by_hand.shape = {}, by_hand.mixed_labels = {};
  require_fit("step", by_hand, network);

  HostBatch batch = images.batch();
  batch.labels = batch.labels.first(2);
  check_refused(batch, "step: expected a label for each image, found 3 images and 2 labels in a batch of 3");
  batch.images = batch.images.first(2 * network.image.size());
  check_refused(batch, "found 2 images and 2 labels in a batch of 3");
  batch = images.batch();
  batch.mixed_labels = batch.mixed_labels.first(1);
  check_refused(batch, "found 3 images and 1 mixed labels");
  batch = images.batch();
  batch.images = batch.images.first(batch.images.size() - 1);
  check_refused(batch,
                "expected whole images of 5760 values, 48x40 (height x width) of 3 channels, found 17279 values");
  check_refused({}, "expected a batch of 1 image or more, found none");
}

TEST_CASE("require_fit: labels and the mix in their range") {
  Images images;
  for (const std::int32_t wrong : {-1, 10}) {
    images = {};
    images.labels[1] = wrong;
    check_refused(images.batch(), "step: label 1 of the batch: expected 0 to 9, found ");
    images = {};
    images.mixed[2] = wrong;
    check_refused(images.batch(), "step: mixed label 2 of the batch: expected 0 to 9, found ");
  }
  HostBatch batch = Images().batch();
  for (const double mix : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    images = {};
    batch = images.batch();
    batch.mix = mix;
    check_refused(batch, "expected a mix from 0 to 1, found ");
  }
}

TEST_CASE("require_finite: names the image in the batch and in the data set") {
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    Images images;
    images.pixels[network.image.size() + 7] = wrong;
    check_refused(images.batch(), "image 1 of the batch (image 80 of the data set): expected finite pixels, found ");
    HostBatch batch = images.batch();
    batch.indices = {};
    check_refused(batch, "image 1 of the batch: expected finite pixels, found ");
    check_refused(batch, " at value 7");
  }
  Images images;
  images.pixels.front() = std::numeric_limits<float>::max();
  images.pixels.back() = -std::numeric_limits<float>::denorm_min();
  require_fit("step", images.batch(), network);
}
