// SPDX-License-Identifier: MIT
#include <resnet/backend/cpu/parallel.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

using namespace resnet;

TEST_CASE("parallel_for: each task once, workers below the number of threads, neighbours together") {
  for (const int threads : {1, 2, 3, 7})
    for (const std::size_t tasks : {0u, 1u, 2u, 6u, 7u, 100u}) {
      std::vector<std::atomic<int>> calls(tasks);
      std::vector<std::size_t> workers(tasks);
      cpu::parallel_for(threads, tasks, [&](std::size_t task, std::size_t worker) {
        ++calls[task];
        workers[task] = worker;
      });
      for (std::size_t i = 0; i < tasks; ++i) {
        CHECK(calls[i] == 1);
        CHECK(workers[i] < static_cast<std::size_t>(threads));
        if (i > 0) CHECK(workers[i] >= workers[i - 1]);
      }
    }
}

TEST_CASE("parallel_pieces: covers everything once, in pieces that don't depend on the threads") {
  using Pieces = std::vector<std::pair<std::size_t, std::size_t>>;
  for (const std::size_t n : {0u, 1u, 16'383u, 16'384u, 16'385u, 100'000u}) {
    Pieces first;
    for (const int threads : {1, 2, 7}) {
      Pieces pieces((n + 16'383) / 16'384);
      cpu::parallel_pieces(threads, n, [&](std::size_t begin, std::size_t count) {
        pieces.at(begin / 16'384) = {begin, count};
      });
      std::size_t covered = 0;
      for (const auto& [begin, count] : pieces) {
        CHECK(begin == covered);
        covered += count;
      }
      CHECK(covered == n);
      if (threads == 1) first = pieces;
      CHECK(pieces == first);
    }
  }
}
