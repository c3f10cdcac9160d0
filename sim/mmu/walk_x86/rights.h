// Who may do what with an x86 page: the bits of a table entry, the rights merged over a walk, and the
// decision under the current control state (SDM vol. 3A 4.6).
#pragma once
#include "sim/mmu/mmu.h"

namespace xs::mmu::x86 {

/// Bits of a paging-structure entry (SDM table 4-15 and following).
namespace pte {
inline constexpr u64 present = 1u << 0, writable = 1u << 1, user = 1u << 2, accessed = 1u << 5,
                     dirty = 1u << 6, page_size = 1u << 7, global = 1u << 8, no_execute = u64{1} << 63;
inline constexpr u64 address = 0x000f'ffff'ffff'f000;  ///< MAXPHYADDR = 52: no reserved address bits
}  // namespace pte

namespace cr0 {
inline constexpr u64 wp = 1u << 16, pg = u64{1} << 31;
}
namespace cr4 {
inline constexpr u64 pae = 1u << 5, pge = 1u << 7, la57 = 1u << 12, smep = 1u << 20, smap = 1u << 21;
}
namespace efer {
inline constexpr u64 lme = 1u << 8, lma = 1u << 10, nxe = 1u << 11;
}

/// #PF error code (SDM vol. 3A 4.7).
namespace pf {
inline constexpr u32 present = 1, write = 2, user = 4, reserved = 8, fetch = 16;
}

/// TlbEntry::rights: the table's permissions merged over the walk, and the leaf's D bit. Not a decision:
/// CR0.WP, CR4.SMEP/SMAP, RFLAGS.AC and the privilege level are applied at each ask.
namespace right {
inline constexpr u8 user = 1, writable = 2, no_execute = 4, dirty = 8, all = user | writable;
}

/// Merges one more level into what the levels above gave; start from right::all.
u8 merge(u8 above, u64 entry);

struct Allowed {
  bool read = false, write = false, execute = false;
  bool operator()(AccessKind kind) const {
    return kind == AccessKind::read ? read : kind == AccessKind::write ? write : execute;
  }
};

/// What this privilege may do; the D bit is not considered.
Allowed decide(u8 rights, const X86Control& control, const Access& access);

/// Error code of a #PF for this access; `cause` is pf::present, pf::present|pf::reserved or 0.
u32 fault_code(u32 cause, const X86Control& control, const Access& access);

}  // namespace xs::mmu::x86
