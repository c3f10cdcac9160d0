// A directory of the test's own, gone when it ends.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

namespace xs::test {

struct TempDirectory {
  std::filesystem::path path = [] {
    char name[] = "/tmp/xs-test-XXXXXX";
    return std::filesystem::path(::mkdtemp(name));
  }();
  TempDirectory() = default;
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace xs::test
