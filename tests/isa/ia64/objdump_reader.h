// GNU objdump over a file of bundles, read line by line while it works.
#pragma once
#include <cstdio>
#include <string>
#include <vector>

#include "sim/cpu_ia64/isa/bundle.h"

namespace xs::test {

class ObjdumpReader {
 public:
  static bool available();

  /// Writes the bundles to a temporary file, from address 0 on, and starts objdump on it.
  explicit ObjdumpReader(const std::vector<ia64::Bundle>& bundles);
  ~ObjdumpReader();
  ObjdumpReader(const ObjdumpReader&) = delete;
  ObjdumpReader& operator=(const ObjdumpReader&) = delete;

  struct Line {
    u64 address = 0;
    std::string text;  ///< from the template's name on
  };
  /// False at the end of the output.
  bool next(Line& line);

 private:
  std::string path_;
  std::FILE* pipe_ = nullptr;
  char* buffer_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace xs::test
