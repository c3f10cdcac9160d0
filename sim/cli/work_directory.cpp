#include "sim/cli/work_directory.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sim/core/error.h"

namespace xs::cli {

WorkDirectory::WorkDirectory() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base && *base ? base : "/tmp") + "/xenoscope-XXXXXX";
  if (!::mkdtemp(name.data())) throw Error(fmt::format("{}: cannot be made: {}", name, std::strerror(errno)));
  path_ = name;
}

WorkDirectory::~WorkDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace xs::cli
