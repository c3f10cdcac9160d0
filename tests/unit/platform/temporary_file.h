// A file that lives as long as the test.
#pragma once
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

namespace xs::platform::test {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& contents) {
    const int fd = mkstemp(name_.data());
    if (fd >= 0) close(fd);
    std::ofstream(name_, std::ios::binary) << contents;
  }
  ~TemporaryFile() { unlink(name_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& name() const { return name_; }
  std::string contents() const {
    std::ifstream in(name_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string name_ = "/tmp/xs-platform-XXXXXX";
};

}  // namespace xs::platform::test
