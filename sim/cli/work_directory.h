// A folder below $TMPDIR that goes with its object.
#pragma once
#include <string>

namespace xs::cli {

class WorkDirectory {
 public:
  WorkDirectory();  ///< throws Error
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace xs::cli
