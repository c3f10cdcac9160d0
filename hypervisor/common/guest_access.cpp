#include "hypervisor/common/guest_access.h"

namespace hv {

bool clear_guest(Vaddr to, u64 bytes) {
  static const u8 zeros[256] = {};
  while (bytes) {
    const u64 n = min_of<u64>(bytes, sizeof(zeros));
    if (!copy_to_guest(to, zeros, n)) return false;
    to += n;
    bytes -= n;
  }
  return true;
}

}  // namespace hv
