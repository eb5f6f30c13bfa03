// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/loader.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <stdexcept>
#include <thread>

using namespace resnet;

// Counts the whole program's allocations, in all threads.
static std::atomic<long> allocations{0};
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size > 0 ? size : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

/// n images of 3×4×5 whose bytes are a function of image and place; label i mod 10.
Dataset numbered(int n) {
  Dataset data{{3, 4, 5}, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, {}, {}};
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < 60; ++k) data.images.push_back(static_cast<std::uint8_t>(i * 7 + k));
    data.labels.push_back(i % 10);
  }
  return data;
}

/// A batch's contents, kept after the loader has moved on.
struct Copy {
  int epoch, index;
  std::vector<float> images;
  std::vector<std::int32_t> labels, indices, mixed_labels;
  double mix;
  explicit Copy(const HostBatch& b)
      : epoch(b.epoch),
        index(b.index),
        images(b.images.begin(), b.images.end()),
        labels(b.labels.begin(), b.labels.end()),
        indices(b.indices.begin(), b.indices.end()),
        mixed_labels(b.mixed_labels.begin(), b.mixed_labels.end()),
        mix(b.mix) {
    REQUIRE(b.n == static_cast<int>(labels.size()));
    REQUIRE((b.shape == Shape{3, 4, 5} && b.classes == 10));
    REQUIRE(images.size() == labels.size() * 60);
  }
  friend bool operator==(const Copy&, const Copy&) = default;
};

std::vector<Copy> read(DataLoader& loader, int epoch, int first = 0) {
  std::vector<Copy> batches;
  for (const HostBatch& batch : loader.epoch(epoch, first)) batches.emplace_back(batch);
  return batches;
}

std::vector<std::int32_t> all_indices(const std::vector<Copy>& batches) {
  std::vector<std::int32_t> all;
  for (const Copy& b : batches) all.insert(all.end(), b.indices.begin(), b.indices.end());
  return all;
}

const DataLoaderOptions training{
    .batch_size = 8, .shuffle = true, .seed = 3, .augment = {2, true}, .normalize = cifar10_normalize()};

/// With all that may be done to images.
DataLoaderOptions everything() {
  DataLoaderOptions options = training;
  options.augment.rand_augment = {2, 9};
  options.augment.erase = {2, 0.5};
  options.mix = {0.5, 1};
  return options;
}

void sleep_a_little() { std::this_thread::sleep_for(std::chrono::microseconds(300)); }

}  // namespace

TEST_CASE("without shuffling, batches are the images in order, the last one partial") {
  const Dataset data = numbered(21);
  DataLoader loader(data, {.batch_size = 8});
  CHECK(loader.batches() == 3);
  CHECK(loader.images() == 21);
  const auto batches = read(loader, 0);
  REQUIRE(batches.size() == 3);
  CHECK(batches[2].labels.size() == 5);
  for (int i = 0; i < 21; ++i) {
    const Copy& batch = batches[static_cast<std::size_t>(i / 8)];
    const auto k = static_cast<std::size_t>(i % 8);
    CHECK(batch.index == i / 8);
    CHECK(batch.indices[k] == i);
    CHECK(batch.labels[k] == i % 10);
    for (std::size_t j = 0; j < 60; ++j)
      REQUIRE(batch.images[k * 60 + j] == static_cast<float>(data.image(i)[j] / 255.0));
  }
}

TEST_CASE("drop_last leaves out the partial batch") {
  const Dataset data = numbered(21);
  DataLoader loader(data, {.batch_size = 8, .drop_last = true});
  CHECK(loader.batches() == 2);
  CHECK(loader.images() == 16);
  CHECK(read(loader, 0).size() == 2);
  const Dataset even = numbered(16);
  CHECK(DataLoader(even, {.batch_size = 8, .drop_last = true}).batches() == 2);
  CHECK(DataLoader(even, {.batch_size = 8}).batches() == 2);
  CHECK(DataLoader(even, {.batch_size = 99}).batches() == 1);
  CHECK(DataLoader(even, {.batch_size = 99, .drop_last = true}).batches() == 0);
}

TEST_CASE("each epoch is a permutation of its own that belongs to the seed") {
  const Dataset data = numbered(50);
  DataLoader loader(data, training);
  const auto first = all_indices(read(loader, 0)), second = all_indices(read(loader, 1));
  CHECK(first != second);
  CHECK_FALSE(std::is_sorted(first.begin(), first.end()));
  auto sorted = second;
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i < 50; ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
  DataLoaderOptions other = training;
  other.seed = 4;
  DataLoader reseeded(data, other);
  CHECK(all_indices(read(reseeded, 0)) != first);
}

TEST_CASE("an image's augmentation is the documented function of (seed, epoch, image)") {
  const Dataset data = numbered(30);
  DataLoader loader(data, training);
  const NormalizeTable table(training.normalize, 3);
  for (const Copy& batch : read(loader, 5))
    for (std::size_t k = 0; k < batch.indices.size(); ++k) {
      const int i = batch.indices[k];
      Random random{augment_stream(training.seed, 5, i)};
      std::vector<float> expected(60);
      prepare_image(data.image(i).data(), data.shape, draw_crop_flip(training.augment, random), table, expected.data());
      CHECK(std::equal(expected.begin(), expected.end(), batch.images.begin() + static_cast<std::ptrdiff_t>(k * 60)));
      CHECK(batch.labels[k] == data.labels[static_cast<std::size_t>(i)]);
    }
}

TEST_CASE("batches don't depend on who is slower, the loop or the background") {
  const Dataset data = numbered(100);
  DataLoader plain(data, training);
  const auto expected = read(plain, 2);

  DataLoader slow_loop(data, training);
  std::vector<Copy> found;
  for (const HostBatch& batch : slow_loop.epoch(2)) {
    sleep_a_little();
    found.emplace_back(batch);  // the next one is ready by now and must not be in this memory
  }
  CHECK(found == expected);

  DataLoaderOptions slow = training;
  slow.transform = [](std::span<float>, Random&) { sleep_a_little(); };
  DataLoader slow_background(data, slow);
  CHECK(read(slow_background, 2) == expected);
}

TEST_CASE("a run resumed at (epoch, batch) gets the batches that it had not seen") {
  const Dataset data = numbered(100);
  DataLoader whole(data, everything());
  read(whole, 3);
  const auto expected = read(whole, 4);
  for (int first = 0; first <= 13; ++first) {
    DataLoader resumed(data, everything());
    const auto rest = read(resumed, 4, first);
    CHECK(rest == std::vector<Copy>(expected.begin() + first, expected.end()));
  }
  CHECK_THROWS_WITH_AS(whole.epoch(0, 14),
                       "data loader: expected an epoch of 0 or more and a batch from 0 to 13, found epoch 0 and "
                       "batch 14",
                       Error);
  CHECK_THROWS_AS(whole.epoch(-1), Error);
}

TEST_CASE("a loop may be left early and another begun") {
  const Dataset data = numbered(100);
  DataLoader loader(data, training);
  const auto expected = read(loader, 1);
  for (int stop = 0; stop < 5; ++stop) {
    for (const HostBatch& batch : loader.epoch(0))
      if (batch.index == stop) break;
    CHECK(read(loader, 1) == expected);
  }
}

TEST_CASE("a loader may be destroyed at any moment") {
  const Dataset data = numbered(40);
  for (int moment = 0; moment < 40; ++moment) {
    DataLoaderOptions options = training;
    if (moment % 2) options.transform = [](std::span<float>, Random&) { sleep_a_little(); };
    DataLoader loader(data, options);
    if (moment % 4 < 2)
      for (const HostBatch& batch : loader.epoch(0))
        if (batch.index == moment % 3) break;
  }
}

TEST_CASE("what is thrown in the background reaches the loop, and the loader goes on") {
  const Dataset data = numbered(40);
  bool fail = true;
  DataLoaderOptions options = training;
  options.transform = [&fail, calls = 0](std::span<float>, Random&) mutable {
    if (++calls == 20 && fail) throw std::runtime_error("no such colour");
  };
  DataLoader loader(data, options);
  int seen = 0;
  const auto loop = [&] {
    for (const HostBatch& batch : loader.epoch(0)) seen += batch.n;
  };
  CHECK_THROWS_WITH_AS(loop(), "no such colour", std::runtime_error);
  CHECK(seen == 16);  // the two batches before the one with the 20th image
  fail = false;
  DataLoader fresh(data, training);
  CHECK(read(loader, 0) == read(fresh, 0));

  // A failure that nobody waits for is not reported to the next loop.
  DataLoaderOptions early = training;
  early.transform = [calls = 0](std::span<float>, Random&) mutable {
    if (++calls == 10) throw std::runtime_error("in the second batch");
  };
  DataLoader left(data, early);
  for ([[maybe_unused]] const HostBatch& batch : left.epoch(0)) break;
  CHECK(read(left, 0) == read(fresh, 0));
}

TEST_CASE("transform gets each image with the same random numbers, whatever the order") {
  const Dataset data = numbered(40);
  DataLoaderOptions options = training;
  options.transform = [](std::span<float> image, Random& random) { image[0] = static_cast<float>(random.uniform()); };
  DataLoader shuffled(data, options);
  options.shuffle = false;
  options.batch_size = 40;
  DataLoader in_order(data, options);
  const auto reference = read(in_order, 1);
  for (const Copy& batch : read(shuffled, 1))
    for (std::size_t k = 0; k < batch.indices.size(); ++k)
      CHECK(batch.images[k * 60] == reference[0].images[static_cast<std::size_t>(batch.indices[k]) * 60]);
  CHECK(reference[0].images[0] != reference[0].images[60]);
}

TEST_CASE("mixed batches are those without mixing, mixed as drawn for (seed, epoch, batch)") {
  const Dataset data = numbered(21);
  DataLoaderOptions options = training;
  DataLoader plain(data, options);
  options.mix = {0.5, 1};
  DataLoader mixing(data, options);
  const auto expected = read(plain, 3), found = read(mixing, 3);
  REQUIRE(found.size() == 3);
  for (std::size_t b = 0; b < 3; ++b) {
    CHECK(expected[b].mix == 1);
    CHECK(expected[b].mixed_labels.empty());
    Random random{mix_stream(training.seed, 3, static_cast<int>(b))};
    const MixChoice choice = draw_mix(options.mix, data.shape, random);
    std::vector<float> images = expected[b].images, spare(60);
    mix_images(choice, data.shape, images, spare);
    CHECK(found[b].images == images);
    CHECK(found[b].images != expected[b].images);
    CHECK(found[b].mix == choice.label);
    CHECK(found[b].labels == expected[b].labels);
    const std::size_t n = found[b].labels.size();
    REQUIRE(found[b].mixed_labels.size() == n);
    for (std::size_t k = 0; k < n; ++k) CHECK(found[b].mixed_labels[k] == found[b].labels[(k + n - 1) % n]);
  }
}

TEST_CASE("no heap allocation after the constructor") {
  const Dataset data = numbered(100);
  DataLoader loader(data, everything());
  const long before = allocations;
  int images = 0;
  for (int epoch = 0; epoch < 3; ++epoch)
    for (const HostBatch& batch : loader.epoch(epoch)) images += batch.n;
  const long after = allocations;
  CHECK(images == 300);
  CHECK(after == before);
  int* volatile counted = new int;  // so that no compiler does without it
  CHECK(allocations > after);       // the counter counts
  delete counted;
}

TEST_CASE("a loader refuses data and options that don't make sense") {
  Dataset data = numbered(10);
  CHECK_THROWS_WITH_AS(DataLoader(data, {.batch_size = 0}),
                       "data loader: expected a batch size of 1 or more and a crop padding of at most 5, found 0 and 0",
                       Error);
  CHECK_THROWS_AS(DataLoader(data, {.augment = {-1, false}}), Error);
  CHECK_THROWS_AS(DataLoader(data, {.augment = {6, false}}), Error);
  CHECK_THROWS_AS(DataLoader(data, {.augment = {.rand_augment = {1, 31}}}), Error);
  CHECK_THROWS_AS(DataLoader(data, {.augment = {.erase = {-1, 0}}}), Error);
  CHECK_THROWS_AS(DataLoader(data, {.mix = {-1, 0}}), Error);
  CHECK_THROWS_AS(DataLoader(data, {.normalize = {{0.5}, {0.5}}}), Error);
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(
      DataLoader(data, {.normalize = {{0.5, nan, 0.5}, {1, 1, 1}}}),
      "normalisation: channel 1: expected a finite mean and a positive standard deviation, found nan and 1.000000",
      Error);
  CHECK_THROWS_AS(DataLoader(data, {.normalize = {{0, 0, 0}, {1, 1, infinity}}}), Error);
  data.labels[4] = 10;
  CHECK_THROWS_WITH_AS(DataLoader(data, {}), "data set: image 4: expected a label from 0 to 9, found 10", Error);
}

TEST_CASE("an empty data set has no batches") {
  const Dataset data = numbered(0);
  DataLoader loader(data);
  CHECK(loader.batches() == 0);
  CHECK(read(loader, 0).empty());
}
