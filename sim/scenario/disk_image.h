// dom0's disks: a ustar archive with the kernels that domains are built from (docs/architecture.md), and one
// for data.
#pragma once
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::scenario {

struct DiskFile {
  std::string name;  ///< member name, as create's kernel= says
  std::string path;  ///< file on the host
};

/// Writes the archive, padded to whole 512-byte sectors. The same files give the same bytes: times, owners
/// and modes are fixed, members are in the order given. Throws Error (missing file, disk full).
void write_disk_image(const std::string& archive, const std::vector<DiskFile>& files);

/// A disk of zeros, or with `kept` of what the file has already. Its room on the host is taken at once: a run
/// that has begun does not meet a full one. Throws Error.
void make_disk(const std::string& file, u64 mib, bool kept = false);

}  // namespace xs::scenario
