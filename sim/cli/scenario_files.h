// From what the user typed to scenario files.
#pragma once
#include <string>
#include <vector>

namespace xs::cli {

/// Files as given; directories searched for *.json (but not *.schema.json), sorted by path. A path that does
/// not exist is kept: reading it will say so. An empty directory throws Error.
std::vector<std::string> scenario_files(const std::vector<std::string>& paths);

/// "a=b" pairs of --set; throws Error.
std::pair<std::string, std::string> split_setting(const std::string& text);

}  // namespace xs::cli
