// The monitor of DMA. Devices take machine addresses and obey nobody but who writes their registers, which
// the hypervisor lets one domain do alone (XS_MARK_DEVICE; dom0, unless it has given the device away); so
// what a device reaches, that domain has sent it to.
//
//     its own frame                any transfer; none to memory that the CPU takes its tables from
//     another domain's             while it is granted to it (for devices or for itself), or its page tables
//     or
//                                  P2M name it; a transfer to memory only where they may write
//     free, the hypervisor's       none
#include <fmt/format.h>

#include "sim/observe/observer_impl.h"
#include "sim/observe/references.h"

namespace xs::observe {
namespace {

std::string transfer(const DmaAccess& a, const std::string& driver_label) {
  return fmt::format("the {} device of {} in slot {} {}", a.device, driver_label, a.slot,
                     a.write ? "writes to" : "reads");
}

}  // namespace

void Observer::on_dma(const DmaAccess& a) {
  Impl& i = *impl_;
  ++(a.write ? i.counters.dma_writes : i.counters.dma_reads);
  if (!i.state_ || !i.options.isolation_monitor || !i.state_->domains().contains(0)) return;
  for (u64 mfn = a.pa >> frame_shift; mfn <= (a.pa + a.size - 1) >> frame_shift; ++mfn) i.check_dma(a, mfn);
}

/// The domain that has the page of a device's registers.
u32 Observer::Impl::device_owner(u64 page) const {
  const auto given = device_pages.find(page);
  return given == device_pages.end() ? 0 : given->second;
}

void Observer::Impl::check_dma(const DmaAccess& a, u64 mfn) {
  const u32 driver = device_owner(a.registers >> frame_shift);
  const u32 index = state_->ram().index(mfn);
  if (index == RamMap::none) return;
  const FrameState& f = state_->frame(index);
  const unsigned type = type_of_bits(f.type_bits);
  std::string problem;
  if (f.owner == driver) {
    if (!a.write || !table_in_use(index)) return;
    problem = fmt::format("where it has {}",
                          type == XS_FRAME_SEGDESC ? "descriptors" : fmt::format("an L{} table", type));
  } else if (f.owner < XS_OWNER_XEN && named_by(driver, mfn, a.write)) {
    ++counters.dma_foreign;
    return;
  } else {
    problem = "which it neither owns nor has mapped";
  }
  isolation_broken(
      {Invariant::dma, mfn,
       fmt::format("{} frame {:#x} of {} ({} bytes at {:#x}), {}, at {:.6f} ms; {}",
                   transfer(a, state_->domain_label(driver)), mfn, state_->domain_label(f.owner), a.size,
                   a.pa, problem, static_cast<double>(a.time_ps) * 1e-9, last_change(index))});
}

/// Nothing has happened to memory. The first ones are told in words, all are counted.
void Observer::on_dma_refused(const DmaAccess& a) {
  constexpr u64 most_told = 20;
  Impl& i = *impl_;
  if (++i.counters.dma_refused > most_told || !i.state_) return;
  const u32 index = i.state_->ram().index(a.pa >> frame_shift);
  const u32 owner = index == RamMap::none ? XS_OWNER_NONE : i.state_->frame(index).owner;
  i.listener->on_dma_refused(
      fmt::format("{} frame {:#x} of {} ({} bytes at {:#x}): the IOMMU refuses it",
                  transfer(a, i.state_->domain_label(i.device_owner(a.registers >> frame_shift))),
                  a.pa >> frame_shift, i.state_->domain_label(owner), a.size, a.pa));
}

/// The CPU takes page tables or descriptors from it.
bool Observer::Impl::table_in_use(u32 index) const {
  const unsigned type = type_of_bits(state_->frame(index).type_bits);
  const bool table = (type >= XS_FRAME_L1 && type <= XS_FRAME_L4) || type == XS_FRAME_SEGDESC;
  return table && (counts_[index].type_info & XS_TYPE_COUNT) != 0;
}

/// By a grant, or an entry of a table; looked for in memory, since transfers to others' frames are few.
bool Observer::Impl::named_by(u32 domid, u64 mfn, bool write) const {
  const u32 owner = state_->frame(state_->ram().index(mfn)).owner;
  const GrantInUse granted = state_->grants().of_user(domid, mfn, owner);
  bool found = (write ? granted.writers() : granted.all()) != 0;
  if (found) return true;
  held_p2m.for_each(*memory, [&](u32 whose, u64, const HeldP2mEntry& e) {
    found = found || (whose == domid && e.mfn == mfn && e.foreign && (e.writable || !write));
  });
  if (found) return true;
  ReferenceCounter(*memory, *state_)
      .walk([&](u32 index) { return counts_[index].type_info & XS_TYPE_COUNT; },
            [&](const TableEntry& e) {
              found = found || (e.level == 1 && e.table_owner == domid && e.target_mfn == mfn &&
                                (e.writable || !write));
            });
  return found;
}

}  // namespace xs::observe
