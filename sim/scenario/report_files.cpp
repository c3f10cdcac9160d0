#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sim/scenario/report.h"

namespace xs::scenario {
namespace {

void make_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error(fmt::format("{}: cannot be made: {}", path.string(), error.message()));
}

}  // namespace

void write_file(const std::string& file, std::string_view text) {
  const auto fail = [&file] {
    throw Error(fmt::format("{}: cannot be written: {}", file, std::strerror(errno)));
  };
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) fail();
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int reason = errno;
      ::close(fd);
      errno = reason;
      fail();
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::close(fd) != 0) fail();
}

void write_artifacts(const RunResult& result, const std::string& directory) {
  const std::filesystem::path root(directory);
  make_directory(root / "consoles");
  std::map<std::string, std::string> consoles;
  for (const ConsoleLine& c : result.console) consoles[c.source] += c.text + "\n";
  for (const auto& [source, text] : consoles) write_file(root / "consoles" / (source + ".txt"), text);
  if (!result.p2m.empty()) make_directory(root / "p2m");
  for (const auto& [domain, dump] : result.p2m) write_file(root / "p2m" / (domain + ".txt"), dump);
  write_file(root / "report.txt", text_report(result));
  write_file(root / "report.json", json_text(to_json(result), 1) + "\n");
}

}  // namespace xs::scenario
