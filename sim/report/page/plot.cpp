#include "sim/report/page/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/core/xml_text.h"
#include "sim/report/page/style.h"

namespace xs::report {
namespace {

constexpr double left = 76, top = 16, width = 400, height = 230, legend = left + width + 26,
                 least_width = 736;
constexpr double wide_letter = 7.4;  ///< more than a letter of a name takes, in most fonts
constexpr double under = 52;         ///< numbers and the axis' name
constexpr double line_of_text = 20;

struct Axis {
  std::vector<double> ticks;
  double from, length;
  double at(double value) const {
    return from + length * (value - ticks.front()) / (ticks.back() - ticks.front());
  }
};

std::string number(double v) { return fmt::format("{:g}", std::abs(v) < 1e-9 ? 0 : v); }

std::string text(double x, double y, const char* anchor, const std::string& what, const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor, more,
                     xml_escape(what));
}

std::string mark(std::size_t style, double x, double y) {
  const auto shape = [&](const char* points) {
    return fmt::format("<path class=\"mark s{}\" transform=\"translate({:.1f} {:.1f})\" d=\"{}\"/>", style, x,
                       y, points);
  };
  switch (style % 4) {
    case 0:
      return fmt::format("<circle class=\"mark s{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>", style, x, y);
    case 1:
      return shape("M-4.5-4.5h9v9h-9z");
    case 2:
      return shape("M0-5.5L5.5 4.5H-5.5z");
    default:
      return shape("M0-6L6 0L0 6L-6 0z");
  }
}

/// A place's name in two lines, so that neighbours' do not meet.
std::string place(double x, const std::string& name) {
  const std::size_t cut = name.find(' ');
  const std::string second = cut == std::string::npos ? "" : name.substr(cut + 1);
  return text(x, top + height + 18, "middle", name.substr(0, cut)) +
         text(x, top + height + 35, "middle", second);
}

std::string axes(const Plot& plot, const Axis& x, const Axis& y) {
  std::string out;
  for (const double tick : y.ticks) {
    out += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}h{:.1f}\"/>", left, y.at(tick), width);
    out += text(left - 8, y.at(tick) + 4.5, "end", number(tick));
  }
  if (plot.bars.empty())
    for (const double tick : x.ticks) {
      out += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}v5\"/>", x.at(tick), top + height);
      out += text(x.at(tick), top + height + 20, "middle", number(tick));
    }
  else
    for (std::size_t i = 0; i < plot.bars.size(); ++i)
      out += place(x.at(static_cast<double>(i)), plot.bars[i]);
  out += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}v{:.1f}h{:.1f}\"/>", left, top, height, width);
  out += text(left + width / 2, top + height + 43, "middle", plot.x);
  const double middle = top + height / 2;
  return out + text(13, middle, "middle", plot.y,
                    fmt::format(" transform=\"rotate(-90 13 {:.1f})\"", middle).c_str());
}

std::string line(const Series& series, std::size_t style, const Axis& x, const Axis& y) {
  std::string path, marks;
  for (const Point& p : series.points) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x.at(p.x), y.at(p.y));
    marks += mark(style, x.at(p.x), y.at(p.y));
  }
  return path.empty() ? ""
                      : fmt::format("<path class=\"line s{0} d{0}\" style=\"fill:none\" d=\"{1}\"/>{2}",
                                    style, path, marks);
}

std::string bars(const Plot& plot, std::size_t index, const Axis& x, const Axis& y) {
  const std::size_t style = index % series_styles;
  const double room = width / static_cast<double>(plot.bars.size()) * 0.8;
  const double wide = room / static_cast<double>(plot.series.size());
  std::string out;
  for (const Point& p : plot.series[index].points) {
    const double begin = x.at(p.x) - room / 2 + wide * static_cast<double>(index);
    const double from = y.at(std::max(0.0, p.y)), to = y.at(std::min(0.0, p.y));
    out +=
        fmt::format("<rect class=\"mark s{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                    style, begin, from, wide, to - from);
  }
  return out;
}

/// Lines keep clear of the right side's names, bars of their neighbours'.
Axis x_axis(const Plot& plot, double least, double most) {
  if (plot.bars.empty()) return {ticks_of(least, most), left, width};
  return {{-0.5, static_cast<double>(plot.bars.size()) - 0.5}, left, width};
}

/// So that the longest name of a series is inside.
double width_of(const Plot& plot) {
  std::size_t longest = 0;
  for (const Series& series : plot.series) longest = std::max(longest, series.name.size());
  return std::max(least_width, legend + line_of_text + wide_letter * static_cast<double>(longest));
}

}  // namespace

std::vector<double> ticks_of(double least, double most) {
  const double low = std::min(0.0, least), high = std::max(most, low + 1e-9);
  double step = std::pow(10, std::floor(std::log10((high - low) / 4)));
  for (const double factor : {2.0, 2.5, 2.0})
    if ((high - low) / step > 6) step *= factor;
  std::vector<double> ticks;
  for (double at = std::floor(low / step);; ++at) {
    ticks.push_back(at * step);
    if (ticks.size() > 1 && at * step >= high - step * 1e-6) return ticks;
  }
}

std::string svg_of(const Plot& plot) {
  double least_x = 0, most_x = 0, least_y = 0, most_y = plot.reaches;
  bool any = false;
  for (const Series& s : plot.series)
    for (const Point& p : s.points) {
      any = true;
      least_x = std::min(least_x, p.x), most_x = std::max(most_x, p.x);
      least_y = std::min(least_y, p.y), most_y = std::max(most_y, p.y);
    }
  if (!any) return "";
  const Axis x = x_axis(plot, least_x, most_x);
  const Axis y = {ticks_of(least_y, most_y), top + height, -height};
  const double names = top + line_of_text * static_cast<double>(plot.series.size()) + 10;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
      "role=\"img\"><title>{}</title>",
      width_of(plot), std::max(top + height + under, names), xml_escape(plot.title));
  out += axes(plot, x, y);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const std::size_t style = i % series_styles;
    const double at = top + 8 + line_of_text * static_cast<double>(i);
    out += plot.bars.empty() ? line(plot.series[i], style, x, y) : bars(plot, i, x, y);
    if (plot.series.size() == 1) continue;  // the axis says what it is
    if (plot.bars.empty())
      out += fmt::format("<path class=\"line s{0} d{0}\" style=\"fill:none\" d=\"M{1:.1f} {2:.1f}h28\"/>",
                         style, legend - 14, at - 4.5);
    out += mark(style, legend, at - 4.5) + text(legend + 20, at, "start", plot.series[i].name);
  }
  return out + "</svg>";
}

}  // namespace xs::report
