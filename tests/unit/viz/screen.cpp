#include "tests/unit/viz/screen.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace xs {
namespace {

// Xvfb says which display it has taken, once it can be used.
std::string read_line(int fd) {
  std::string line;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

u32 big_endian(const std::string& bytes, std::size_t at) {
  u32 value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<u8>(bytes.at(at + i));
  return value;
}

}  // namespace

Screen::Screen(u32 width, u32 height) {
  folder_ = (std::filesystem::temp_directory_path() / "screen-XXXXXX").string();
  int ends[2];
  if (::mkdtemp(folder_.data()) == nullptr || ::pipe(ends) != 0)
    throw std::runtime_error("no folder, or no pipe");
  const std::string size = std::to_string(width) + "x" + std::to_string(height) + "x24";
  const std::string said = std::to_string(ends[1]);
  server_ = ::fork();
  if (server_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::close(ends[0]);
    ::execlp("Xvfb", "Xvfb", "-displayfd", said.c_str(), "-screen", "0", size.c_str(), "-fbdir",
             folder_.c_str(), "-nolisten", "tcp", "-noreset",
             nullptr);  // it resets when its last client goes, and refuses others meanwhile
    ::_exit(127);
  }
  ::close(ends[1]);
  const std::string display = read_line(ends[0]);
  ::close(ends[0]);
  if (display.empty()) throw std::runtime_error("Xvfb does not start (package xvfb)");
  ::setenv("DISPLAY", (":" + display).c_str(), 1);
}

Screen::~Screen() {
  ::kill(server_, SIGTERM);
  ::waitpid(server_, nullptr, 0);
  ::unsetenv("DISPLAY");
  std::filesystem::remove_all(folder_);
}

// A window dump (X11/XWDFile.h): numbers of 4 bytes, the most significant first; behind the header 12 bytes
// for each colour of a map, then pixels B, G, R, unused.
viz::Picture Screen::picture() const {
  std::ifstream in(folder_ + "/Xvfb_screen0", std::ios::binary);
  const std::string dump{std::istreambuf_iterator<char>(in), {}};
  const u32 header_size = big_endian(dump, 0), width = big_endian(dump, 16), height = big_endian(dump, 20);
  const u32 bytes_per_line = big_endian(dump, 48), colours = big_endian(dump, 76);
  viz::Picture picture{width, height, {}};
  for (u32 y = 0; y < height; ++y)
    for (u32 x = 0; x < width; ++x) {
      const std::size_t at = header_size + 12 * colours + u64{y} * bytes_per_line + 4 * x;
      const u8 b = static_cast<u8>(dump.at(at)), g = static_cast<u8>(dump.at(at + 1)),
               r = static_cast<u8>(dump.at(at + 2));
      picture.rgba.push_back(0xff000000 | u32{b} << 16 | u32{g} << 8 | r);
    }
  return picture;
}

}  // namespace xs
