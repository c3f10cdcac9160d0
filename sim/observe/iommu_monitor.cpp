// The IOMMU against ownership. What a device reaches by it, by tables or by what is remembered of them, is
//
//     its domain's own frame       read and write; read alone while the CPU takes its tables from it
//     another domain's             while it is granted to its domain and mapped, as it is granted
//     free, the hypervisor's       nothing
//
// Never more, which is looked at when a frame's owner or type changes and when a mapping by a grant has
// ended; between operations, of its domain's own frames, not less either.
#include <fmt/format.h>

#include "hypervisor/abi/iommu.h"
#include "sim/observe/invariant_checker.h"

namespace xs::observe {
namespace {

const char* in_words(u64 rights) {
  switch (rights) {
    case XS_IOMMU_READ:
      return "read";
    case XS_IOMMU_WRITE:
      return "write";
    default:
      return "read and write";
  }
}

}  // namespace

void Observer::Impl::mark_iommu(u64 rights) {
  const u64 before = rights >> 8 & 0xff, after = rights & 0xff;
  if (after & ~before) ++counters.iommu_maps;
  if (before & ~after) ++counters.iommu_unmaps;
}

u64 Observer::Impl::iommu_due(u32 domid, u32 index) const {
  const u32 owner = state_->frame(index).owner;
  if (owner == domid) return table_in_use(index) ? XS_IOMMU_READ : XS_IOMMU_READ | XS_IOMMU_WRITE;
  if (owner >= XS_OWNER_XEN) return 0;
  const GrantInUse granted = state_->grants().of_user(domid, state_->ram().mfn(index), owner);
  return (granted.all() ? XS_IOMMU_READ : 0) | (granted.writers() ? XS_IOMMU_WRITE : 0);
}

void Observer::Impl::each_iommu_slot(u32 index, const std::function<void(unsigned, u64, u64)>& fn) const {
  if (!iommu.reach || index == RamMap::none || !state_) return;
  for (const unsigned slot : iommu.slots)
    if (const auto reach = iommu.reach(slot, state_->ram().mfn(index)))
      fn(slot, *reach, iommu_due(slot_owner(slot), index));
}

u32 Observer::Impl::slot_owner(unsigned slot) const {
  return device_owner(iommu.registers(slot) >> frame_shift);
}

std::string Observer::Impl::iommu_excess(unsigned slot, u32 index, u64 excess) const {
  return fmt::format("the IOMMU lets the device of {} in slot {} {} frame {:#x} of {}{}",
                     state_->domain_label(slot_owner(slot)), slot, in_words(excess), state_->ram().mfn(index),
                     state_->domain_label(state_->frame(index).owner),
                     table_in_use(index) ? ", a table in use" : "");
}

void Observer::Impl::check_iommu(const CpuView& view, u32 index) {
  if (!options.isolation_monitor) return;
  each_iommu_slot(index, [&](unsigned slot, u64 reach, u64 due) {
    if ((reach & ~due) == 0) return;
    isolation_broken({Invariant::dma, state_->ram().mfn(index),
                      fmt::format("{}; {}; {}", iommu_excess(slot, index, reach & ~due),
                                  here(view, view.caller()), last_change(index))});
  });
}

void InvariantChecker::check_iommu() {
  for (u32 index = 0; index < frames(); ++index)
    o_.each_iommu_slot(index, [&](unsigned slot, u64 reach, u64 due) {
      const u32 driver = o_.slot_owner(slot);
      if (in_motion(driver)) return;
      const u64 missing = s_.frame(index).owner == driver ? due & ~reach : 0;
      if (reach & ~due)
        violate(Invariant::dma, s_.ram().mfn(index), o_.iommu_excess(slot, index, reach & ~due));
      if (missing)
        violate(Invariant::dma, s_.ram().mfn(index),
                fmt::format("the IOMMU does not let the device of {} in slot {} {} frame {:#x}, its own",
                            label(driver), slot, in_words(missing), s_.ram().mfn(index)));
    });
}

}  // namespace xs::observe
