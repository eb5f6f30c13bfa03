// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "curves.hpp"
#include "html.hpp"
#include "report.hpp"

using namespace html;
using resnet::grouped;

namespace {

/// What a run's results don't depend on, or, as the seed, only by chance.
constexpr std::string_view indecisive[] = {"seed", "threads", "resume", "save-minutes", "data-dir", "run-dir"};

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
      if (std::ranges::find(indecisive, key) == std::end(indecisive) && std::ranges::find(keys, key) == keys.end())
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
    std::ranges::copy_if(runs, std::back_inserter(ended), [](const Run* run) { return run->results.has_value(); });
    return ended.empty() ? runs : ended;
  }
};

struct Comparison {
  std::span<const Run> runs;
  std::vector<std::string> differing;  // keys
  std::vector<Group> groups;           // in the order of their first runs

  explicit Comparison(std::span<const Run> all) : runs(all) {
    const std::vector<std::string> keys = decisive_keys(runs);
    for (const std::string& key : keys)
      if (std::ranges::any_of(runs, [&](const Run& run) { return run.option(key) != runs[0].option(key); }))
        differing.push_back(key);
    std::map<Settings, std::size_t> known;
    for (const Run& run : runs) {
      Settings settings = settings_of(run, keys);
      if (run.config.empty()) settings.push_back(run.folder);  // nobody knows: alone
      const auto [found, added] = known.try_emplace(settings, groups.size());
      if (added) groups.push_back({"", static_cast<int>(groups.size()), {}});
      groups[found->second].runs.push_back(&run);
    }
    for (Group& group : groups) group.label = label(group);
  }

  /// The folder's own name, if no other run has the same.
  std::string name(const Run& run) const {
    const auto same = [&](const Run& other) { return other.name() == run.name(); };
    return std::ranges::count_if(runs, same) == 1 ? run.name() : run.folder;
  }

 private:
  /// The settings that differ, unless they are many.
  std::string label(const Group& group) const {
    const Run& first = *group.runs[0];
    if (first.config.empty() || differing.empty() || differing.size() > 3)
      return name(first) + (group.runs.size() > 1 ? fmt::format(" and {} more", group.runs.size() - 1) : "");
    std::string text;
    for (const std::string& key : differing)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, first.option(key));
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
  std::string duration() const {
    if (values.empty()) return "–";
    return html::duration(mean()) + (values.size() > 1 ? " ± " + html::duration(deviation()) : "");
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
std::optional<double> run_seconds(const Run& run) {
  if (run.log.empty() && !run.results) return {};
  return seconds(run);
}

bool is_dashed(const Group& group) { return group.color / colors % 2 == 1; }

std::string key_of(const Group& group) {
  return fmt::format("<span class=\"key c{}{}\"></span>", group.color % colors, is_dashed(group) ? " dash" : "");
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
      for (const Run* run : group.runs) series.push_back(curve(*run, q, "", group.color)), series.back().faint = true;
    series.push_back(mean_curve(group, q));
  }
  q.title = title;
  return chart(q, std::move(series));
}

/// The runs of a group have the same.
std::string learning_rates(const Comparison& comparison) {
  std::vector<Series> series;
  for (const Group& group : comparison.groups)
    series.push_back(learning_rate_curve(*group.counted()[0], group.label, group.color, is_dashed(group)));
  return chart(learning_rate, std::move(series));
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
  const auto ended = std::ranges::count_if(group.runs, [](const Run* run) { return run->results.has_value(); });
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
    rows.push_back({key_of(group) + escape(group.label), accuracy.text(2, " %"), strip(group, accuracy, low, high),
                    ended_runs(group), Statistics(group, test_loss).text(4, ""),
                    Statistics(group, run_seconds).duration()});
  }
  const std::string range = low <= high ? fmt::format("each run, {:.2f} to {:.2f} %", low, high) : "each run";
  return "<p>Mean ± standard deviation (n − 1) over the runs that differ in nothing but the seed.</p>\n<div "
         "class=\"card\">" +
         scroll_box(
             "Configurations",
             table(
                 "",
                 {{"configuration", false}, {"test accuracy"}, {range, false}, {"ended runs"}, {"test loss"}, {"time"}},
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
      row.push_back(key_of(group) + escape(comparison.name(*run)));
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
  body += comparison.differing.empty() ? "<p class=\"muted\">They have the same settings, apart from the seed.</p>\n"
                                       : fmt::format("<p class=\"muted\">Settings that differ: {}.</p>\n",
                                                     escape(fmt::format("{}", fmt::join(comparison.differing, ", "))));
  for (const Run& run : runs)
    if (!run.results)
      body += notice("Run " + comparison.name(run) + " has not come to its end: it has no results.json.");
  body += "</header>\n" + section("Results", groups_table(comparison)) + section("Runs", runs_table(comparison));
  body += section("Learning curves", grid(overlaid(comparison, held_out_accuracy, "Held-out accuracy") +
                                          overlaid(comparison, train_accuracy, "Training accuracy") +
                                          overlaid(comparison, held_out_loss, "Held-out loss") +
                                          overlaid(comparison, train_loss, "Training loss")));
  body +=
      section("Learning rate, speed and memory",
              grid(learning_rates(comparison) + overlaid(comparison, speed, speed.title) +
                   overlaid(comparison, epoch_time, epoch_time.title) + overlaid(comparison, memory, memory.title)));
  return page(title, body + std::string(footer));
}
