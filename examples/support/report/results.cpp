// SPDX-License-Identifier: MIT
#include "results.hpp"

#include <resnet/data/loader.hpp>
#include <resnet/io/input_file.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "../picture.hpp"
#include "../text_file.hpp"
#include "base64.hpp"

using nlohmann::ordered_json;
using resnet::Error;

int TestResults::images() const {
  int sum = 0;
  for (const auto& row : confusion) sum = std::accumulate(row.begin(), row.end(), sum);
  return sum;
}

int TestResults::correct() const {
  int sum = 0;
  for (std::size_t label = 0; label < confusion.size(); ++label) sum += confusion[label][label];
  return sum;
}

double TestResults::accuracy() const {
  const int n = images();
  return n ? static_cast<double>(correct()) / n : 0;
}

// --- collecting

TestResults collect_test_results(const resnet::Dataset& test, const resnet::Normalize& normalize,
                                 const ProbabilitiesOf& probabilities_of, int batch_size, int most_wrong) {
  const auto classes = static_cast<std::size_t>(test.classes());
  TestResults results;
  results.confusion.assign(classes, std::vector<int>(classes));
  double loss_sum = 0;
  resnet::DataLoader loader(test, {.batch_size = batch_size, .normalize = normalize});
  for (const resnet::HostBatch& batch : loader.epoch(0)) {
    const std::vector<float> probabilities = probabilities_of(batch.images);  // (n, classes)
    if (probabilities.size() != static_cast<std::size_t>(batch.n) * classes)
      throw Error(fmt::format("test images: expected {} probabilities for each of {} images, found {} in all", classes,
                              batch.n, probabilities.size()));
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      const auto p = std::span(probabilities).subspan(i * classes, classes);
      if (!std::ranges::all_of(p, [](float value) { return std::isfinite(value); }))
        throw Error(
            fmt::format("test image {}: expected finite probabilities, found NaN or infinity", batch.indices[i]));
      const auto label = static_cast<std::size_t>(batch.labels[i]);
      const auto predicted = static_cast<std::size_t>(std::ranges::max_element(p) - p.begin());
      loss_sum -= std::log(double{std::max(p[label], std::numeric_limits<float>::min())});
      ++results.confusion[label][predicted];
      if (predicted != label)
        results.most_wrong.push_back(
            {batch.indices[i], batch.labels[i], static_cast<int>(predicted), p[predicted], p[label], {}});
    }
  }
  results.loss = test.size() ? loss_sum / test.size() : 0;
  std::ranges::stable_sort(results.most_wrong, std::greater{}, &WrongImage::probability);
  if (results.most_wrong.size() > static_cast<std::size_t>(most_wrong))
    results.most_wrong.resize(static_cast<std::size_t>(most_wrong));
  for (WrongImage& wrong : results.most_wrong)
    wrong.png = base64(encode_png(test.image(wrong.index), test.shape.w, test.shape.h, test.shape.c));
  return results;
}

// --- writing

namespace {

double finite(const char* what, double value) {
  if (!std::isfinite(value)) throw Error(fmt::format("results: {}: expected a finite number, found {}", what, value));
  return value;
}

}  // namespace

void write_results(const std::string& path, const RunResults& r) {
  ordered_json file;
  file["architecture"] = r.architecture;
  file["data"] = r.data;
  file["class_names"] = r.class_names;
  file["parameters"] = r.parameters;
  file["macs"] = r.macs;
  file["seed"] = r.seed;
  file["epochs"] = r.epochs;
  file["finished"] = r.finished;
  file["seconds"] = finite("seconds", r.seconds);
  file["peak_memory_mb"] = finite("peak memory", r.peak_memory_mb);
  file["test"] = {{"images", r.test.images()},
                  {"correct", r.test.correct()},
                  {"accuracy", r.test.accuracy()},
                  {"loss", finite("test loss", r.test.loss)}};
  file["confusion"] = r.test.confusion;
  ordered_json& summary = file["summary"] = ordered_json::array();
  for (const resnet::LayerSummary& row : r.summary)
    summary.push_back({{"layer", row.name},
                       {"output", {row.out.c, row.out.h, row.out.w}},
                       {"parameters", row.parameters},
                       {"macs", row.macs}});
  ordered_json& most_wrong = file["most_wrong"] = ordered_json::array();
  for (const WrongImage& wrong : r.test.most_wrong)
    most_wrong.push_back({{"index", wrong.index},
                          {"label", wrong.label},
                          {"predicted", wrong.predicted},
                          {"probability", wrong.probability},
                          {"label_probability", wrong.label_probability},
                          {"png", wrong.png}});
  for (const float weight : r.first_layer.weights) finite("a weight of the first layer", weight);
  file["first_layer"] = {{"out", r.first_layer.out},
                         {"kernel", r.first_layer.kernel},
                         {"in", r.first_layer.in},
                         {"weights", r.first_layer.weights}};

  std::string text = "{";  // a line for each key: readable, and not a line for each number
  for (const auto& [key, value] : file.items())
    text += fmt::format("{}\n  \"{}\": {}", text.size() > 1 ? "," : "", key,
                        value.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  text += "\n}\n";
  write_text(path, text);
}

// --- reading

namespace {

/// A value of a JSON document that knows its place in it.
class Value {
 public:
  Value(std::string place, const ordered_json& json) : place_(std::move(place)), json_(json) {}

  [[noreturn]] void fail(const std::string& expected, const std::string& found) const {
    throw Error(fmt::format("{}: expected {}, found {}", place_, expected, found));
  }

  Value operator[](const char* key) const {
    if (!json_.is_object()) fail("an object", found());
    if (!json_.contains(key)) fail(fmt::format("a key \"{}\"", key), "none");
    return {fmt::format("{}: {}", place_, key), json_[key]};
  }
  std::vector<Value> items() const {
    if (!json_.is_array()) fail("an array", found());
    std::vector<Value> values;
    for (const ordered_json& item : json_) values.emplace_back(fmt::format("{}[{}]", place_, values.size()), item);
    return values;
  }
  std::vector<Value> items(std::size_t count) const {
    auto values = items();
    if (values.size() != count) fail(fmt::format("{} values", count), std::to_string(values.size()));
    return values;
  }

  std::string text() const {
    if (!json_.is_string()) fail("a string", found());
    return json_.get<std::string>();
  }
  bool boolean() const {
    if (!json_.is_boolean()) fail("true or false", found());
    return json_.get<bool>();
  }
  double number() const {
    if (!json_.is_number()) fail("a number", found());
    return json_.get<double>();
  }
  double number(double low, double high) const {
    const double value = number();
    if (!(value >= low && value <= high)) fail(fmt::format("a number from {} to {}", low, high), found());
    return value;
  }
  /// From 0 to `high`.
  template <class T>
  T whole(T high = std::numeric_limits<T>::max()) const {
    if (!json_.is_number_unsigned() || json_.get<std::uint64_t>() > static_cast<std::uint64_t>(high))
      fail(fmt::format("a whole number from 0 to {}", high), found());
    return json_.get<T>();
  }

 private:
  std::string found() const { return json_.is_structured() ? fmt::format("an {}", json_.type_name()) : json_.dump(); }

  std::string place_;
  const ordered_json& json_;
};

TestResults read_test(const Value& file, std::size_t classes) {
  TestResults test;
  test.loss = file["test"]["loss"].number();
  std::int64_t images = 0;
  for (const Value& row : file["confusion"].items(classes)) {
    std::vector<int>& counts = test.confusion.emplace_back();
    for (const Value& count : row.items(classes)) images += counts.emplace_back(count.whole<int>());
  }
  const Value stated = file["test"]["images"];
  if (stated.whole<int>() != images)
    stated.fail(fmt::format("{}, the sum of the confusion matrix", images), std::to_string(stated.whole<int>()));
  for (const Value& wrong : file["most_wrong"].items()) {
    const int last = static_cast<int>(classes) - 1;
    test.most_wrong.push_back({wrong["index"].whole<int>(), wrong["label"].whole(last), wrong["predicted"].whole(last),
                               wrong["probability"].number(0, 1), wrong["label_probability"].number(0, 1),
                               wrong["png"].text()});
    if (!is_base64(test.most_wrong.back().png)) wrong["png"].fail("base64", "another character");
  }
  return test;
}

Filters read_filters(const Value& layer) {
  Filters filters{layer["out"].whole(1 << 14), layer["kernel"].whole(1 << 10), layer["in"].whole(1 << 14), {}};
  constexpr double largest = std::numeric_limits<float>::max();
  const auto in = static_cast<std::size_t>(filters.in), kernel = static_cast<std::size_t>(filters.kernel);
  for (const Value& weight : layer["weights"].items(static_cast<std::size_t>(filters.out) * kernel * kernel * in))
    filters.weights.push_back(static_cast<float>(weight.number(-largest, largest)));
  return filters;
}

}  // namespace

RunResults read_results(const std::string& path) {
  const std::string text = read_text(path);
  ordered_json json;
  try {
    json = ordered_json::parse(text);
  } catch (const ordered_json::parse_error& e) {
    resnet::fail_at(
        path, e.byte,
        e.byte > text.size() ? "expected more JSON, found the end of the file" : "expected JSON, found a syntax error");
  } catch (const ordered_json::out_of_range& e) {  // of a double
    throw Error(fmt::format("{}: expected JSON, found: {}", path, e.what()));
  }
  const Value file(path, json);
  RunResults r;
  r.architecture = file["architecture"].text();
  r.data = file["data"].text();
  for (const Value& name : file["class_names"].items()) r.class_names.push_back(name.text());
  r.parameters = file["parameters"].whole<std::int64_t>();
  r.macs = file["macs"].whole<std::int64_t>();
  for (const Value& row : file["summary"].items()) {
    const auto out = row["output"].items(3);
    r.summary.push_back({row["layer"].text(),
                         {out[0].whole<int>(), out[1].whole<int>(), out[2].whole<int>()},
                         row["parameters"].whole<std::size_t>(),
                         row["macs"].whole<long long>()});
  }
  r.seed = file["seed"].whole<std::uint64_t>();
  r.epochs = file["epochs"].whole<int>();
  r.finished = file["finished"].boolean();
  r.seconds = file["seconds"].number();
  r.peak_memory_mb = file["peak_memory_mb"].number();
  r.test = read_test(file, r.class_names.size());
  r.first_layer = read_filters(file["first_layer"]);
  return r;
}
