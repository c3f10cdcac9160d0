#include "sim/cli/scenario_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/core/error.h"

namespace xs::cli {
namespace fs = std::filesystem;

namespace {

std::vector<std::string> below(const std::string& directory) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json") && it->is_regular_file(error))
      out.push_back(name);
  }
  if (error) throw Error(fmt::format("{}: {}", directory, error.message()));
  if (out.empty()) throw Error(fmt::format("{}: no scenario (*.json) in this directory", directory));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

std::vector<std::string> scenario_files(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      const auto found = below(path);
      out.insert(out.end(), found.begin(), found.end());
    } else {
      out.push_back(path);
    }
  }
  return out;
}

std::pair<std::string, std::string> split_setting(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(fmt::format("--set {}: must be name=value", text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace xs::cli
