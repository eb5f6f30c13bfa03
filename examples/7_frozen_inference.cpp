// SPDX-License-Identifier: MIT
// A trained network made ready for use: freeze() folds BatchNorm, packs the weights and fuses what follows a
// convolution. One frozen network serves any number of threads, each with a Context of its own.
#include <resnet/freeze.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/resnet18.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "support/program.hpp"

using namespace resnet;

using Net = ResNet18<10>;
constexpr Shape image{3, 32, 32};

/// Milliseconds a call, the median of `calls`.
template <class F>
double milliseconds(int calls, F&& f) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  f();  // the first one allocates
  for (int i = 0; i < calls; ++i) {
    const auto begin = Clock::now();
    f();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int run(const std::string& weights, int calls) {
  Context<Cpu> ctx;
  const auto net = std::make_unique<Net>();  // 45 MB: not for the stack
  if (weights.empty())
    initialize(ctx, *net);
  else
    load_weights(weights, *net);
  const auto frozen = freeze<image>(*net);

  const auto x = ctx.make<image>(32);
  run<op::FillNormal>(ctx, {.count = x.size(), .stream = {1, 0}, .std = 1, .y = x});
  const auto expected = net->infer(ctx, x), found = frozen.infer(ctx, x);
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double e = expected.data()[i], d = found.data()[i] - e;
    error += d * d, norm += e * e;
  }
  fmt::print("relative difference of the logits: {:.1e}\n", std::sqrt(error / norm));

  for (const int n : {1, 32}) {
    const Batch<image, Cpu> part(x.data(), n);  // a view of the first n images
    const double plain = milliseconds(calls, [&] { net->infer(ctx, part); });
    const double fast = milliseconds(calls, [&] { frozen.infer(ctx, part); });
    fmt::print("batch {:2}: {:6.1f} ms, frozen {:6.1f} ms ({:.0f} images/s)\n", n, plain, fast, 1000 * n / fast);
  }

  // A server: its threads share the network. The results are the same bits as above.
  std::vector<std::thread> servers;
  std::vector<char> same(2);
  for (char& s : same)
    servers.emplace_back([&] {
      Context<Cpu> own(1);
      const auto y = frozen.infer(own, x);
      s = std::equal(y.data(), y.data() + y.size(), found.data());
    });
  for (std::thread& server : servers) server.join();
  fmt::print("two threads at once: {}\n", same[0] && same[1] ? "the same bits" : "DIFFERENT");
  return same[0] && same[1] ? 0 : 1;
}

int main(int argc, char** argv) {
  std::string weights;
  int calls = 20;
  CLI::App app("Compares ResNet-18 with its frozen form: results and time.");
  app.option_defaults()->always_capture_default();
  add_option(app, "weights", weights, "weights.safetensors of train (width 64, 10 classes); without: random ones");
  add_option(app, "--calls", calls, "calls that are timed", CLI::PositiveNumber);
  return run_program(app, argc, argv, [&] { return run(weights, calls); });
}
