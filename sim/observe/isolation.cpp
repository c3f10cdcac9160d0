// The isolation monitor: whenever a translation for guest code enters a TLB, may the domain see that frame?
#include <fmt/format.h>

#include <xen/xen.h>

#include <algorithm>

#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

constexpr u64 published_m2p_start = 0xffff800000000000, published_m2p_end = 0xffff804000000000;
static_assert(published_m2p_start == __MACH2PHYS_VIRT_START && published_m2p_end == __MACH2PHYS_VIRT_END);

}  // namespace

void Observer::Impl::check_isolation(const CpuView& view, u64 va, u64 pa, bool write) {
  const u32 index = state_->ram().index(pa >> frame_shift);
  const u32 domid = dv_domid(state_->running(view.cpu()));
  if (index == RamMap::none) return;  // devices: the hypervisor's page-table checks decide
  const FrameState& f = state_->frame(index);
  const bool own = f.owner == domid;
  const bool foreign_by_privileged = domid == 0 && f.owner < XS_OWNER_XEN;
  const bool m2p = f.owner == XS_OWNER_XEN && !write && va >= published_m2p_start && va < published_m2p_end;
  if (own || foreign_by_privileged || m2p) return;
  ++counters.isolation_violations;
  const u64 mfn = pa >> frame_shift;
  constexpr std::size_t kept = 100;
  if (isolation.size() >= kept ||
      std::any_of(isolation.begin(), isolation.end(), [&](const Violation& v) { return v.mfn == mfn; }))
    return;
  Violation v{Invariant::isolation, mfn,
              fmt::format("{} {} frame {:#x} of {} at {:#x}, CPU {}, PC {}; {}", state_->domain_label(domid),
                          write ? "may write" : "may read", mfn, state_->domain_label(f.owner), va,
                          view.cpu(), symbols.describe(view.pc()), last_change(index))};
  isolation.push_back(v);
  listener->on_isolation(v);
}

}  // namespace xs::observe
