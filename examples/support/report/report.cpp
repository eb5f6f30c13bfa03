// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../picture.hpp"
#include "base64.hpp"
#include "curves.hpp"
#include "html.hpp"

using namespace html;
using resnet::grouped;

namespace {

std::string card(std::string_view heading, const std::string& content) {
  return fmt::format("<div class=\"card\">\n<h3>{}</h3>\n{}</div>\n", escape(heading), content);
}

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
    facts = {
        {"Latest " + last.held_out + " accuracy", percent(last.accuracy), fmt::format("after epoch {}", last.epoch)},
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
  std::string charts = chart(learning_rate, {learning_rate_curve(run, "", 0)});
  for (const Quantity& q : {speed, epoch_time, memory}) charts += chart(q, {curve(run, q, "", 0)});
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
  for (const std::string& name : r.class_names) html += fmt::format("<th scope=\"col\">{}</th>", escape(name));
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
  return card(
      "Accuracy of each class, the hardest first",
      scroll_box("Accuracy of each class", table("", {{"class", false}, {"accuracy", false}, {"images"}}, rows)));
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
    const auto [least, greatest] = std::ranges::minmax(filter);
    const double low = least, range = greatest > least ? greatest - low : 1;  // a float can't hold every difference
    for (int y = 0; y < f.kernel * scale; ++y)
      for (int x = 0; x < f.kernel * scale; ++x) {
        const auto weight = filter.subspan(static_cast<std::size_t>((y / scale * f.kernel + x / scale) * f.in));
        const int at = (o / columns * cell + y) * width + o % columns * cell + x;
        const auto pixel = std::span(pixels).subspan(static_cast<std::size_t>(at) * 4, 4);
        for (std::size_t c = 0; c < 3; ++c)  // grey unless there is a weight for each colour
          pixel[c] = static_cast<std::uint8_t>(255 * (weight[f.in == 3 ? c : 0] - low) / range + 0.5);
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
      width, height, base64(encode_png(pixels, width, height, 4)));
}

std::string layers(const RunResults& r) {
  if (r.summary.empty()) return "";
  const auto with_share = [](std::int64_t part, std::int64_t all) {
    return bar(all ? static_cast<double>(part) / static_cast<double>(all) : 0, grouped(part));
  };
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, out, parameters, macs] : r.summary)
    rows.push_back({escape(name), fmt::format("{} × {} × {}", out.c, out.h, out.w),
                    with_share(static_cast<std::int64_t>(parameters), r.parameters), with_share(macs, r.macs)});
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
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(key), value.empty() ? "–" : escape(value));
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

}  // namespace

std::string render_report(const Run& run) {
  const std::string title = run.results ? run.results->architecture + " on " + run.results->data : "Run " + run.name();
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
