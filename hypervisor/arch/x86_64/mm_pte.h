// Page-table entries of x86-64 4-level paging (Intel SDM vol. 3, 4.5), and where guests' tables are seen.
#pragma once
#include "hypervisor/common/mm.h"
#include "hypervisor/common/types.h"

namespace hv {

using Pte = u64;

constexpr Pte kPtePresent = 1u << 0;
constexpr Pte kPteWritable = 1u << 1;
constexpr Pte kPteUser = 1u << 2;
constexpr Pte kPteWriteThrough = 1u << 3;
constexpr Pte kPteCacheDisable = 1u << 4;
constexpr Pte kPteAccessed = 1u << 5;
constexpr Pte kPteDirty = 1u << 6;
constexpr Pte kPtePat = 1u << 7;    // level 1
constexpr Pte kPteLarge = 1u << 7;  // levels 2 and 3; reserved in level 4
constexpr Pte kPteGlobal = 1u << 8;
constexpr Pte kPteNoExecute = 1ull << 63;
constexpr Pte kPteAddress = 0x000ffffffffff000ull;

constexpr unsigned kTableEntries = 512;
constexpr unsigned kTopLevel = 4;

constexpr Mfn pte_mfn(Pte pte) { return (pte & kPteAddress) >> kPageShift; }
constexpr Pte make_pte(Mfn mfn, Pte flags) { return mfn << kPageShift | flags; }
constexpr unsigned table_slot(Vaddr va, unsigned level) { return va >> (kPageShift + 9 * (level - 1)) & 511; }
/// Bytes that one entry of `level` covers.
constexpr u64 entry_span(unsigned level) { return 1ull << (kPageShift + 9 * (level - 1)); }

constexpr xs_frame_type table_type(unsigned level) { return static_cast<xs_frame_type>(level); }
constexpr bool is_table_type(xs_frame_type type) { return type >= XS_FRAME_L1 && type <= XS_FRAME_L4; }

inline Pte* table_at(Mfn mfn) { return static_cast<Pte*>(frame_to_virt(mfn)); }

/// Slots of an L4 that belong to the hypervisor, in every address space.
constexpr bool is_hypervisor_slot(unsigned slot) { return slot >= 256 && slot < 272; }

/// A guest may map [0, 2^47) and the upper half behind the hypervisor's slots.
constexpr bool is_guest_address(Vaddr va) { return va < 0x0000800000000000 || va >= 0xffff880000000000; }

}  // namespace hv
