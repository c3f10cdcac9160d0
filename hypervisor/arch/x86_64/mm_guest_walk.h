// Walks page tables of a guest that hold GFNs, as the CPU would walk them if it knew GFNs (Intel SDM vol.
// 3A, 4.5): every table is found by the P2M; accessed and dirty bits are set in the guest's entries. Under
// mm_lock.
#pragma once
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

struct GuestTranslation {
  Gfn gfn = 0;
  Pte leaf = 0;          ///< the guest's last entry, with the bits that the walk has set
  bool writable = true;  ///< by all levels
  bool executable = true;
  unsigned level = 1;  ///< of that entry: above 1 it maps more than one page
};

/// Error bits of a page fault (SDM vol. 3A, 4.7).
constexpr u32 kFaultPresent = 1, kFaultWrite = 2, kFaultUser = 4, kFaultReserved = 8, kFaultFetch = 16;

/// Translates `va` in the tables whose L4 is `root`. `access` holds kFaultWrite and kFaultFetch as they
/// apply. False: the access faults; `access` then has kFaultPresent and kFaultReserved as the guest is to see
/// them. A table that the domain does not have counts as an entry that is not present. The user bit is
/// ignored: both modes are ring 3, and each has tables of its own.
bool guest_walk(const Domain* domain, Gfn root, Vaddr va, u32& access, GuestTranslation& out);

}  // namespace hv
