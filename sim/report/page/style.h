#pragma once
#include <string_view>

namespace xs::report {

/// CSS of a page, with `s0`, `s1`, … for the series of plots.
std::string_view page_style();
inline constexpr unsigned series_styles = 6;

}  // namespace xs::report
