// Segment descriptors that guests may load (Intel SDM vol. 3, 3.4.5 and 5.8): they must never give ring 0,
// nor name a call gate, task state or interrupt gate.
#include "hypervisor/arch/x86_64/mm_tables.h"

namespace hv {

namespace {
constexpr u64 kAccessed = 1ull << 40;
constexpr u64 kCodeOrData = 1ull << 44;   // S; clear: a system descriptor
constexpr u64 kTypeBits = 0x1full << 40;  // S and type
constexpr u64 kDpl = 3ull << 45;
constexpr u64 kPresent = 1ull << 47;
constexpr unsigned kDescriptorsPerPage = kPageSize / sizeof(u64);
}  // namespace

bool descriptor_make_safe(u64& d) {
  if (!(d & kPresent)) return true;  // faults on every use
  // System type 0 is what the upper half of a 16-byte descriptor looks like: harmless by itself.
  if (!(d & kCodeOrData)) return (d & kTypeBits) == 0;
  // Guests run in ring 3 whatever they believe. ACCESSED is set beforehand: the CPU need not write to the
  // table.
  d |= kDpl | kAccessed;
  return true;
}

bool descriptor_page_is_safe(u64* descriptors) {
  for (unsigned i = 0; i < kDescriptorsPerPage; i++) {
    u64 d = descriptors[i];
    if (!descriptor_make_safe(d)) return false;
    if (d != descriptors[i]) descriptors[i] = d;
  }
  return true;
}

}  // namespace hv
