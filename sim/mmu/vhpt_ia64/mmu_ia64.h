// The authority for translation on IA-64: region registers, protection keys, TLBs and VHPT walker of a core.
//
//     core --Access--> Mmu --region register--> TLB (TR, TC) --(miss)--> VHPT walker --MemoryPort--> table
//                       |                                                  | the table's own page: data TLB
//                       v                                                  v
//                  Answer: address and rights at this privilege level, or the conditions that refuse it
//
// Not here but in the core: physical accesses (PSR.it, dt, rt clear), addresses beyond the implemented bits,
// debug registers, alignment. Sources: SDM vol. 2 4.1 (translation), 5.5.2 and table 5-6 (priorities).
#pragma once
#include <array>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/core/tap.h"
#include "sim/core/timing_model.h"
#include "sim/mmu/vhpt_ia64/tlb.h"
#include "sim/mmu/vhpt_ia64/vhpt.h"

namespace xs::mmu::ia64 {

struct Bucket;
struct Explained;

/// Conditions in the order of their priority: the lowest one is the fault. A speculative load looks at all of
/// them, since each is deferred by a bit of its own (DCR, 5.5.5).
enum Condition : u16 {
  alternate_tlb = 1 << 0,  ///< no translation, and the VHPT is not to be asked
  vhpt_miss = 1 << 1,      ///< no translation for the VHPT entry's own page
  tlb_miss = 1 << 2,       ///< nor one in the VHPT
  page_not_present = 1 << 3,
  nat_page = 1 << 4,
  key_miss = 1 << 5,
  key_permission = 1 << 6,
  access_rights = 1 << 7,
  dirty_bit = 1 << 8,
  access_bit = 1 << 9
};
inline constexpr u16 any_miss = alternate_tlb | vhpt_miss | tlb_miss;

struct Access {
  u64 va = 0;
  bool fetch = false;      ///< the instruction side's TLB
  u8 rights = right_read;  ///< those that are needed; read and write for a semaphore
  u8 cpl = 0;
  bool walk = false;                   ///< PSR.dt (data), rt (RSE), or it and ic (fetch) let the walker run
  bool protection_keys = false;        ///< PSR.pk
  bool ignore_accessed_dirty = false;  ///< PSR.ia (fetch) or PSR.da
  bool big_endian_table = false;       ///< DCR.be
};

struct Answer {
  u16 refused = 0;             ///< Condition bits; 0: granted
  u64 pa = 0;                  ///< of va itself
  Translation page;            ///< but with any_miss
  u8 rights = 0;               ///< all that this privilege level has now, keys, A and D considered
  u64 vhpt_address = 0;        ///< IHA: of the entry that was looked for; 0 when none was
  bool architectural = false;  ///< the walker ran or nothing was found: not just a TLB hit
  u32 cycles = 0;
};

struct MmuCounters {
  u64 accesses = 0, hits = 0, misses = 0, walks = 0, walk_reads = 0, walk_inserts = 0;
  u64 refused = 0, inserts = 0, purges = 0;
};

struct MmuConfig {
  TimingModel timing;
  TlbSize instruction, data;
};

/// Whoever keeps answers: told when one of them may be granted no more, and of new translations.
class TlbSink {
 public:
  virtual ~TlbSink() = default;
  /// Of the instruction or the data side: 2^shift bytes from `offset` in every region; Loss::everything.
  virtual void revoked(bool fetch, u64 offset, unsigned shift) = 0;
  /// By software or the walker; `va` is the page's, with its region.
  virtual void inserted(u64 va, const Translation& page) { (void)va, (void)page; }
};

class Mmu {
 public:
  Mmu(MemoryPort& memory, const MmuConfig& config, TlbSink* sink = nullptr);

  Answer translate(const Access& access);
  /// By the TLB and the VHPT as they are, whatever the rights, with no effect: for debuggers and observers.
  bool probe(u64 va, bool fetch, u64& pa) const;
  /// What translate() would answer now, and on which way (explain.h). No side effect.
  Explained explain(const Access& access) const;
  std::vector<HeldTranslation> held_translations(bool fetch) const {
    return (fetch ? instruction_ : data_).list();
  }
  /// The data TLB alone, no walk: tak, and the walker's own addresses.
  const Translation* find_data(u64 va) { return data_.find(rid(va), va); }

  // Registers. The core checks reserved fields and privilege.
  void set_region(unsigned index, u64 value);
  u64 region(unsigned index) const { return regions_[index].raw; }
  RegionRegister region_at(u64 va) const { return regions_[region_of(va)]; }
  void set_key(unsigned index, u64 value);
  u64 key(unsigned index) const { return keys_[index]; }
  static constexpr unsigned keys = 16;
  void set_table(u64 pta);
  u64 table() const { return pta_.raw; }

  u64 hash(u64 va) const { return vhpt_hash(va, region_at(va), pta_); }
  u64 tag(u64 va) const { return vhpt_tag(va, region_at(va)); }

  // itr, itc. False: machine check, a TR is in the way.
  bool insert_register(bool fetch, unsigned slot, u64 pte, u64 itir, u64 va);
  bool insert_cached(bool fetch, u64 pte, u64 itir, u64 va);
  unsigned registers(bool fetch) const { return (fetch ? instruction_ : data_).registers(); }
  // ptc.l, ptc.g, ptc.ga on this core: both sides. False: machine check, a TR is in the range.
  bool purge_cached(u32 rid, u64 va, unsigned shift);
  void purge_registers(bool fetch, u64 va, unsigned shift);  ///< ptr
  void purge_all_cached();                                   ///< ptc.e

  bool maps_frame(u64 mfn, bool user_only = false) const;
  /// By the region registers as they are; by address, once for each side that has it.
  std::vector<ReachablePage> reachable_above_level_0() const;
  const MmuCounters& counters() const { return counters_; }

 private:
  void note_lost();
  void note_inserted(u64 va, const Translation& page) {
    if (sink_) sink_->inserted(va & ~((u64{1} << page.page_shift) - 1), page);
  }
  void tell_lost(bool fetch, Tlb& tlb);
  void revoke_all();
  u32 rid(u64 va) const { return region_at(va).rid(); }
  void look_up(const Access& access, Answer& answer);
  void walk(const Access& access, Answer& answer);
  bool table_readable(const Translation& t, bool protection_keys) const;
  u16 key_conditions(const Translation& t, u8 needed, u8& rights) const;
  void judge(const Access& access, Answer& answer) const;
  Bucket bucket_of(const Access& access) const;

  MemoryPort& memory_;
  TimingModel timing_;
  Tlb instruction_, data_;
  std::array<RegionRegister, 8> regions_{};
  std::array<u64, keys> keys_{};
  PageTableAddress pta_;
  TlbSink* sink_;
  MmuCounters counters_;
};

}  // namespace xs::mmu::ia64
