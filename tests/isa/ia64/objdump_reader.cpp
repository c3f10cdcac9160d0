#include "tests/isa/ia64/objdump_reader.h"

#include <stdlib.h>
#include <unistd.h>

#include <stdexcept>

namespace xs::test {

namespace {
constexpr char program[] = "ia64-linux-gnu-objdump";
}

bool ObjdumpReader::available() {
  return std::system((std::string("command -v ") + program + " >/dev/null").c_str()) == 0;
}

ObjdumpReader::ObjdumpReader(const std::vector<ia64::Bundle>& bundles) {
  char path[] = "/tmp/xenoscope-bundles-XXXXXX";
  const int fd = mkstemp(path);
  std::FILE* file = fd < 0 ? nullptr : fdopen(fd, "wb");
  if (file == nullptr) throw std::runtime_error("no temporary file");
  path_ = path;
  const std::string command = std::string(program) + " -D -b binary -m ia64-elf64 -z --no-show-raw-insn ";
  const std::size_t written = std::fwrite(bundles.data(), sizeof bundles[0], bundles.size(), file);
  if (std::fclose(file) == 0 && written == bundles.size()) pipe_ = popen((command + path_).c_str(), "r");
  if (pipe_ == nullptr) {
    unlink(path);
    throw std::runtime_error("cannot write " + path_ + ", or cannot start " + command);
  }
}

ObjdumpReader::~ObjdumpReader() {
  pclose(pipe_);
  unlink(path_.c_str());
  free(buffer_);
}

bool ObjdumpReader::next(Line& line) {
  for (;;) {
    const ssize_t length = getline(&buffer_, &size_, pipe_);
    if (length < 0) return false;
    // "      16:\t      (p30) add r1=r2,r3;;": anything else is a title.
    char* end = nullptr;
    line.address = std::strtoull(buffer_, &end, 16);
    if (end == buffer_ || end[0] != ':' || end[1] != '\t') continue;
    line.text.assign(end + 2, buffer_ + length);
    while (!line.text.empty() && (line.text.back() == '\n' || line.text.back() == ' ')) line.text.pop_back();
    return true;
  }
}

}  // namespace xs::test
