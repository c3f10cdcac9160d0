// Plots: every point is inside, ticks are round and cover the data.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <regex>

#include "sim/report/page/plot.h"
#include "sim/report/page/style.h"

using namespace xs::report;
using Catch::Matchers::Contains;

namespace {

std::vector<double> attribute(const std::string& svg, const std::string& name) {
  std::vector<double> all;
  const std::regex wanted(name + "=\"(-?[0-9.]+)\"");
  for (auto it = std::sregex_iterator(svg.begin(), svg.end(), wanted); it != std::sregex_iterator(); ++it)
    all.push_back(std::stod((*it)[1]));
  return all;
}

double contrast(double a, double b) { return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05); }

/// Relative luminance of "#rrggbb" (WCAG 2.1).
double luminance(const std::string& colour) {
  double sum = 0;
  const double weight[] = {0.2126, 0.7152, 0.0722};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    sum += weight[i] * (c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}

/// The colours of the theme whose block begins at the n-th ":root".
std::map<std::string, std::string> theme(unsigned n) {
  const std::string css(page_style());
  std::size_t at = 0;
  for (unsigned i = 0; i <= n; ++i) at = css.find(":root", at) + 1;
  const std::string block = css.substr(at, css.find('}', at) - at);
  std::map<std::string, std::string> all;
  const std::regex wanted("--([a-z0-9]+): (#[0-9a-f]{6})");
  for (auto it = std::sregex_iterator(block.begin(), block.end(), wanted); it != std::sregex_iterator(); ++it)
    all[(*it)[1]] = (*it)[2];
  return all;
}

}  // namespace

TEST_CASE("report plot: ticks cover the data, from 0", "[report]") {
  CHECK(ticks_of(0, 100) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(ticks_of(5, 7).front() == 0);
  CHECK(ticks_of(-3, 7).front() <= -3);
  for (const double most : {0.001, 0.7, 3.0, 99.0, 101.0, 1472.0, 3e9}) {
    const std::vector<double> ticks = ticks_of(0, most);
    INFO(most);
    CHECK(ticks.back() >= most * (1 - 1e-6));
    CHECK(ticks.size() >= 2);
    CHECK(ticks.size() <= 9);
  }
  CHECK(ticks_of(0, 0).size() >= 2);  // nothing but zeros
}

TEST_CASE("report plot: points lie inside, series are named", "[report]") {
  const std::string svg = svg_of(
      {"t", "x <b>", "y", {{"copy & co", {{64, 14.4}, {1472, 55.2}}}, {"flip", {{64, -2}, {1472, 58}}}}, {}});
  CHECK_THAT(svg, Contains("copy &amp; co") && Contains("x &lt;b&gt;") && Contains("viewBox=\"0 0 736"));
  const std::vector<double> xs = attribute(svg, "cx"), ys = attribute(svg, "cy");
  REQUIRE(xs.size() == 3);  // two points and the legend's
  for (const double x : xs) CHECK((x >= 70 && x <= 736));
  for (const double y : ys) CHECK((y >= 0 && y <= 260));
}

TEST_CASE("report plot: bars stand on zero", "[report]") {
  const std::string svg = svg_of({"t", "", "y", {{"a", {{0, 10}, {1, 5}}}, {"b", {{1, 0}}}}, {"one", "two"}});
  const std::vector<double> heights = attribute(svg, " height"), tops = attribute(svg, " y");
  CHECK_THAT(svg, Contains(">one</text>") && Contains(">two</text>"));
  REQUIRE(heights.size() == 3);
  CHECK(heights[0] == Approx(2 * heights[1]));
  CHECK(heights[2] == 0);
}

TEST_CASE("report plot: a single point is one", "[report]") {
  CHECK_THAT(svg_of({"t", "x", "y", {{"a", {{5, 5}}}}, {}}), Contains("<circle"));
  CHECK_THAT(svg_of({"t", "x", "y", {{"a", {{0, 0}}}}, {}}), Contains("<circle"));
}

TEST_CASE("report page: colours can be read in both themes", "[report]") {
  for (unsigned n : {1u, 2u}) {  // ":root" of colours; the dark one
    std::map<std::string, std::string> c = theme(n - 1);
    INFO("theme " << n);
    REQUIRE(c.size() >= 13);
    for (const char* text : {"text", "faint", "accent", "bad"}) {
      CHECK(contrast(luminance(c[text]), luminance(c["ground"])) >= 4.5);
      CHECK(contrast(luminance(c[text]), luminance(c["raised"])) >= 4.5);
    }
    for (unsigned i = 0; i < series_styles; ++i)
      CHECK(contrast(luminance(c["s" + std::to_string(i)]), luminance(c["ground"])) >= 3.0);
  }
}

TEST_CASE("report plot: there is room for the longest name", "[report]") {
  const std::string name(60, 'm');
  const std::string svg = svg_of({"t", "", "y", {{name, {{0, 1}}}, {"b", {{0, 1}}}}, {"one"}});
  const std::vector<double> box = [&] {
    double wide = 0, high = 0;
    REQUIRE(std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %lf %lf\"", &wide, &high) == 2);
    return std::vector<double>{wide, high};
  }();
  const std::vector<double> xs = attribute(svg, "<text x");
  CHECK(box[0] >= *std::max_element(xs.begin(), xs.end()) + 60 * 7);
}
