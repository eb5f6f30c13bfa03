// SPDX-License-Identifier: MIT
// results.json: what is collected, written and read. The folders of runs that this leaves in the current
// folder are what report.sh makes pages of.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>

#include <fmt/format.h>

#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "../support/config_file.hpp"
#include "../support/peak_memory.hpp"
#include "../support/report/curves.hpp"
#include "../support/report/report.hpp"
#include "../support/train_options.hpp"

namespace {

/// Pixel values are a fifth of the logits: classes are channels, and an image is one pixel.
resnet::Dataset pixels(std::vector<std::uint8_t> values, std::vector<std::int32_t> labels) {
  return {{3, 1, 1}, {"cat", "<b>dog</b> & \"co\"", "frog"}, std::move(values), std::move(labels)};
}
/// -log softmax of 5 v / 255.
double loss(const std::uint8_t* v, std::size_t label) {
  double sum = 0;
  for (int k = 0; k < 3; ++k) sum += std::exp(5 * v[k] / 255.0);
  return std::log(sum) - 5 * v[label] / 255.0;
}
std::vector<float> softmax_of_pixels(std::span<const float> images) {
  std::vector<float> p;
  for (std::size_t i = 0; i < images.size(); i += 3) {
    const auto z = images.subspan(i, 3);
    const double sum = std::exp(5.0 * z[0]) + std::exp(5.0 * z[1]) + std::exp(5.0 * z[2]);
    for (const float value : z) p.push_back(static_cast<float>(std::exp(5.0 * value) / sum));
  }
  return p;
}

const std::vector<std::uint8_t> values{255, 0, 0, 10, 200, 30, 0, 9, 255, 255, 200, 100, 50, 40, 60};
const std::vector<std::int32_t> labels{0, 1, 0, 1, 2};  // predicted: 0, 1, 2, 0, 2

/// Ten images of which `wrong` are wrong.
RunResults some_results(int wrong, std::uint64_t seed) {
  RunResults r{.architecture = "ResNet-18",
               .data = "a <data> set",
               .class_names = {"cat", "<b>dog</b> & \"co\"", "frog"},
               .parameters = 11'173'962,
               .macs = 555'422'720,
               .summary = {{"conv1", {64, 32, 32}, 1728, 1'769'472}, {"fc", {10, 1, 1}, 5130, 5120}},
               .seed = seed,
               .epochs = 2,
               .finished = true,
               .seconds = 125,
               .peak_memory_mb = 812.25,
               .test = collect_test_results(pixels(values, labels), {}, softmax_of_pixels),
               .first_layer = {2, 2, 3, std::vector<float>(24, 0.5f)}};
  r.first_layer.weights[5] = -0.1f;
  r.test.confusion = {{5, wrong, 0}, {0, 5 - wrong, 0}, {0, 0, 0}};
  return r;
}

void write_run(const std::string& folder, const std::string& lr, std::uint64_t seed, int wrong) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/config.toml") << "# all options\nmodel=\"resnet18\"\nepochs=2\nlr=" << lr
                                         << "\nmilestones=[60, 120]\nseed=" << seed
                                         << "\nnote=\"<script>alert(1)</script>\"\n";
  std::ofstream(folder + "/log.csv") << "epoch,step,lr,train_loss,train_accuracy,held_out,loss,accuracy,"
                                        "images_per_second,seconds,memory_mb,extra\n"
                                        "1,10,0.1,2.25,0.25,validation,2.125,0.3125,321.5,61.5,800,x\n"
                                        "2,20,0.05,1.5,0.5,validation,nan,0.4375,323.5,60.5,812.3,y\n";
  if (wrong >= 0) write_results(folder + "/results.json", some_results(wrong, seed));
}

}  // namespace

TEST_CASE("results: loss, confusion matrix and the most wrong images") {
  const resnet::Dataset data = pixels(values, labels);
  const TestResults test = collect_test_results(data, {}, softmax_of_pixels, 2);
  CHECK(test.images() == 5);
  CHECK(test.correct() == 3);
  CHECK(test.accuracy() == doctest::Approx(0.6));
  CHECK(test.confusion == std::vector<std::vector<int>>{{1, 0, 1}, {1, 1, 0}, {0, 0, 1}});
  double sum = 0;
  for (std::size_t i = 0; i < 5; ++i) sum += loss(&values[3 * i], static_cast<std::size_t>(labels[i]));
  CHECK(test.loss == doctest::Approx(sum / 5).epsilon(1e-6));

  REQUIRE(test.most_wrong.size() == 2);  // image 2 first: its wrong class has the larger probability
  const WrongImage &first = test.most_wrong[0], &second = test.most_wrong[1];
  CHECK(first.index == 2);
  CHECK(first.label == 0);
  CHECK(first.predicted == 2);
  CHECK(first.probability == doctest::Approx(std::exp(-loss(&values[6], 2))).epsilon(1e-6));
  CHECK(first.label_probability == doctest::Approx(std::exp(-loss(&values[6], 0))).epsilon(1e-6));
  CHECK(first.png.starts_with("iVBORw0KGgo"));  // PNG's signature
  CHECK(second.index == 3);
  CHECK(second.probability < first.probability);
  CHECK(collect_test_results(data, {}, softmax_of_pixels, 2, 1).most_wrong.size() == 1);
}

TEST_CASE("results: probabilities that can't be") {
  const resnet::Dataset data = pixels(values, labels);
  const auto constant = [](float value) {
    return [value](std::span<const float> images) { return std::vector<float>(images.size(), value); };
  };
  CHECK_THROWS_WITH_AS(collect_test_results(data, {}, constant(NAN)),
                       "test image 0: expected finite probabilities, found NaN or infinity", resnet::Error);
  CHECK_THROWS_WITH_AS(collect_test_results(data, {}, [](std::span<const float>) { return std::vector<float>(4); }),
                       "test images: expected 3 probabilities for each of 5 images, found 4 in all", resnet::Error);
}

TEST_CASE("results: what is written is read") {
  const RunResults written = some_results(2, 18'446'744'073'709'551'615u);
  write_results("results.json", written);
  const RunResults read = read_results("results.json");
  CHECK(read.architecture == written.architecture);
  CHECK(read.data == written.data);
  CHECK(read.class_names == written.class_names);
  CHECK(read.parameters == written.parameters);
  CHECK(read.macs == written.macs);
  REQUIRE(read.summary.size() == 2);
  CHECK(read.summary[1].name == "fc");
  CHECK(read.summary[0].out == resnet::Shape{64, 32, 32});
  CHECK(read.summary[0].macs == 1'769'472);
  CHECK(read.seed == written.seed);
  CHECK(read.epochs == 2);
  CHECK(read.finished);
  CHECK(read.seconds == written.seconds);
  CHECK(read.peak_memory_mb == written.peak_memory_mb);
  CHECK(read.test.loss == written.test.loss);
  CHECK(read.test.confusion == written.test.confusion);
  REQUIRE(read.test.most_wrong.size() == 2);
  CHECK(read.test.most_wrong[1].png == written.test.most_wrong[1].png);
  CHECK(read.test.most_wrong[1].probability == written.test.most_wrong[1].probability);
  CHECK(read.first_layer.kernel == 2);
  CHECK(read.first_layer.weights == written.first_layer.weights);

  RunResults diverged = written;
  diverged.test.loss = NAN;
  CHECK_THROWS_WITH_AS(write_results("results.json", diverged),
                       "results: test loss: expected a finite number, found nan", resnet::Error);
}

TEST_CASE("results: filters of a first layer that is a convolution of few channels") {
  using B = resnet::Ref<float>;
  resnet::Conv2d<3, 2, 5, 1, B> conv;
  conv.weight.data()[7] = 2;
  const Filters filters = first_filters(conv);
  CHECK(filters.out == 2);
  CHECK(filters.kernel == 5);
  CHECK(filters.in == 3);
  REQUIRE(filters.weights.size() == 2 * 5 * 5 * 3);
  CHECK(filters.weights[7] == 2);
  CHECK(first_filters(resnet::Conv2d<8, 2, 3, 1, B>{}).weights.empty());
  CHECK(first_filters(resnet::Conv2d<3, 2, 1, 1, B>{}).weights.empty());
  CHECK(first_filters(resnet::Linear<3, 2, B>{}).weights.empty());
}

TEST_CASE("peak memory: of what came after the reset") {
  const auto touch = [](std::size_t bytes) {
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    std::memset(memory, 1, bytes);
    munmap(memory, bytes);
  };
  reset_peak_memory();
  const double before = peak_memory_mb();
  touch(200'000'000);
  const double large = peak_memory_mb();
  CHECK(large > before + 150);
  reset_peak_memory();
  touch(50'000'000);
  CHECK(peak_memory_mb() > before + 30);
  CHECK(peak_memory_mb() < large - 100);
}

TEST_CASE("durations: something for every time that is not 0") {
  CHECK(html::duration(0.0125) == "0.01 s");
  CHECK(html::duration(2.5) == "2.50 s");
  CHECK(html::duration(12.34) == "12.3 s");
  CHECK(html::duration(59.97) == "1 min 0 s");
  CHECK(html::duration(245) == "4 min 5 s");
  CHECK(html::duration(4980) == "1 h 23 min");
}

TEST_CASE("learning rate: by step where the configuration explains the log") {
  TrainOptions o;
  o.epochs = 4, o.schedule = "onecycle", o.warmup_epochs = 0.5, o.lr = 0.1, o.trainer.accumulate = 2;
  o.milestones = {2, 3};
  Run run{"run", {}, {}, {}};
  for (const ConfigLine& line : parse_config("config", o.to_toml()))
    run.config.emplace_back(line.key, fmt::format("{}", fmt::join(line.values, ", ")));
  const resnet::Schedule schedule = o.schedule_of(10);
  for (int epoch = 1; epoch <= 3; ++epoch)  // of a run that goes on
    run.log.push_back({.epoch = epoch, .step = 10 * epoch, .lr = schedule(10 * epoch - 2), .held_out = "test"});

  const html::Series by_step = html::learning_rate_curve(run, "", 0);
  REQUIRE(by_step.x.size() == 30);
  for (std::size_t step = 0; step < 30; ++step) {
    CHECK(by_step.x[step] == doctest::Approx(0.1 * static_cast<double>(step + 1)));
    CHECK(by_step.y[step] == schedule(static_cast<std::int64_t>(step / 2 * 2)));
  }

  const auto falls_back = [](const Run& other) {
    const html::Series by_epoch = html::learning_rate_curve(other, "", 0);
    CHECK(by_epoch.x == std::vector<double>{1, 2, 3});
    CHECK(by_epoch.y[2] == other.log[2].lr);
  };
  Run other = run;
  other.log[2].lr *= 1.01;
  falls_back(other);
  for (const auto& change : {std::pair{"accumulate", "0"},
                             {"lr", "nan"},
                             {"epochs", "2"},
                             {"warmup-epochs", "5"},
                             {"milestones", "2, x"},
                             {"schedule", "none"}}) {
    CAPTURE(change.first);
    other = run;
    for (auto& [option, text] : other.config)
      if (option == change.first) text = change.second;
    falls_back(other);
  }
  CHECK(html::learning_rate_curve({"run", {}, {}, {}}, "", 0).x.empty());

  Run longer = run;  // a point for each pixel, not for each step
  longer.log.clear();
  const resnet::Schedule many = o.schedule_of(1000);
  longer.log.push_back({.epoch = 4, .step = 4000, .lr = many(3998), .held_out = "test"});
  CHECK(html::learning_rate_curve(longer, "", 0).x.size() == 400);
  CHECK(html::learning_rate_curve(longer, "", 0).x.back() == 4);
}

TEST_CASE("configuration files: what is written is read") {
  TrainOptions o;
  o.fine_tune = "a \"b\" # \\c, [d]";
  o.trainer.frozen = {"conv1", "layer1"};
  o.seed = 18'446'744'073'709'551'615u;
  o.lr = 0.1 + 0.2;
  for (const ConfigLine& line : parse_config("config", o.to_toml())) {
    if (line.key == "fine-tune") CHECK(line.values == std::vector{o.fine_tune});
    if (line.key == "freeze") CHECK(line.values == o.trainer.frozen);
    if (line.key == "seed") CHECK(line.values[0] == "18446744073709551615");
    if (line.key == "lr") CHECK(std::stod(line.values[0]) == o.lr);
  }
  CHECK_THROWS_WITH_AS(parse_config("c", "a = 1\nb = \"\\n\""),
                       "c: line 2: expected no escapes in quotes but \\\" and \\\\, found \"\"\\n\"\"", resnet::Error);
}

TEST_CASE("runs for report.sh") {
  write_run("runs/one <i>", "0.1", 1, 2);
  write_run("runs/two", "0.1", 2, 1);
  write_run("runs/other", "0.025", 1, 0);
  write_run("runs/unfinished", "0.1", 3, -1);
  const Run run = read_run("runs/two/");
  CHECK(run.name() == "two");
  CHECK(run.option("milestones") == "60, 120");
  CHECK(run.option("model") == "resnet18");
  CHECK(run.option("nothing") == "");
  REQUIRE(run.log.size() == 2);
  CHECK(run.log[1].memory_mb == 812.3);
  CHECK(run.log[0].held_out == "validation");
}
