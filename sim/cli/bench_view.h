// `bench view`.
#pragma once
#include <string>

namespace xs::cli {

/// Prints a table, writes JSON when a file is named. Throws Error.
int bench_view(const std::string& arch, double seconds, const std::string& json);

}  // namespace xs::cli
