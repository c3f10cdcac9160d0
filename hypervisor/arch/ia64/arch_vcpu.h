// The IA-64 parts of Vcpu and Domain.
#pragma once
#include "hypervisor/arch/ia64/registers.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/timer.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

/// A translation as the guest inserted it: GFNs, its own RIDs and privilege levels.
struct GuestTranslation {
  u64 pte = 0, itir = 0, va = 0, rid = 0;
  bool valid = false;
};

/// An entry of a VHPT for more than 16 KiB. It stands at the place of the page that was missed.
struct LargeTranslation {
  u64 va = 0;
  u16 entry = 0;
  u8 shift = 0;
};

constexpr unsigned kGuestTrs = 8;    ///< of each kind; PAL_VM_SUMMARY tells a domain
constexpr unsigned kGuestPkrs = 16;  ///< protection key registers: as many as every CPU has

/// What emulation has cost; a debug key tells. Hyperprivops are those that came to C++ (ArchCounters has
/// all).
struct EmulationCounts {
  u64 privileged = 0, hyperprivops = 0, reflected = 0, fills = 0;
};

struct ArchVcpu {
  Registers regs = {};  ///< offset 0: entry.S
  alignas(512) u64 stacked[STACKED_WORDS] = {};
  // What the guest believes. The control registers are in `privileged`, which it writes as it likes.
  xen_ia64_privregs* privileged = nullptr;  ///< in a frame that the domain may map
  u64 vpsr = 0;                             ///< dt, rt, it: what it believes is translated; dfh
  u64 kr[8] = {};
  Mfn privileged_mfn = kInvalidMfn;
  Vaddr xsi = XEN_IA64_XSI;
  u64 rr[8] = {};
  GuestTranslation itr[kGuestTrs], dtr[kGuestTrs];
  GuestTranslation itc, dtc;  ///< the last ones inserted, of which only a part may be in the TLB
  u64 pkr[kGuestPkrs] = {};
  u64 event_callback = 0;        ///< 0: external interrupts instead
  Timer interval;                ///< cr.itm
  u64 irr[4] = {}, isr[4] = {};  ///< of its local SAPIC: bit per vector
  EmulationCounts counts;
  // The hypervisor's.
  unsigned tlb_cpu = ~0u;  ///< on whose TC it relied last
  u8* vhpt = nullptr;      ///< long format, what the CPU walks
  Spinlock vhpt_lock;      ///< its CPU inserts, any CPU flushes
  u32 vhpt_count = 0;      ///< entries made since it was emptied; the first ones are here
  u16 vhpt_used[128] = {};
  bool vhpt_16k = false;  ///< translations of 16 KiB were among them
  u32 vhpt_large_count = 0;
  LargeTranslation vhpt_large[32] = {};  ///< entries that other addresses' purges have to take away, too
  bool keys_used = false;                ///< PSR.pk has been set, or a PKR written
  u8 pkr_left_out = kGuestPkrs - 1;      ///< for which the CPU has no register (keys.h)
  bool in_hypercall = false;             ///< of its registers, only what hypercall.S names is in `regs`
  bool high_fp_loaded = false;           ///< f32 to f127 are in the CPU it runs on
  alignas(16) u64 f[128][2] = {};        ///< while not in a CPU; f0, f1 and f6 to f11 are not used
};

static_assert(offsetof(ArchVcpu, stacked) == REGS_STACKED &&
              offsetof(ArchVcpu, privileged) == ARCH_PRIVILEGED);
static_assert(HYPERPRIVOPS == XEN_IA64_HYPERPRIVOPS);
static_assert(offsetof(ArchVcpu, vpsr) == ARCH_VPSR && offsetof(ArchVcpu, kr) == ARCH_KR);

struct ArchDomain {
  u32 rid_block = 0;  ///< machine RID = block << 18 | guest's RID; 0: none
  u64 drops =
      0;  ///< how often translations of VCPUs that may be running elsewhere have been taken away (vtlb_fill)
};

}  // namespace hv
