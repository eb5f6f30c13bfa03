// SPDX-License-Identifier: MIT
// The parts that a report's page is made of. What comes from outside goes through escape().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace html {

/// Safe as text and as a quoted attribute.
std::string escape(std::string_view text);

/// 11.2 M
std::string compact(std::int64_t number);
/// 94.91 %, of a value in [0, 1]
std::string percent(double share, int decimals = 2);
/// 0.12 s, 12.3 s, 4 min 5 s or 1 h 23 min
std::string duration(double seconds);

/// A whole document: its style, and a script that shows what the pointer is on. Needs no other file.
std::string page(std::string_view title, std::string_view body);

/// A section with a heading; nothing if there is no content.
std::string section(std::string_view heading, std::string_view content);
/// A remark that stands out.
std::string notice(std::string_view text);
/// A box that scrolls sideways where its content is wider than the page.
std::string scroll_box(std::string_view label, std::string_view content);

struct Column {
  std::string name;
  bool number = true;  // else text, at the left
};
/// Cells are HTML. The first column heads the rows.
std::string table(std::string_view caption, const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows);

struct Tile {
  std::string label, value, detail;  // detail may be empty
};
/// The first one is the largest.
std::string tiles(const std::vector<Tile>& tiles);

/// A number in front of a bar of this share of the cell's width.
std::string bar(double share, std::string_view number);

inline constexpr int colors = 6;  // of the style: the classes c0 to c5

struct Series {
  std::string name;  // may be empty if it is the only one
  int color = 0;     // counted modulo colors
  std::vector<double> x, y;
  bool dashed = false;
  bool faint = false;  // thin, and not in the legend
};

struct LineChart {
  std::string title, y_label;
  std::string number = "{:.4g}";  // fmt's format of a value of y
  std::vector<Series> series;     // points that are not finite, or beyond ±1e100, are left out
  bool from_zero = false;
  std::string x_label = "epoch";
};
/// A figure with axes, a legend with the last values, and the values at each x for the pointer.
std::string line_chart(const LineChart& chart);

}  // namespace html
