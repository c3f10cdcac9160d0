// dom0's disk: a ustar archive with the kernels that domains are built from (docs/architecture.md).
#pragma once
#include <string>
#include <vector>

namespace xs::scenario {

struct DiskFile {
  std::string name;  ///< member name, as create's kernel= says
  std::string path;  ///< file on the host
};

/// Writes the archive, padded to whole 512-byte sectors. The same files give the same bytes: times, owners
/// and modes are fixed, members are in the order given. Throws Error (missing file, disk full).
void write_disk_image(const std::string& archive, const std::vector<DiskFile>& files);

}  // namespace xs::scenario
