// Plots as SVG elements for a page that has page_style().
#pragma once
#include <string>
#include <vector>

#include "sim/report/page/document.h"

namespace xs::report {

/// "" when there is nothing to plot.
std::string svg_of(const Plot& plot);

/// Round numbers that cover [0 or least, most], for an axis; at least two.
std::vector<double> ticks_of(double least, double most);

}  // namespace xs::report
