// `bench hypervisor`.
#pragma once
#include <string>
#include <vector>

namespace xs::cli {

/// Prints a table per architecture, writes JSON when a file is named. Throws Error.
int bench_hypervisor(const std::vector<std::string>& archs, unsigned rounds, const std::string& json);

}  // namespace xs::cli
