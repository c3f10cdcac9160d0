// The authority for translation: what a core asks, what it gets, what is counted.
//
//     core --Access--> Mmu --(miss)--> walker --MemoryPort--> page tables
//                       |  TLB model (tlb/), page-walk caches (walk_x86/)
//                       v
//                  Translation | Fault, events counted once per architectural cause
//
// Plain C++: no SystemC, no Unicorn. Sources: Intel SDM vol. 3A chapter 4 (paging), 4.10 (caching).
#pragma once
#include <memory>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/core/timing_model.h"
#include "sim/core/types.h"

namespace xs::mmu {

namespace x86 {
struct Explained;
}
struct TlbSlot;

enum class AccessKind : u8 { read, write, fetch };

struct Access {
  u64 va = 0;
  AccessKind kind = AccessKind::read;
  bool user = false;  ///< CPL 3 and not an implicit supervisor access
  bool implicit =
      false;  ///< descriptor tables, TSS, exception frames: supervisor whatever CPL is (SMAP: AC ignored)
};

/// Control state that a walk depends on. Written by the core on every change through Mmu::set_control.
struct X86Control {
  u64 cr0 = 0, cr3 = 0, cr4 = 0, efer = 0;
  bool ac = false;  ///< RFLAGS.AC, read per access for SMAP
};

/// Why a translation was refused.
enum class Failure : u8 {
  none,
  page_fault,       ///< #PF with Translation::error_code
  non_canonical,    ///< the core raises #GP or #SS; it should have looked first (is_canonical)
  unsupported_mode  ///< CR0.PG with 32-bit, PAE or 57-bit paging: not modelled, the core reports it
};

/// True when bits 63:47 are equal (48-bit linear addresses).
constexpr bool is_canonical(u64 va) { return static_cast<u64>(static_cast<i64>(va << 16) >> 16) == va; }

/// What the hardware may do with a page until the guest invalidates it. All rights that the tables allow
/// *now* at this privilege are given, so that a later, different access need not ask again; a write right
/// is given only when the D bit is set.
struct Translation {
  bool ok = false;
  u64 pa = 0;          ///< of va itself (not of the page)
  u8 page_shift = 12;  ///< 12, 21 or 30
  bool read = false, write = false, execute = false;
  bool global = false;
  Failure failure = Failure::none;
  u32 error_code = 0;        ///< of the #PF when !ok (P W/R U/S RSVD I/D bits)
  bool table_abort = false;  ///< the walk met a table address where nothing answers; read as zero
  u32 cycles = 0;            ///< under the timing model; 0 for a silent refill
};

/// Geometry in entries; ways divide entries. Defaults: an Intel Skylake-class core.
struct TlbGeometry {
  struct Level {
    u32 entries, ways;
  };
  Level l1i_4k{128, 8}, l1i_2m{8, 8};
  Level l1d_4k{64, 4}, l1d_2m{32, 4}, l1d_1g{4, 4};
  Level l2_4k2m{1536, 12}, l2_1g{16, 4};
  u32 walk_cache_entries = 32;  ///< each of the PML4E, PDPTE and PDE caches; 0 = none
};

struct MmuCounters {
  u64 accesses = 0;  ///< exact: every access; fast: architectural events only (misses + upgrades)
  u64 l1_hits = 0, l2_hits = 0, misses = 0;
  u64 upgrades = 0;  ///< an entry was there but lacked the right or the D bit: walked again
  u64 walks = 0, walk_reads = 0, walk_cache_hits = 0, ad_updates = 0;
  u64 faults = 0;
  u64 flush_all = 0, flush_nonglobal = 0, flush_page = 0;
};

class Mmu {
 public:
  Mmu(MemoryPort& memory, const TimingModel& timing, Fidelity fidelity, const TlbGeometry& geometry);
  ~Mmu();
  Mmu(const Mmu&) = delete;
  Mmu& operator=(const Mmu&) = delete;

  /// Replaces the control state. Does not flush by itself: the core calls the flush that the written
  /// register implies (SDM 4.10.4.1).
  void set_control(const X86Control& control);
  const X86Control& control() const;
  void set_ac(bool ac);

  /// Translates one access as the hardware would: TLB, then walk, A/D updates through the bus.
  /// `architectural` (out, may be null) tells whether this was a miss, a rights upgrade or an A/D update
  /// (counted, costs cycles) rather than a silent refill of a translation the TLB model already holds.
  /// An access that the held entry does not allow is walked again before it faults (AMD APM vol. 2 5.5;
  /// Intel leaves it open); a #PF drops the entries for its address (SDM 4.10.4.1).
  Translation translate(const Access& access, bool* architectural = nullptr);

  /// translate() for the common case that it hits the first level and only `ok` is of interest: true when
  /// it has counted and marked just as that would have; false when nothing was done. `exact`, not implicit.
  bool repeat(const Access& access);
  /// What translate() would answer from the TLB alone, counting nothing and marking nothing as used. False
  /// when no entry allows the access.
  bool held(const Access& access, Translation& translation) const;
  /// Since the last call the TLB has replaced, or dropped after a #PF, an entry (`fast` never replaces):
  /// copies of translations kept elsewhere may be no longer held here.
  bool take_lost();

  /// Translation by the tables as they are now, with no permission check and no side effect: for debuggers
  /// and observers.
  bool probe(u64 va, u64& pa) const;

  /// What translate() would answer now, and on which way (walk_x86/explain.h). No side effect: no A or D bit,
  /// no fill, no mark, no count.
  x86::Explained explain(const Access& access) const;
  /// Everything that the TLB holds, by address.
  std::vector<TlbSlot> held_entries() const;

  void flush_all();        ///< including global entries (CR4.PGE change, CR0.PG, ...)
  void flush_nonglobal();  ///< MOV to CR3
  /// INVLPG: this page, global too, and all walk caches (SDM 4.10.4.1). Log2 of the size of the largest page
  /// that the TLB held there, 0 when none.
  unsigned flush_page(u64 va);
  /// Changes whenever something that translate() granted may be granted no more, but for flush_page(), which
  /// tells: copies of answers are good as long as it stays. `fast` fidelity.
  u64 revocations() const;

  /// True when any TLB entry (not table), or any that user code may use, still maps the frame `mfn`: the
  /// isolation monitor's question.
  /// fast: constant time (reverse map); exact: one scan of the arrays, about 2000 slots by default.
  bool maps_frame(u64 mfn, bool user_only = false) const;

  const MmuCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::mmu
