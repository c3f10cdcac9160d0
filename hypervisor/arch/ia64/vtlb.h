// Guest translations: what a guest inserts names GFNs; what the CPU uses is made of it here.
//
//   guest's TRs, its last TC entries ----- P2M ----> VHPT of the VCPU (64 KiB, long format) ----> TLB
//        (ArchVcpu)                   as large as it   walked by the CPU, emptied by purges
//                                     allows
//
// Nothing else holds a machine frame: a miss is filled from the guest's own translation or is the guest's.
#pragma once
#include "hypervisor/arch/ia64/arch_vcpu.h"
#include "hypervisor/common/types.h"

namespace hv {

constexpr unsigned kVhptShift = 16;
constexpr unsigned kRidBits = 18;  ///< of a guest's RIDs
constexpr u64 kGuestRidMask = (1ull << kRidBits) - 1;

// PTE (SDM vol. 2 4.1.1.5).
constexpr u64 kPtePresent = 1, kPteMa = 7ull << 2, kPteMaUc = 4ull << 2, kPteMaNat = 7ull << 2,
              kPteAccessed = 1ull << 5, kPteDirty = 1ull << 6, kPtePl = 3ull << 7, kPteAr = 7ull << 9,
              kPtePpn = ((1ull << 50) - 1) & ~0xfffull, kPteEd = 1ull << 52;
/// Ignored by the CPU: the guest's translation has the dirty bit, which this one lacks until log-dirty knows.
constexpr u64 kPteGuestDirty = 1ull << 53;
constexpr unsigned kPtePlShift = 7, kPteArShift = 9;

constexpr unsigned itir_shift(u64 itir) { return static_cast<unsigned>(itir >> 2) & 63; }
/// Sizes that a guest may insert, purge and prefer (SDM vol. 2 table 4-4).
constexpr bool page_size_ok(unsigned shift) {
  constexpr u64 kSizes = 1ull << 12 | 1ull << 13 | 1ull << 14 | 1ull << 16 | 1ull << 18 | 1ull << 20 |
                         1ull << 22 | 1ull << 24 | 1ull << 26 | 1ull << 28 | 1ull << 32;
  return kSizes >> shift & 1;
}

int vtlb_create(Vcpu* vcpu);
void vtlb_destroy(Vcpu* vcpu);
/// The rr that the CPU gets for one of the VCPU's regions, as it believes to translate or not.
u64 machine_region(const Vcpu* vcpu, unsigned region);
u64 machine_pta(const Vcpu* vcpu);

enum class Side { data, fetch };
struct Access {
  Side side;
  bool writes = false;
};

/// A miss of the current VCPU: the translation is there now, or is the guest's to make, or the guest's own
/// leads to a GFN that is not there. nat_page: to no address, by its attribute (vtlb_translate alone).
enum class Fill { done, no_translation, no_memory, nat_page };
Fill vtlb_fill(Vcpu* vcpu, Vaddr address, Access access);
/// A dirty bit fault of the current VCPU: true when it was log-dirty's, and the access can be tried again.
bool vtlb_dirty_fault(Vcpu* vcpu, Vaddr address);
/// What its VCPUs have is about to be taken away, whichever CPUs they run on.
void vtlb_drop_begins(Domain* domain);
/// itc: the translation takes the place of the last one of that side. False: it cannot be (reserved bits or
/// size).
bool vtlb_insert(Vcpu* vcpu, Side side, u64 pte, u64 itir, Vaddr va);
/// Whether itr accepts it.
bool translation_register_ok(u64 pte, u64 itir, Vaddr va);
/// itr
bool vtlb_insert_tr(Vcpu* vcpu, Side side, unsigned slot, u64 pte, u64 itir, Vaddr va);
/// ptr: the TRs that overlap it go, and what was made of them.
void vtlb_purge_tr(Vcpu* vcpu, Side side, Vaddr va, unsigned shift);
/// ptc.l, ptc.g, ptc.ga
void vtlb_purge(Vcpu* vcpu, Vaddr va, unsigned shift, bool all_vcpus);
/// ptc.e
void vtlb_purge_all(Vcpu* vcpu);

/// What an address of the current VCPU's means, without the guest's help: its guest-physical address.
Fill vtlb_translate(Vcpu* vcpu, Vaddr address, Side side, Paddr& guest_physical);

/// The protection key of a data translation; false: it is not there.
bool vtlb_key(const Vcpu* vcpu, Vaddr address, u64& key);

/// Where a guest-physical address lies.
struct Backing {
  Paddr machine = 0;
  bool writable = false;
  bool device = false;  ///< uncached
  unsigned order = 0;   ///< of the pages around it, aligned, that lie with it and may be used like it
};
/// `most`: the largest order that is of use.
bool guest_backing(const Domain* domain, Paddr guest_physical, Backing& backing, unsigned most = 0);

/// Drops all that was made for it.
void vhpt_flush(Vcpu* vcpu);

}  // namespace hv
