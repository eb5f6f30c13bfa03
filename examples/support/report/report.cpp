// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <resnet/io/atomic_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "html.hpp"
#include "picture.hpp"

namespace {

// --- what both pages show of a run

std::string epochs_done(const Run& run) {
  const std::string done =
      std::to_string(run.results ? static_cast<std::size_t>(run.results->epochs) : run.log.size());
  const std::string wanted = run.option("epochs");
  return wanted.empty() || wanted == done ? done : done + " of " + wanted;
}

double seconds(const Run& run) {
  if (run.results) return run.results->seconds;
  double sum = 0;
  for (const EpochRow& row : run.log) sum += row.seconds;
  return sum;
}

/// A quantity of the log and how its axis and values are written.
struct Quantity {
  std::string title, y_label, number;
  double (*value)(const EpochRow&);
  bool from_zero = true;
};

const Quantity train_loss{"Training loss", "cross-entropy", "{:.4f}",
                          [](auto& row) { return row.train_loss; }};
const Quantity held_out_loss{"Loss", "cross-entropy", "{:.4f}", [](auto& row) { return row.loss; }};
const Quantity train_accuracy{"Training accuracy", "accuracy in %", "{:.2f} %",
                              [](auto& row) { return 100 * row.train_accuracy; }, false};
const Quantity held_out_accuracy{"Accuracy", "accuracy in %", "{:.2f} %",
                                 [](auto& row) { return 100 * row.accuracy; }, false};
const Quantity learning_rate{"Learning rate", "learning rate", "{:.3g}", [](auto& row) { return row.lr; }};
const Quantity epoch_time{"Time per epoch", "seconds", "{:.1f} s", [](auto& row) { return row.seconds; }};
const Quantity speed{"Training speed", "images per second", "{:.0f} images/s",
                     [](auto& row) { return row.images_per_second; }};
const Quantity memory{"Peak memory", "MB", "{:.0f} MB", [](auto& row) { return row.memory_mb; }};

Series curve(const Run& run, const Quantity& q, std::string name, int color, bool dashed = false) {
  Series s{.name = std::move(name), .color = color, .x = {}, .y = {}, .dashed = dashed};
  for (const EpochRow& row : run.log) s.x.push_back(row.epoch), s.y.push_back(q.value(row));
  return s;
}

std::string chart(const Quantity& q, std::vector<Series> series) {
  return line_chart({q.title, q.y_label, q.number, std::move(series), q.from_zero});
}

std::string grid(const std::string& content) {
  return content.empty() ? "" : "<div class=\"grid\">\n" + content + "</div>\n";
}

std::string card(std::string_view heading, const std::string& content) {
  return fmt::format("<div class=\"card\">\n<h3>{}</h3>\n{}</div>\n", escape(heading), content);
}

// --- one run

/// Wilson's 95 % interval of a probability, seen in `hits` of `n` cases.
std::string interval(int hits, int n) {
  const double z2 = 1.96 * 1.96, p = static_cast<double>(hits) / n;
  const double center = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = std::sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n) / (1 + z2 / n);
  return fmt::format("{:.2f} to {:.2f} %", 100 * (center - half), 100 * (center + half));
}

std::string headline(const Run& run) {
  std::vector<Tile> facts;
  if (run.results) {
    const RunResults& r = *run.results;
    if (const int n = r.test.images())
      facts = {{"Test accuracy", percent(r.test.accuracy()),
                fmt::format("{} of {} images; 95 % interval {}", grouped(r.test.correct()), grouped(n),
                            interval(r.test.correct(), n))},
               {"Test loss", fmt::format("{:.4f}", r.test.loss), "mean cross-entropy"}};
  } else if (!run.log.empty()) {
    const EpochRow& last = run.log.back();
    facts = {{"Latest " + last.held_out + " accuracy", percent(last.accuracy),
              fmt::format("after epoch {}", last.epoch)},
             {"Latest " + last.held_out + " loss", fmt::format("{:.4f}", last.loss), "mean cross-entropy"}};
  }
  facts.push_back({"Epochs", epochs_done(run), ""});
  facts.push_back({"Time", duration(seconds(run)), ""});
  if (run.results) {
    facts.push_back({"Parameters", compact(run.results->parameters), grouped(run.results->parameters)});
    facts.push_back({"Multiply-accumulates", compact(run.results->macs), "for one image"});
    facts.push_back({"Peak memory", fmt::format("{:.0f} MB", run.results->peak_memory_mb), ""});
  }
  return tiles(facts);
}

std::string learning_curves(const Run& run) {
  if (run.log.empty()) return "";
  const std::string& held_out = run.log.back().held_out;
  const auto both = [&](const Quantity& training, const Quantity& other) {
    return chart(other, {curve(run, training, "training", 1, true), curve(run, other, held_out, 0)});
  };
  return grid(both(train_accuracy, held_out_accuracy) + both(train_loss, held_out_loss));
}

std::string cost_curves(const Run& run) {
  if (run.log.empty()) return "";
  std::string charts;
  for (const Quantity& q : {learning_rate, speed, epoch_time, memory})
    charts += chart(q, {curve(run, q, "", 0)});
  return grid(charts);
}

std::string confusion_matrix(const RunResults& r) {
  const auto& confusion = r.test.confusion;
  const auto share = [&](std::size_t label, std::size_t predicted) {
    const int total = std::accumulate(confusion[label].begin(), confusion[label].end(), 0);
    return total ? static_cast<double>(confusion[label][predicted]) / total : 0;
  };
  double worst = 0;  // the largest share of a class that is taken for another one
  for (std::size_t i = 0; i < confusion.size(); ++i)
    for (std::size_t k = 0; k < confusion.size(); ++k)
      if (i != k) worst = std::max(worst, share(i, k));
  std::string html =
      "<table class=\"matrix\">\n<thead><tr><th class=\"corner\" scope=\"col\">true class \\ predicted</th>";
  for (const std::string& name : r.class_names)
    html += fmt::format("<th scope=\"col\">{}</th>", escape(name));
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < confusion.size(); ++i) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", escape(r.class_names[i]));
    for (std::size_t k = 0; k < confusion.size(); ++k)
      if (confusion[i][k] == 0 && i != k)
        html += "<td></td>";
      else  // at most half of the full colour: the number stays readable on it
        html += fmt::format("<td{} style=\"--a:{:.1f}%\">{}</td>", i == k ? " class=\"right\"" : "",
                            i == k ? 8 + 42 * share(i, k) : 6 + 44 * share(i, k) / worst, confusion[i][k]);
    html += "</tr>\n";
  }
  return card("Images by true class (row) and predicted class (column)",
              scroll_box("Confusion matrix", html + "</tbody>\n</table>\n"));
}

std::string class_accuracies(const RunResults& r) {
  struct Class {
    std::string name;
    int images;
    double accuracy;
  };
  std::vector<Class> classes;
  for (std::size_t i = 0; i < r.class_names.size(); ++i) {
    const auto& row = r.test.confusion[i];
    if (const int images = std::accumulate(row.begin(), row.end(), 0))
      classes.push_back({r.class_names[i], images, static_cast<double>(row[i]) / images});
  }
  std::ranges::stable_sort(classes, {}, &Class::accuracy);
  std::vector<std::vector<std::string>> rows;
  for (const Class& c : classes)
    rows.push_back({escape(c.name), bar(c.accuracy, percent(c.accuracy, 1)), grouped(c.images)});
  return card("Accuracy of each class, the hardest first",
              scroll_box("Accuracy of each class",
                         table("", {{"class", false}, {"accuracy", false}, {"images"}}, rows)));
}

std::string frequent_confusions(const RunResults& r) {
  struct Pair {
    std::size_t label, predicted;
    int images;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < r.class_names.size(); ++i)
    for (std::size_t k = 0; k < r.class_names.size(); ++k)
      if (i != k && r.test.confusion[i][k] > 0) pairs.push_back({i, k, r.test.confusion[i][k]});
  std::ranges::stable_sort(pairs, std::greater{}, &Pair::images);
  pairs.resize(std::min<std::size_t>(pairs.size(), 12));
  if (pairs.empty()) return "";
  std::string items;
  for (const Pair& p : pairs)
    items += fmt::format("<li><span>{} taken for {}</span> {}</li>\n", escape(r.class_names[p.label]),
                         escape(r.class_names[p.predicted]), grouped(p.images));
  return card("Most frequent mistakes, in images", "<ol class=\"columns\">\n" + items + "</ol>\n");
}

std::string most_wrong(const RunResults& r) {
  if (r.test.most_wrong.empty()) return "";
  std::string html =
      "<p>The wrong answers that the network was surest of: the class that it chose, what the image shows, "
      "and the probability that it gave to each.</p>\n<div class=\"card\"><ul class=\"pictures\">\n";
  for (const WrongImage& w : r.test.most_wrong) {
    const std::string label = escape(r.class_names[static_cast<std::size_t>(w.label)]),
                      predicted = escape(r.class_names[static_cast<std::size_t>(w.predicted)]);
    html += fmt::format(
        "<li><img src=\"data:image/png;base64,{}\" alt=\"test image {}\"><div><b>{}</b>{}<br>"
        "<span class=\"muted\">is <strong>{}</strong>, {}<br>image {}</span></div></li>\n",
        w.png, w.index, predicted, percent(w.probability), label, percent(w.label_probability), w.index);
  }
  return html + "</ul></div>\n";
}

/// A picture of all filters, side by side on a transparent ground.
std::string filters(const Filters& f) {
  if (f.weights.empty()) return "";
  const int scale = std::max(2, 54 / f.kernel), cell = f.kernel * scale + 6, columns = std::min(f.out, 16),
            rows = (f.out + columns - 1) / columns, width = columns * cell, height = rows * cell;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4);
  const int size = f.kernel * f.kernel * f.in;
  for (int o = 0; o < f.out; ++o) {
    const auto filter =
        std::span(f.weights).subspan(static_cast<std::size_t>(o * size), static_cast<std::size_t>(size));
    const auto [low, high] = std::ranges::minmax(filter);
    const float range = high > low ? high - low : 1;
    for (int y = 0; y < f.kernel * scale; ++y)
      for (int x = 0; x < f.kernel * scale; ++x) {
        const auto weight =
            filter.subspan(static_cast<std::size_t>((y / scale * f.kernel + x / scale) * f.in));
        const int at = (o / columns * cell + y) * width + o % columns * cell + x;
        const auto pixel = std::span(pixels).subspan(static_cast<std::size_t>(at) * 4, 4);
        for (std::size_t c = 0; c < 3; ++c)  // grey unless there is a weight for each colour
          pixel[c] = static_cast<std::uint8_t>(255 * (weight[f.in == 3 ? c : 0] - low) / range + 0.5f);
        pixel[3] = 255;
      }
  }
  return fmt::format(
      "<p>{0} filters of {1} × {1} weights{2}. In each, black is its smallest and white its largest "
      "weight.</p>\n"
      "<div class=\"card\"><img class=\"filters\" width=\"{3}\" height=\"{4}\" alt=\"{0} filters of the "
      "first layer\" "
      "src=\"data:image/png;base64,{5}\"></div>\n",
      f.out, f.kernel,
      f.in == 3   ? " for each of red, green and blue"
      : f.in == 1 ? ""
                  : ", of their first channel",
      width, height, png_base64(pixels, width, height, 4));
}

std::string layers(const RunResults& r) {
  if (r.summary.empty()) return "";
  const auto with_share = [](std::int64_t part, std::int64_t all) {
    return bar(all ? static_cast<double>(part) / static_cast<double>(all) : 0, grouped(part));
  };
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, out, parameters, macs] : r.summary)
    rows.push_back({escape(name), fmt::format("{} × {} × {}", out.c, out.h, out.w),
                    with_share(static_cast<std::int64_t>(parameters), r.parameters),
                    with_share(macs, r.macs)});
  rows.push_back({"total", "", grouped(r.parameters), grouped(r.macs)});
  const std::string html = scroll_box(
      "Layers", table("", {{"layer", false}, {"output (c × h × w)", false}, {"parameters"}, {"MACs"}}, rows));
  if (rows.size() <= 12) return "<div class=\"card\">" + html + "</div>\n";
  return fmt::format(
      "<details class=\"card\"><summary>{} layers: {} parameters, {} multiply-accumulates (MACs) for one "
      "image"
      "</summary>\n{}</details>\n",
      r.summary.size(), grouped(r.parameters), grouped(r.macs), html);
}

std::string configuration(const Run& run) {
  if (run.config.empty()) return "";
  std::string html = "<div class=\"card\"><dl class=\"columns\">\n";
  for (const auto& [key, value] : run.config)
    html +=
        fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(key), value.empty() ? "–" : escape(value));
  return html + "</dl></div>\n";
}

std::string missing(const Run& run) {
  std::string html;
  if (!run.results)
    html += notice(
        "This run has not come to its end: there is no results.json, so test results and the network's "
        "layers are "
        "missing here.");
  else if (!run.results->finished)
    html += notice("This run was ended early, after " + epochs_done(run) + " epochs.");
  if (run.log.empty()) html += notice("There are no curves: log.csv is missing or has no epoch yet.");
  if (run.config.empty()) html += notice("There is no configuration: config.toml is missing or empty.");
  return html;
}

constexpr std::string_view footer =
    "<footer>Made from config.toml, log.csv and results.json of the run's folder. This page needs no other "
    "file and no "
    "network.</footer>\n";

}  // namespace

std::string render_report(const Run& run) {
  const std::string title =
      run.results ? run.results->architecture + " on " + run.results->data : "Run " + run.name();
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n", escape(title));
  if (run.results) body += fmt::format("<p class=\"muted\">Run {}</p>\n", escape(run.name()));
  body += missing(run) + headline(run) + "</header>\n" + section("Learning curves", learning_curves(run));
  if (run.results) {
    const RunResults& r = *run.results;
    if (r.test.images() > 0)
      body += section("Test images", "<div class=\"split\">\n" + confusion_matrix(r) + class_accuracies(r) +
                                         "</div>\n" + frequent_confusions(r));
    body += section("Most wrong", most_wrong(r)) + section("First layer", filters(r.first_layer));
  }
  body += section("Learning rate, speed and memory", cost_curves(run));
  if (run.results) body += section("Network", layers(*run.results));
  body += section("Configuration", configuration(run));
  return page(title, body + std::string(footer));
}

// --- several runs

namespace {

/// What a run's results don't depend on, or, as the seed, only by chance.
constexpr std::string_view indecisive[] = {"seed",           "threads", "resume",  "save-minutes",
                                           "data-dir",       "run-dir", "config",  "csv",
                                           "checkpoint-dir", "output",  "verbose", "name"};

using Settings = std::vector<std::string>;  // values, in the order of some keys

Settings settings_of(const Run& run, const std::vector<std::string>& keys) {
  Settings values;
  for (const std::string& key : keys) values.push_back(run.option(key));
  return values;
}

std::vector<std::string> decisive_keys(std::span<const Run> runs) {
  std::vector<std::string> keys;
  for (const Run& run : runs)
    for (const auto& [key, value] : run.config)
      if (std::ranges::find(indecisive, key) == std::end(indecisive) &&
          std::ranges::find(keys, key) == keys.end())
        keys.push_back(key);
  return keys;
}

/// Runs that differ in nothing but the seed.
struct Group {
  std::string label;
  int color = 0;
  std::vector<const Run*> runs;

  /// The runs that have ended; all if there is none: what means are taken over.
  std::vector<const Run*> counted() const {
    std::vector<const Run*> ended;
    std::ranges::copy_if(runs, std::back_inserter(ended),
                         [](const Run* run) { return run->results.has_value(); });
    return ended.empty() ? runs : ended;
  }
};

struct Comparison {
  std::vector<std::string> differing;  // keys
  std::vector<Group> groups;           // in the order of their first runs

  explicit Comparison(std::span<const Run> runs) {
    const std::vector<std::string> keys = decisive_keys(runs);
    for (const std::string& key : keys)
      if (std::ranges::any_of(runs, [&](const Run& run) { return run.option(key) != runs[0].option(key); }))
        differing.push_back(key);
    std::map<Settings, std::size_t> known;
    for (const Run& run : runs) {
      Settings settings = settings_of(run, keys);
      if (run.config.empty()) settings.push_back(run.folder);  // nobody knows: alone
      const auto [found, added] = known.try_emplace(settings, groups.size());
      if (added) groups.push_back({label(run), static_cast<int>(groups.size()), {}});
      groups[found->second].runs.push_back(&run);
    }
  }

 private:
  std::string label(const Run& run) const {
    if (run.config.empty() || differing.empty() || differing.size() > 3) return run.name();
    std::string text;
    for (const std::string& key : differing)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, run.option(key));
    return text;
  }
};

struct Statistics {
  std::vector<double> values;

  Statistics(const Group& group, std::optional<double> (*quantity)(const Run&)) {
    for (const Run* run : group.counted())
      if (const std::optional<double> value = quantity(*run)) values.push_back(*value);
  }
  double mean() const {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
  /// Of the runs as a sample of more: divided by n - 1.
  double deviation() const {
    double sum = 0;
    for (const double value : values) sum += (value - mean()) * (value - mean());
    return std::sqrt(sum / static_cast<double>(values.size() - 1));
  }
  std::string text(int decimals, std::string_view unit) const {
    if (values.empty()) return "–";
    if (values.size() == 1) return fmt::format("{:.{}f}{}", mean(), decimals, unit);
    return fmt::format("{:.{}f} ± {:.{}f}{}", mean(), decimals, deviation(), decimals, unit);
  }
};

std::optional<double> test_accuracy(const Run& run) {
  if (!run.results || run.results->test.images() == 0) return {};
  return 100 * run.results->test.accuracy();
}
std::optional<double> test_loss(const Run& run) {
  if (!run.results || run.results->test.images() == 0) return {};
  return run.results->test.loss;
}
std::optional<double> minutes(const Run& run) {
  if (run.log.empty() && !run.results) return {};
  return seconds(run) / 60;
}

bool is_dashed(const Group& group) { return group.color / colors % 2 == 1; }

std::string key_of(const Group& group) {
  return fmt::format("<span class=\"key c{}{}\"></span>", group.color % colors,
                     is_dashed(group) ? " dash" : "");
}

/// The mean over the epochs that all of the counted runs have.
Series mean_curve(const Group& group, const Quantity& q) {
  const auto runs = group.counted();
  Series mean = curve(*runs[0], q, group.label, group.color, is_dashed(group));
  for (std::size_t r = 1; r < runs.size(); ++r) {
    mean.y.resize(std::min(mean.y.size(), runs[r]->log.size()));
    for (std::size_t i = 0; i < mean.y.size(); ++i) mean.y[i] += q.value(runs[r]->log[i]);
  }
  mean.x.resize(mean.y.size());
  for (double& y : mean.y) y /= static_cast<double>(runs.size());
  return mean;
}

std::string overlaid(const Comparison& comparison, Quantity q, const std::string& title) {
  std::vector<Series> series;
  for (const Group& group : comparison.groups) {
    if (group.runs.size() > 1)
      for (const Run* run : group.runs)
        series.push_back(curve(*run, q, run->name(), group.color)), series.back().faint = true;
    series.push_back(mean_curve(group, q));
  }
  q.title = title;
  return chart(q, std::move(series));
}

/// Where the values lie between the least and the largest of all groups: a dot for each.
std::string strip(const Group& group, const Statistics& statistics, double low, double high) {
  const auto x = [&](double value) { return high > low ? 8 + 144 * (value - low) / (high - low) : 80; };
  std::string dots;
  for (const double value : statistics.values)
    dots += fmt::format("<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"9\" r=\"4.5\" fill-opacity=\".6\"/>",
                        group.color % colors, x(value));
  return fmt::format(
      "<svg class=\"strip\" viewBox=\"0 0 160 18\" role=\"img\" aria-label=\"{} runs\"><path "
      "class=\"gridline\" "
      "d=\"M2 9H158\"/>{}</svg>",
      statistics.values.size(), dots);
}

std::string ended_runs(const Group& group) {
  const auto ended =
      std::ranges::count_if(group.runs, [](const Run* run) { return run->results.has_value(); });
  const auto all = std::ssize(group.runs);
  return ended == all ? std::to_string(all) : fmt::format("{} of {}", ended, all);
}

std::string groups_table(const Comparison& comparison) {
  double low = INFINITY, high = -INFINITY;
  for (const Group& group : comparison.groups)
    for (const double value : Statistics(group, test_accuracy).values)
      low = std::min(low, value), high = std::max(high, value);
  std::vector<std::vector<std::string>> rows;
  for (const Group& group : comparison.groups) {
    const Statistics accuracy(group, test_accuracy);
    rows.push_back({key_of(group) + escape(group.label), ended_runs(group), accuracy.text(2, " %"),
                    strip(group, accuracy, low, high), Statistics(group, test_loss).text(4, ""),

                    Statistics(group, minutes).text(1, " min")});
  }
  const std::string range = low <= high ? fmt::format("each run, {:.2f} to {:.2f} %", low, high) : "each run";
  return "<p>Mean ± standard deviation (n − 1) over the runs that differ in nothing but the seed.</p>\n<div "
         "class=\"card\">" +
         scroll_box("Configurations", table("",
                                            {{"configuration", false},
                                             {"ended runs"},
                                             {"test accuracy"},
                                             {range, false},
                                             {"test loss"},
                                             {"time"}},
                                            rows)) +
         "</div>\n";
}

std::string runs_table(const Comparison& comparison) {
  std::vector<Column> columns{{"run", false}};
  for (const std::string& key : comparison.differing) columns.push_back({key, false});
  for (const char* name : {"seed", "test accuracy", "test loss", "epochs", "time", "parameters"})
    columns.push_back({name});
  std::vector<std::vector<std::string>> rows;
  for (const Group& group : comparison.groups)
    for (const Run* run : group.runs) {
      std::vector<std::string>& row = rows.emplace_back();
      row.push_back(key_of(group) + escape(run->name()));
      for (const std::string& value : settings_of(*run, comparison.differing))
        row.push_back(value.empty() ? "–" : escape(value));
      const std::string seed = run->results ? std::to_string(run->results->seed) : run->option("seed");
      const auto accuracy = test_accuracy(*run), loss = test_loss(*run);
      row.push_back(escape(seed));
      row.push_back(accuracy ? fmt::format("{:.2f} %", *accuracy) : "not finished");
      row.push_back(loss ? fmt::format("{:.4f}", *loss) : "–");
      row.push_back(escape(epochs_done(*run)));
      row.push_back(duration(seconds(*run)));
      row.push_back(run->results ? grouped(run->results->parameters) : "–");
    }
  return "<div class=\"card\">" + scroll_box("Runs", table("", columns, rows)) + "</div>\n";
}

}  // namespace

std::string render_comparison(std::span<const Run> runs) {
  const Comparison comparison(runs);
  const std::string title = fmt::format("{} runs compared", runs.size());
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n", title);
  body += comparison.differing.empty()
              ? "<p class=\"muted\">They have the same settings, apart from the seed.</p>\n"
              : fmt::format("<p class=\"muted\">Settings that differ: {}.</p>\n",
                            escape(fmt::format("{}", fmt::join(comparison.differing, ", "))));
  for (const Run& run : runs)
    if (!run.results)
      body += notice("Run " + run.name() + " has not come to its end: it has no results.json.");
  body +=
      "</header>\n" + section("Results", groups_table(comparison)) + section("Runs", runs_table(comparison));
  body += section("Learning curves", grid(overlaid(comparison, held_out_accuracy, "Held-out accuracy") +
                                          overlaid(comparison, train_accuracy, "Training accuracy") +
                                          overlaid(comparison, held_out_loss, "Held-out loss") +
                                          overlaid(comparison, train_loss, "Training loss")));
  body += section(
      "Learning rate, speed and memory",
      grid(overlaid(comparison, learning_rate, learning_rate.title) +
           overlaid(comparison, speed, speed.title) + overlaid(comparison, epoch_time, epoch_time.title) +
           overlaid(comparison, memory, memory.title)));
  return page(title, body + std::string(footer));
}

void write_page(const std::string& path, const std::string& html) {
  resnet::AtomicFile file(path);
  file.write(html.data(), html.size());
  file.commit();
}
