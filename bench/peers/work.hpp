// SPDX-License-Identifier: MIT
// What the programs of this folder share: the list of work, the clock, the report. C++17 for the peers' sake.
//
//   peer_<name> [--only PREFIX] [--threads N]
//
// prints a JSON line for each item of work whose id starts with PREFIX. An item may appear several times,
// once for each setting of a peer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace work {

struct Options {
  std::string only;
  int threads = 2;

  Options(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      if (i + 1 < argc && std::strcmp(argv[i], "--only") == 0) {
        only = argv[i + 1];
      } else if (i + 1 < argc && std::strcmp(argv[i], "--threads") == 0) {
        threads = std::max(1, std::atoi(argv[i + 1]));
      } else {
        std::fprintf(stderr, "%s: expected --only PREFIX or --threads N, found \"%s\"\n", argv[0], argv[i]);
        std::exit(2);
      }
    }
  }

  bool wants(const std::string& id) const { return id.compare(0, only.size(), only) == 0; }
  /// Peak memory is a process's: measured only in a process that does nothing else.
  bool wants_memory() const { return only == "memory train 128"; }
};

inline constexpr int image_size = 32, classes = 10, train_batch = 128;

/// A convolution of ResNet-18's CIFAR form, and how often it occurs. Padding is kernel / 2.
struct Conv {
  const char* name;
  int in_c, out_c, in_size, kernel, stride, count;

  int out_size() const { return in_size / stride; }
};

inline constexpr Conv convolutions[] = {
    {"stem", 3, 64, 32, 3, 1, 1},
    {"64@32", 64, 64, 32, 3, 1, 4},
    {"64-128@32/2", 64, 128, 32, 3, 2, 1},
    {"128@16", 128, 128, 16, 3, 1, 3},
    {"128-256@16/2", 128, 256, 16, 3, 2, 1},
    {"256@8", 256, 256, 8, 3, 1, 3},
    {"256-512@8/2", 256, 512, 8, 3, 2, 1},
    {"512@4", 512, 512, 4, 3, 1, 3},
    {"1x1:64-128", 64, 128, 32, 1, 2, 1},
    {"1x1:128-256", 128, 256, 16, 1, 2, 1},
    {"1x1:256-512", 256, 512, 8, 1, 2, 1},
};

enum class Pass { forward, backward_data, backward_weight };

/// Calls f(id, convolution, pass, batch) for everything wanted: all passes at batch 128, forward at 1 and 32
/// too.
template <class F>
void for_each_conv(const Options& options, F&& f) {
  const char* names[] = {"forward", "backward_data", "backward_weight"};
  for (const Conv& conv : convolutions)
    for (const int batch : {128, 32, 1})
      for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weight}) {
        const std::string id =
            std::string("conv ") + conv.name + " " + names[static_cast<int>(pass)] + " " + std::to_string(batch);
        if (options.wants(id) && (batch == train_batch || pass == Pass::forward)) f(id, conv, pass, batch);
      }
}

/// Normal with mean 0. Weights get He's standard deviation, so that no value becomes a denormal or infinite.
inline void fill_normal(std::size_t count, float deviation, float* out) {
  static std::mt19937 engine(1);
  std::normal_distribution<float> normal(0, deviation);
  for (std::size_t i = 0; i < count; ++i) out[i] = normal(engine);
}

inline std::vector<float> normal(std::size_t count, float deviation = 1) {
  std::vector<float> values(count);
  fill_normal(count, deviation, values.data());
  return values;
}

/// Median over calls, after two that don't count (they allocate, choose algorithms, warm caches and pages):
/// at least three calls, and more while 0.3 seconds have not passed.
template <class F>
double seconds_per_call(F&& call) {
  using Clock = std::chrono::steady_clock;
  call(), call();
  std::vector<double> times;
  for (double total = 0; times.size() < 3 || total < 0.3; total += times.back()) {
    const auto begin = Clock::now();
    call();
    times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

/// `quantity` is "seconds", "bytes" or "gflops".
inline void report(const std::string& id, const char* quantity, double value, const std::string& setting,
                   int count = 0) {
  std::printf("{\"work\": \"%s\", \"%s\": %.9g, \"setting\": \"%s\", \"count\": %d}\n", id.c_str(), quantity, value,
              setting.c_str(), count);
  std::fflush(stdout);
}

/// To be called first: which library, which version.
inline void report_version(const std::string& version) { std::printf("{\"version\": \"%s\"}\n", version.c_str()); }

/// The most memory that this process ever had resident (Linux).
inline double peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      double kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  return 0;
}

}  // namespace work
