// SPDX-License-Identifier: MIT
#include "html.hpp"

#include <resnet/summary.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace html {

using resnet::grouped;

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  return safe;
}

std::string compact(std::int64_t number) {
  static constexpr std::string_view units[] = {"", " k", " M", " G", " T"};
  std::size_t unit = 0;
  double value = static_cast<double>(number);
  for (; value >= 999.5 && unit + 1 < std::size(units); ++unit) value /= 1000;
  return unit ? fmt::format("{:.{}f}{}", value,
                            value < 10    ? 2
                            : value < 100 ? 1
                                          : 0,
                            units[unit])
              : std::to_string(number);
}

std::string percent(double share, int decimals) { return fmt::format("{:.{}f}\u00a0%", 100 * share, decimals); }

std::string duration(double seconds) {
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  if (!(seconds < 1e15)) return fmt::format("{:g} s", seconds);
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  return s < 3600 ? fmt::format("{} min {} s", s / 60, s % 60) : fmt::format("{} h {} min", s / 3600, s / 60 % 60);
}

namespace {

// Colours after Okabe and Ito (jfly.uni-koeln.de/color), darker on white and lighter on black for contrast.
constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--text:#1a2129;--muted:#586472;--line:#dbe1e7;--grid:#e8ecf0;
--c0:#0072b2;--c1:#d55e00;--c2:#008f68;--c3:#b0468c;--c4:#a67c00;--c5:#3a3f8f}
@media(prefers-color-scheme:dark){:root{--page:#0e1217;--card:#171d24;--text:#e7ebef;--muted:#9ba7b4;--line:#2d3742;
--grid:#252d36;--c0:#56b4e9;--c1:#ff9248;--c2:#2ecc9a;--c3:#e58ac4;--c4:#e6c229;--c5:#aab4ff}}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:1120px;margin:0 auto;padding:40px 20px 56px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;margin:44px 0 14px}
h3{font-size:15px;margin:0}
p{margin:0 0 12px;max-width:75ch}
small,.muted,footer{color:var(--muted);font-size:13px}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:14px}
.card,.tiles>div{background:var(--card);border:1px solid var(--line);border-radius:10px}
.card{padding:16px;margin:0;min-width:0}
.card>h3{margin-bottom:10px}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
.split{display:grid;grid-template-columns:minmax(0,1.4fr) minmax(0,1fr);gap:16px;margin-bottom:16px}
.notice{border-left:4px solid var(--c1);background:var(--card);padding:10px 14px;border-radius:0 8px 8px 0;margin:16px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin:24px 0 0}
.tiles>div{padding:12px 16px}
.tiles>.main{grid-column:span 2;grid-row:span 2;border-left:5px solid var(--c0)}
.tiles dt{color:var(--muted);font-size:13px}
.tiles dd{margin:2px 0 0;font-size:21px;font-weight:600;line-height:1.3}
.tiles small{display:block;font-weight:400}
.tiles .main dd{font-size:48px;line-height:1.3;letter-spacing:-.02em}
.main small{letter-spacing:0;line-height:1.5}
figcaption{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:baseline;justify-content:space-between;margin-bottom:8px}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;list-style:none;margin:0;padding:0;font-size:13px;color:var(--muted)}
.legend b{color:var(--text)}
.key{display:inline-block;width:18px;border-top:3px solid var(--c);margin-right:6px;vertical-align:middle}
.key.dash{border-top-style:dashed}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:10.5px;fill:var(--muted)}
.gridline{stroke:var(--grid)}
.axis{stroke:var(--muted);stroke-opacity:.6}
.curve{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
.curve.faint{stroke-width:1;stroke-opacity:.45}
.curve.dash{stroke-dasharray:5 3}
.dot{fill:var(--c)}
.hit rect{fill:transparent}
.hit path{stroke:var(--muted);stroke-dasharray:2 2}
.hit path,.hit circle{opacity:0;pointer-events:none}
.hit:hover path,.hit:hover circle{opacity:1}
.tip{position:fixed;z-index:9;pointer-events:none;white-space:pre-line;background:var(--text);color:var(--page);
font-size:13px;line-height:1.4;padding:6px 10px;border-radius:6px;max-width:340px}
.scroll{overflow:auto;max-height:640px}
table{border-collapse:collapse;font-size:14px;width:100%}
caption{text-align:left;color:var(--muted);font-size:13px;padding-bottom:8px}
th,td{padding:5px 10px;border-bottom:1px solid var(--grid);text-align:left;white-space:nowrap}
thead th{color:var(--muted);font-weight:600;font-size:13px;border-bottom-color:var(--line)}
tbody th{font-weight:500}
.num{text-align:right}
tr:last-child>*{border-bottom:0}
.bar{display:grid;grid-template-columns:minmax(60px,1fr) auto;gap:10px;align-items:center}
.bar span{min-width:4em;text-align:right}
.num .bar span{min-width:7.5em}
.bar i{height:10px;border-radius:3px;background:linear-gradient(90deg,var(--c0) var(--share),var(--grid) 0)}
.matrix{border-collapse:separate;border-spacing:2px;font-size:13px}
.matrix th{border:0;font-size:13px;font-weight:500;color:var(--text)}
.matrix tbody th{position:sticky;left:0;background:var(--card);text-align:right;padding:0 8px 0 0}
.matrix thead th{position:sticky;top:0;z-index:1;background:var(--card);writing-mode:vertical-rl;rotate:180deg;padding:4px 0 4px 8px;text-align:left}
.matrix thead th.corner{writing-mode:initial;rotate:none;vertical-align:bottom;text-align:right;padding:0 8px 4px 0;
color:var(--muted);font-size:12px;white-space:normal;overflow-wrap:normal;left:0;z-index:2}
.matrix td{border:0;padding:0 2px;min-width:38px;height:32px;text-align:center;border-radius:4px;
background:color-mix(in srgb,var(--c1) var(--a,0%),var(--page))}
.matrix td.right{font-weight:600;background:color-mix(in srgb,var(--c0) var(--a),var(--page))}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(164px,1fr));gap:14px 16px;list-style:none;margin:0;padding:0}
.pictures li{display:grid;grid-template-columns:72px 1fr;gap:10px;align-items:center;font-size:13px;line-height:1.35}
.pictures img{width:72px;height:72px;border-radius:6px}
.pictures b{display:block;font-size:14px}
img{image-rendering:pixelated;display:block}
.strip{width:130px}
.filters{max-width:100%;height:auto}
details>summary{cursor:pointer;padding:2px 0}
details[open]>summary{margin-bottom:10px}
.columns{columns:300px;column-gap:36px;margin:0;padding:0;list-style:none;font-size:14px}
.columns>*{display:flex;justify-content:space-between;gap:16px;border-bottom:1px solid var(--grid);padding:4px 0;break-inside:avoid}
.columns dt{color:var(--muted);white-space:nowrap}
.columns dd{margin:0;text-align:right}
@media(max-width:900px){.split{grid-template-columns:minmax(0,1fr)}}
@media(max-width:600px){main{padding:24px 14px 40px}h1{font-size:25px}.card{padding:12px}
.tiles{grid-template-columns:repeat(auto-fit,minmax(140px,1fr))}svg text{font-size:13px}
.pictures{grid-template-columns:repeat(auto-fill,minmax(136px,1fr));gap:12px 8px}
.pictures li{grid-template-columns:48px 1fr;gap:8px}.pictures img{width:48px;height:48px}}
@media print{.card,.tiles>div{break-inside:avoid}.scroll{max-height:none}}
)css";

// Without it nothing is missing but this: charts' values and the matrix's classes at the pointer.
constexpr std::string_view script = R"js(
const tip=document.createElement('div');tip.className='tip';tip.hidden=true;document.body.append(tip);
function about(target){
  const hit=target.closest('.hit');
  if(hit){const title=hit.querySelector('title');if(title){hit.dataset.tip=title.textContent;title.remove()}return hit.dataset.tip}
  const td=target.closest('.matrix td');
  return td&&`${td.textContent||0} of class ${td.parentNode.cells[0].textContent}\nclassified as ${
    td.closest('table').rows[0].cells[td.cellIndex].textContent}`;
}
function move(e){
  const text=about(e.target);tip.hidden=!text;if(!text)return;
  tip.textContent=text;
  tip.style.left=Math.max(4,Math.min(e.clientX+14,innerWidth-tip.offsetWidth-8))+'px';
  tip.style.top=Math.max(4,e.clientY-tip.offsetHeight-14)+'px';
}
document.addEventListener('pointermove',move);document.addEventListener('pointerdown',move);
)js";

}  // namespace

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n<script>{}</script>\n"
      "</body>\n</html>\n",
      escape(title), style, body, script);
}

std::string section(std::string_view heading, std::string_view content) {
  return content.empty() ? "" : fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", escape(heading), content);
}

std::string notice(std::string_view text) {
  return fmt::format("<p class=\"notice\" role=\"note\">{}</p>\n", escape(text));
}

std::string scroll_box(std::string_view label, std::string_view content) {
  return fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n{}</div>\n",
                     escape(label), content);
}

std::string table(std::string_view caption, const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows) {
  const auto kind = [&](std::size_t column) { return columns[column].number ? " class=\"num\"" : ""; };
  std::string html = "<table>\n";
  if (!caption.empty()) html += fmt::format("<caption>{}</caption>\n", escape(caption));
  html += "<thead><tr>";
  for (std::size_t i = 0; i < columns.size(); ++i)
    html += fmt::format("<th scope=\"col\"{}>{}</th>", kind(i), escape(columns[i].name));
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    html += fmt::format("<tr><th scope=\"row\"{}>{}</th>", kind(0), row[0]);
    for (std::size_t i = 1; i < row.size(); ++i) html += fmt::format("<td{}>{}</td>", kind(i), row[i]);
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n";
}

std::string tiles(const std::vector<Tile>& tiles) {
  std::string html = "<dl class=\"tiles\">\n";
  for (const Tile& tile : tiles)
    html += fmt::format("<div{}><dt>{}</dt><dd>{}{}</dd></div>\n", &tile == tiles.data() ? " class=\"main\"" : "",
                        escape(tile.label), escape(tile.value),
                        tile.detail.empty() ? "" : "<small>" + escape(tile.detail) + "</small>");
  return html + "</dl>\n";
}

std::string bar(double share, std::string_view number) {
  return fmt::format("<div class=\"bar\"><i style=\"--share:{:.1f}%\"></i><span>{}</span></div>", 100 * share,
                     escape(number));
}

// --- line charts

namespace {

/// Round numbers that cover [low, high].
struct Axis {
  double low, high, step;

  Axis(double from, double to, bool whole) : low(from), high(to) {
    if (!(low < high)) {
      const double margin = high != 0 ? 0.1 * std::abs(high) : 1;
      low -= margin, high += margin;
    }
    const double wish = (high - low) / 6, power = std::pow(10, std::floor(std::log10(wish)));
    step = wish <= power ? power : wish <= 2 * power ? 2 * power : wish <= 5 * power ? 5 * power : 10 * power;
    if (whole) step = std::max(1.0, step);
    low = step * std::floor(low / step + 1e-9), high = whole ? high : step * std::ceil(high / step - 1e-9);
  }
  int ticks() const { return static_cast<int>((high - low) / step + 1e-9) + 1; }
  double tick(int i) const { return low + i * step; }
  std::string label(int i) const {
    const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
    const double value = std::abs(tick(i)) < step / 2 ? 0 : tick(i);
    if (decimals > 4 || std::abs(value) >= 1e15) return fmt::format("{:.3g}", value);
    return decimals ? fmt::format("{:.{}f}", value, decimals) : grouped(std::llround(value));
  }
  double share(double value) const { return (value - low) / (high - low); }
};

/// Also no axis reaches from -1e308 to 1e308.
bool can_be_drawn(double y) { return std::abs(y) < 1e100; }

constexpr double width = 440, height = 250, left = 52, right = 432, top = 10, bottom = 212;

}  // namespace

std::string line_chart(const LineChart& chart) {
  double y_low = chart.from_zero ? 0 : INFINITY, y_high = -INFINITY, x_high = 0;
  std::map<double, std::string> at;  // what the pointer shows at each x
  std::map<double, std::string> dots;
  const auto number = [&](double y) { return fmt::format(fmt::runtime(chart.number), y); };
  for (const Series& s : chart.series)
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!can_be_drawn(s.y[i])) continue;
      y_low = std::min(y_low, s.y[i]), y_high = std::max(y_high, s.y[i]), x_high = std::max(x_high, s.x[i]);
      if (!s.faint) at[s.x[i]] += fmt::format("\n{}{}{}", s.name, s.name.empty() ? "" : ": ", number(s.y[i]));
    }
  if (at.empty()) return "";
  const Axis x_axis(0, x_high, true), y_axis(y_low, y_high, false);
  const auto px = [&](double x) { return left + (right - left) * x_axis.share(x); };
  const auto py = [&](double y) { return bottom - (bottom - top) * y_axis.share(y); };

  std::string legend, axes, curves, hits;
  for (int i = 0; i < y_axis.ticks(); ++i)
    axes += fmt::format(
        "<path class=\"gridline\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>\n",
        left, py(y_axis.tick(i)), right, left - 7, py(y_axis.tick(i)) + 3.5, y_axis.label(i));
  for (int i = 0; i < x_axis.ticks(); ++i)
    axes += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", px(x_axis.tick(i)),
                        bottom + 16, x_axis.label(i));
  axes += fmt::format(
      "<path class=\"axis\" d=\"M{} {}H{}\"/>\n<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n"
      "<text transform=\"translate(11 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      left, bottom, right, (left + right) / 2, height - 4, escape(chart.x_label), (top + bottom) / 2,
      escape(chart.y_label));

  for (const Series& s : chart.series) {
    const std::string color = fmt::format("c{}", s.color % colors), dash = s.dashed ? " dash" : "";
    std::string path, last;
    bool pen_down = false;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const bool drawn = can_be_drawn(s.y[i]);
      if (drawn) {
        const std::string point = fmt::format("{:.1f} {:.1f}", px(s.x[i]), py(s.y[i]));
        path += (pen_down ? "L" : "M") + point;
        last = fmt::format("cx=\"{:.1f}\" cy=\"{:.1f}\"", px(s.x[i]), py(s.y[i]));
        if (!s.faint) dots[s.x[i]] += fmt::format("<circle class=\"dot {}\" {} r=\"3.2\"/>", color, last);
      }
      pen_down = drawn;
    }
    if (path.empty()) continue;
    curves += fmt::format("<path class=\"curve {}{}{}\" d=\"{}\"/>\n", color, dash, s.faint ? " faint" : "", path);
    if (s.faint) continue;
    curves += fmt::format("<circle class=\"dot {}\" {} r=\"2.6\"/>\n", color, last);
    legend +=
        fmt::format("<li><span class=\"key {}{}\"></span>{} <b>{}</b></li>", color, dash,
                    s.name.empty() ? "last" : escape(s.name), can_be_drawn(s.y.back()) ? number(s.y.back()) : "–");
  }
  double begin = left;
  for (auto point = at.begin(); point != at.end(); ++point) {  // each x has the strip that is nearest to it
    const auto next = std::next(point);
    const double x = px(point->first), end = next == at.end() ? right : (x + px(next->first)) / 2;
    hits += fmt::format(
        "<g class=\"hit\"><title>{} {:g}{}</title><rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" "
        "height=\"{}\"/>"
        "<path d=\"M{:.1f} {}V{}\"/>{}</g>\n",
        escape(chart.x_label), point->first, escape(point->second), begin, top, end - begin, bottom - top, x, top,
        bottom, dots[point->first]);
    begin = end;
  }
  return fmt::format(
      "<figure class=\"card\">\n<figcaption><h3>{0}</h3><ul class=\"legend\">{1}</ul></figcaption>\n"
      "<svg viewBox=\"0 0 {2} {3}\" role=\"img\" aria-label=\"{0} by {4}\">\n{5}{6}{7}</svg>\n</figure>\n",
      escape(chart.title), legend, width, height, escape(chart.x_label), axes, curves, hits);
}

}  // namespace html
