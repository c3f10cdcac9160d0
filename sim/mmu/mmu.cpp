#include "sim/mmu/mmu.h"

#include <algorithm>
#include <utility>

#include "sim/mmu/tlb/tlb_hierarchy.h"
#include "sim/mmu/tlb/unbounded_tlb.h"
#include "sim/mmu/walk_x86/explain.h"
#include "sim/mmu/walk_x86/walker.h"

namespace xs::mmu {
namespace {

using namespace x86;  // walk_x86: the names of the architecture's bits

enum class Mode { unpaged, four_level, unsupported };

Mode mode_of(const X86Control& control) {
  if ((control.cr0 & cr0::pg) == 0) return Mode::unpaged;
  const bool long_mode = (control.efer & (efer::lma | efer::lme)) != 0 && (control.cr4 & cr4::pae) != 0;
  return long_mode && (control.cr4 & cr4::la57) == 0 ? Mode::four_level : Mode::unsupported;
}

std::unique_ptr<TlbModel> make_tlb(Fidelity fidelity, const TlbGeometry& geometry) {
  if (fidelity == Fidelity::fast) return std::make_unique<UnboundedTlb>();
  return std::make_unique<TlbHierarchy>(geometry);
}

}  // namespace

struct Mmu::Impl {
  Impl(MemoryPort& machine, const TimingModel& timing_model, Fidelity fidelity, const TlbGeometry& geometry)
      : memory(machine),
        timing(timing_model),
        exact(fidelity == Fidelity::exact),
        tlb(make_tlb(fidelity, geometry)),
        walker(machine, geometry.walk_cache_entries) {}

  // These fill the caller's translation in place: copying one made of bytes stalls the host's store buffer,
  // and `exact` asks for every access.
  bool translate(const Access& access, Translation& t);  ///< true when architectural
  void walk(const Access& access, Translation& t);
  void grant(const TlbEntry& entry, const Access& access, Translation& t) const;
  void count_lookup(const TlbLookup& found, bool hit);

  MemoryPort& memory;
  const TimingModel timing;
  const bool exact;
  X86Control control;
  Mode mode = Mode::unpaged;
  std::unique_ptr<TlbModel> tlb;
  Walker walker;
  void remember(const Access& access, const Translation& t, const TlbMark& mark);
  void forget_repeats() { ++repeat_epoch; }
  void revoke() { forget_repeats(), ++revocations; }

  MmuCounters counters;
  /// Pages whose last translation was a first-level hit; good until the TLB's content or the control state
  /// changes (repeat_epoch).
  struct Repeat {
    u64 key = 0;  ///< page number, user bit
    u64 epoch = 0;
    TlbMark mark;
    bool allowed[3] = {};  ///< by AccessKind
  };
  static constexpr size_t repeat_slots = 64;
  static u64 repeat_key(const Access& a) { return a.va >> frame_shift << 1 | a.user; }
  Repeat& repeat_of(const Access& a) {
    return repeats[a.kind == AccessKind::fetch][(a.va >> frame_shift) % repeat_slots];
  }
  Repeat repeats[2][repeat_slots];
  u64 repeat_epoch = 1;
  u64 revocations = 1;
  bool dropped = false;  ///< entries went because of a #PF
};

/// What the entry alone gives at this privilege: no write right before D is set, and nothing at all when it
/// was made with XD under EFER.NXE, which has been turned off since.
void Mmu::Impl::grant(const TlbEntry& entry, const Access& access, Translation& t) const {
  if ((entry.rights & right::no_execute) != 0 && (control.efer & efer::nxe) == 0) return;
  Allowed allowed = decide(entry.rights, control, access);
  allowed.write = allowed.write && (entry.rights & right::dirty) != 0;
  t.ok = allowed(access.kind);
  t.pa = entry.translate(access.va);
  t.page_shift = entry.shift;
  t.read = allowed.read;
  t.write = allowed.write;
  t.execute = allowed.execute;
  t.global = entry.global;
}

void Mmu::Impl::count_lookup(const TlbLookup& found, bool hit) {
  if (exact) {
    counters.l1_hits += found.level == TlbLevel::first;
    counters.l2_hits += found.level == TlbLevel::second;
  }
  counters.accesses += exact || !hit;
  if (hit) return;
  ++(found.entry == nullptr ? counters.misses : counters.upgrades);
}

void Mmu::Impl::walk(const Access& access, Translation& t) {
  const WalkResult result = walker.walk(access, control);
  ++counters.walks;
  counters.walk_reads += result.reads;
  counters.walk_cache_hits += result.cache_hit;
  counters.ad_updates += result.ad_updates;

  t = {};
  if (result.ok) {
    tlb->insert(result.entry, access.va, access.kind == AccessKind::fetch);
    grant(result.entry, access, t);
  } else {
    ++counters.faults;
    if (tlb->drop_page(access.va) != 0) {
      dropped = true;
      revoke();
    }
    walker.drop_cached(access.va);
    t.failure = Failure::page_fault;
    t.error_code = result.error_code;
  }
  t.table_abort = result.aborted;
  t.cycles = result.reads * timing.walk_access + result.ad_updates * timing.ad_update;
}

bool Mmu::Impl::translate(const Access& access, Translation& t) {
  if (mode == Mode::unpaged) {
    t.ok = t.read = t.write = t.execute = true;
    t.pa = access.va;
    return false;
  }
  if (mode == Mode::unsupported || !is_canonical(access.va)) {
    t.failure = mode == Mode::unsupported ? Failure::unsupported_mode : Failure::non_canonical;
    return false;
  }

  const bool fetch = access.kind == AccessKind::fetch;
  const TlbLookup found = tlb->find(access.va, fetch);
  if (found.entry != nullptr) grant(*found.entry, access, t);
  if (found.level == TlbLevel::second) forget_repeats();  // a copy has entered the first level
  if (t.ok && found.mark.used != nullptr && !access.implicit) remember(access, t, found.mark);
  count_lookup(found, t.ok);
  const bool walks = !t.ok;
  if (walks) {
    forget_repeats();
    if (found.entry != nullptr) {
      revoke();
      tlb->drop_for_refill(access.va, fetch);
    }
    walk(access, t);
  }
  if (found.level == TlbLevel::second) t.cycles += timing.tlb_l2_hit;
  return walks;
}

void Mmu::Impl::remember(const Access& access, const Translation& t, const TlbMark& mark) {
  repeat_of(access) = {repeat_key(access), repeat_epoch, mark, {t.read, t.write, t.execute}};
}

bool Mmu::repeat(const Access& access) {
  const Impl::Repeat& r = impl_->repeat_of(access);
  if (r.key != Impl::repeat_key(access) || r.epoch != impl_->repeat_epoch) return false;
  if (!r.allowed[static_cast<size_t>(access.kind)]) return false;
  *r.mark.used = ++*r.mark.clock;
  ++impl_->counters.accesses;
  ++impl_->counters.l1_hits;
  return true;
}

Mmu::Mmu(MemoryPort& memory, const TimingModel& timing, Fidelity fidelity, const TlbGeometry& geometry)
    : impl_(std::make_unique<Impl>(memory, timing, fidelity, geometry)) {}

Mmu::~Mmu() = default;

void Mmu::set_control(const X86Control& control) {
  impl_->control = control;
  impl_->mode = mode_of(control);
  impl_->revoke();
}

const X86Control& Mmu::control() const { return impl_->control; }

void Mmu::set_ac(bool ac) {
  impl_->control.ac = ac;
  impl_->revoke();
}

Translation Mmu::translate(const Access& access, bool* architectural) {
  Translation t;
  const bool event = impl_->translate(access, t);
  if (architectural != nullptr) *architectural = event;
  return t;
}

bool Mmu::held(const Access& access, Translation& t) const {
  t = {};
  if (impl_->mode == Mode::unpaged) {
    t.ok = t.read = t.write = t.execute = true;
    t.pa = access.va;
    return true;
  }
  if (impl_->mode == Mode::unsupported || !is_canonical(access.va)) return false;
  const TlbEntry* entry = impl_->tlb->peek(access.va, access.kind == AccessKind::fetch);
  if (entry != nullptr) impl_->grant(*entry, access, t);
  return t.ok;
}

bool Mmu::take_lost() { return impl_->tlb->take_lost() | std::exchange(impl_->dropped, false); }

bool Mmu::probe(u64 va, u64& pa) const {
  if (impl_->mode == Mode::unpaged) {
    pa = va;
    return true;
  }
  if (impl_->mode == Mode::unsupported || !is_canonical(va)) return false;
  return impl_->walker.probe(va, impl_->control, pa);
}

x86::Explained Mmu::explain(const Access& access) const {
  const Impl& i = *impl_;
  Explained out;
  out.access = access, out.control = i.control;
  out.unpaged = i.mode == Mode::unpaged;
  if (out.unpaged) {
    held(access, out.now);
    return out;
  }
  if (i.mode == Mode::unsupported || !is_canonical(access.va)) {
    out.now.failure = i.mode == Mode::unsupported ? Failure::unsupported_mode : Failure::non_canonical;
    return out;
  }
  if (const TlbEntry* entry = i.tlb->peek(access.va, access.kind == AccessKind::fetch)) out.held = *entry;
  if (out.held) i.grant(*out.held, access, out.now);
  out.hit = out.now.ok;
  out.tables = walk_tables(i.memory, i.control, access);
  TableWalk walk = out.tables;
  TableRef table;
  if (i.walker.begins_below(access.va, i.control, out.cached_level, table)) {
    walk = walk_tables_from(i.memory, i.control, access, out.cached_level, table);
    out.cache_stale = !walk.same_end(out.tables);
  }
  if (out.hit) return out;
  out.now = {};
  if (walk.end == WalkEnd::page) {
    i.grant(walk.page, access, out.now);
  } else {
    out.now.failure = Failure::page_fault;
    out.now.error_code = walk.error_code;
    out.now.table_abort = walk.end == WalkEnd::no_memory;
  }
  return out;
}

std::vector<TlbSlot> Mmu::held_entries() const {
  std::vector<TlbSlot> all = impl_->tlb->list();
  std::stable_sort(all.begin(), all.end(), [](const TlbSlot& a, const TlbSlot& b) {
    return a.va != b.va ? a.va < b.va : a.shift < b.shift;
  });
  return all;
}

void Mmu::flush_all() {
  ++impl_->counters.flush_all;
  impl_->revoke();
  impl_->tlb->clear();
  impl_->walker.clear_caches();
}

void Mmu::flush_nonglobal() {
  ++impl_->counters.flush_nonglobal;
  impl_->revoke();
  impl_->tlb->drop_nonglobal();
  impl_->walker.clear_caches();
}

unsigned Mmu::flush_page(u64 va) {
  ++impl_->counters.flush_page;
  impl_->forget_repeats();
  impl_->walker.clear_caches();
  return impl_->tlb->drop_page(va);
}

u64 Mmu::revocations() const { return impl_->revocations; }

bool Mmu::maps_frame(u64 mfn, bool user_only) const { return impl_->tlb->maps_frame(mfn, user_only); }

const MmuCounters& Mmu::counters() const { return impl_->counters; }

}  // namespace xs::mmu
