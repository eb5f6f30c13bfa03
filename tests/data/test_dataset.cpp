// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/dataset.hpp>

#include <algorithm>
#include <array>
#include <set>

using namespace resnet;

namespace {

/// n one-pixel images whose pixel is their index; labels by the rule i² mod 3, so classes differ in size.
Dataset numbered(int n) {
  Dataset data{{1, 1, 1}, {"a", "b", "c"}, {}, {}};
  for (int i = 0; i < n; ++i) {
    data.images.push_back(static_cast<std::uint8_t>(i));
    data.labels.push_back(i * i % 3);
  }
  return data;
}

}  // namespace

TEST_CASE("subset takes images and labels in the order asked for") {
  const Dataset data = numbered(10);
  const Dataset part = data.subset(std::array{7, 0, 7});
  CHECK(part.size() == 3);
  CHECK(part.images == std::vector<std::uint8_t>{7, 0, 7});
  CHECK(part.labels == std::vector<std::int32_t>{1, 0, 1});
  CHECK(part.class_names == data.class_names);
  CHECK(data.first(4).images == std::vector<std::uint8_t>{0, 1, 2, 3});
  CHECK(data.first(99).size() == 10);
  CHECK_THROWS_WITH_AS(data.subset(std::array{10}), "data set: expected an image index below 10, found 10", Error);
  CHECK_THROWS_AS(data.subset(std::array{-1}), Error);
}

TEST_CASE("validate finds missing pixels and labels without a class") {
  Dataset data = numbered(5);
  CHECK_NOTHROW(data.validate());
  data.labels[3] = 3;
  CHECK_THROWS_WITH_AS(data.validate(), "data set: image 3: expected a label from 0 to 2, found 3", Error);
  data.labels[3] = -1;
  CHECK_THROWS_AS(data.validate(), Error);
  data = numbered(5);
  data.images.pop_back();
  CHECK_THROWS_AS(data.validate(), Error);
}

TEST_CASE("split divides the images, keeps the classes' proportions and depends on the seed alone") {
  const Dataset data = numbered(200);
  for (const int size : {0, 1, 37, 100, 199, 200}) {
    CAPTURE(size);
    const auto [train, validation] = split(data, size, 1);
    REQUIRE(validation.size() == size);
    REQUIRE(train.size() == 200 - size);
    std::set<int> all(train.images.begin(), train.images.end());
    all.insert(validation.images.begin(), validation.images.end());
    CHECK(all.size() == 200);  // nothing lost, nothing in both
    CHECK(std::is_sorted(validation.images.begin(), validation.images.end()));
    for (int label = 0; label < 3; ++label) {
      const auto members = static_cast<double>(std::count(data.labels.begin(), data.labels.end(), label));
      const auto taken = static_cast<double>(std::count(validation.labels.begin(), validation.labels.end(), label));
      CHECK(std::abs(taken - members * size / 200) < 1);
    }
    for (int i = 0; i < size; ++i) {  // labels travel with their images
      const auto k = static_cast<std::size_t>(i);
      CHECK(validation.labels[k] == validation.images[k] * validation.images[k] % 3);
    }
  }
  CHECK(split(data, 50, 1).validation.images == split(data, 50, 1).validation.images);
  CHECK(split(data, 50, 1).validation.images != split(data, 50, 2).validation.images);
  CHECK_THROWS_WITH_AS(split(data, 201, 1), "validation split: expected a size from 0 to 200, found 201", Error);
}

TEST_CASE("shuffle gives every order equally often") {
  std::array<int, 6> counts{};
  constexpr int trials = 6000;
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    std::array<int, 3> items{0, 1, 2};
    shuffle(items, {seed, for_shuffle});
    const int rank = 2 * items[0] + (items[1] > items[2]);
    ++counts[static_cast<std::size_t>(rank)];
  }
  for (const int count : counts) CHECK(std::abs(count - 1000) < 150);  // 5 standard deviations
}
