// The virtual hash page table (SDM vol. 2 4.1.5): where a translation would stand in memory, and reading it
// there.
//
//     short format   one linear table of 8-byte entries in each region, at the same offset
//     long format    one table of 32-byte entries for all:  +0 PTE  +8 ITIR  +16 tag (bit 63: invalid)  +24
//     ignored
//
// The long format's hash and tag are an implementation's own. Ours are those of the first Itanium: page
// number XOR region identifier, and page number XOR region identifier << 39. Together they name one page for
// every table of 2^15 bytes or more, the least there is.
#pragma once
#include "sim/core/memory_port.h"
#include "sim/mmu/vhpt_ia64/translation.h"

namespace xs::mmu::ia64 {

/// thash: address of the entry for `va`.
u64 vhpt_hash(u64 va, RegionRegister rr, PageTableAddress pta);
/// ttag.
u64 vhpt_tag(u64 va, RegionRegister rr);

struct VhptEntry {
  bool usable = false;  ///< read, its tag fits, and no reserved field is set
  Translation translation;
  unsigned reads = 0;  ///< words read through the bus
};

/// Reads the entry for `va` at physical address `pa`.
VhptEntry read_vhpt(MemoryPort& memory, u64 pa, u64 va, RegionRegister rr, PageTableAddress pta,
                    bool big_endian);

}  // namespace xs::mmu::ia64
