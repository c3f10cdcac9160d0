// Who writes the hypervisor's tables: the store routines alone (DESIGN section 3, rule 2).
//
// On x86 the engine asks at the first store to a page of a table after it last forgot the page's translation.
// Stores that follow by the same translation are not seen here. The routines therefore have a view of the
// tables of their own (hypervisor/arch/x86_64/layout.h): what they have brought into a TLB serves no other
// store. On IA-64 the core tells of each store.
#include <fmt/format.h>

#include <algorithm>

#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {

/// The frames behind frame table and M2P, by any address: the tables are complete when memory is ready.
void Observer::Impl::learn_tables(const CpuView& view) {
  guarded.assign(state_->ram().frames(), false);
  ++guards_version;
  const auto learn = [&](u64 va, u64 bytes) {
    for (u64 page = va & ~frame_mask; page < va + bytes; page += frame_size) {
      u64 pa = 0;
      const u32 index =
          hypervisor.translate(view, page, pa) ? state_->ram().index(pa >> frame_shift) : RamMap::none;
      if (index != RamMap::none) guarded[index] = true;
    }
  };
  if (tables_.frames_bytes == 0) return;
  for (const auto& range : state_->ram().ranges()) {
    learn(tables_.frames_va + range.first * sizeof(xs_frame), range.count * sizeof(xs_frame));
    learn(tables_.m2p_va + range.first * sizeof(u64), range.count * sizeof(u64));
  }
}

bool Observer::Impl::in_store_routine(u64 pc) const {
  return std::any_of(routines.begin(), routines.end(),
                     [pc](const auto& routine) { return pc - routine.first < routine.second; });
}

/// "M2P entries of frames 0x100000000 .. 0x1000001ff".
std::string Observer::Impl::entries_in(u64 va) const {
  const TableMap::Place place = tables_.find(va);
  if (place.table == TableMap::Table::none) return "frame table or M2P, at another address";
  const bool m2p = place.table == TableMap::Table::m2p;
  const u64 count = frame_size / (m2p ? sizeof(u64) : sizeof(xs_frame));
  return fmt::format("{} entries of frames {:#x} .. {:#x}", m2p ? "M2P" : "frame table", place.mfn,
                     place.mfn + count - 1);
}

bool Observer::guards(u64 pa) const {
  const Impl& i = *impl_;
  if (i.guarded.empty() || !i.options.isolation_monitor) return false;
  const u32 index = i.state_->ram().index(pa >> frame_shift);
  return index != RamMap::none && i.guarded[index];
}

u64 Observer::guards_version() const { return impl_->guards_version; }

void Observer::on_guarded_store(const CpuView& view, u64 va, u64 pa) {
  Impl& i = *impl_;
  ++i.counters.guarded_stores;
  if (i.in_store_routine(view.pc())) return;
  const u64 mfn = pa >> frame_shift;
  i.isolation_broken({Invariant::table_store, mfn,
                      fmt::format("a store outside of the store routines to {}, {:#x} in frame {:#x}; {}",
                                  i.entries_in(va), va, mfn, i.here(view, view.pc()))});
}

}  // namespace xs::observe
