// SPDX-License-Identifier: MIT
// What the page of one run and the comparison have in common: the quantities of a log as curves.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "html.hpp"
#include "run.hpp"

namespace html {

/// With the number that was asked for, if that is another one.
inline std::string epochs_done(const Run& run) {
  const std::string done = std::to_string(run.results ? static_cast<std::size_t>(run.results->epochs) : run.log.size());
  const std::string wanted = run.option("epochs");
  return wanted.empty() || wanted == done ? done : done + " of " + wanted;
}

inline double seconds(const Run& run) {
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

inline const Quantity train_loss{"Training loss", "cross-entropy", "{:.4f}", [](auto& row) { return row.train_loss; }};
inline const Quantity held_out_loss{"Loss", "cross-entropy", "{:.4f}", [](auto& row) { return row.loss; }};
inline const Quantity train_accuracy{"Training accuracy", "accuracy in %", "{:.2f} %",
                                     [](auto& row) { return 100 * row.train_accuracy; }, false};
inline const Quantity held_out_accuracy{"Accuracy", "accuracy in %", "{:.2f} %",
                                        [](auto& row) { return 100 * row.accuracy; }, false};
inline const Quantity learning_rate{"Learning rate", "learning rate", "{:.3g}", [](auto& row) { return row.lr; }};
inline const Quantity epoch_time{"Time per epoch", "seconds", "{:.1f} s", [](auto& row) { return row.seconds; }};
inline const Quantity speed{"Training speed", "images per second", "{:.0f} images/s",
                            [](auto& row) { return row.images_per_second; }};
inline const Quantity memory{"Peak memory", "MB", "{:.0f} MB", [](auto& row) { return row.memory_mb; }};

inline Series curve(const Run& run, const Quantity& q, std::string name, int color, bool dashed = false) {
  Series s{.name = std::move(name), .color = color, .x = {}, .y = {}, .dashed = dashed};
  for (const EpochRow& row : run.log) s.x.push_back(row.epoch), s.y.push_back(q.value(row));
  return s;
}

/// By step, as the schedule gives it, where config.toml explains the values of log.csv; else these, one for each epoch.
Series learning_rate_curve(const Run& run, std::string name, int color, bool dashed = false);

inline std::string chart(const Quantity& q, std::vector<Series> series) {
  return line_chart({q.title, q.y_label, q.number, std::move(series), q.from_zero});
}

inline std::string grid(const std::string& content) {
  return content.empty() ? "" : "<div class=\"grid\">\n" + content + "</div>\n";
}

inline constexpr std::string_view footer =
    "<footer>Made from config.toml, log.csv and results.json of a run's folder. This page needs no other "
    "file "
    "and no network.</footer>\n";

}  // namespace html
