// The isolation monitor: whenever a translation for guest code enters a TLB, may the domain see that frame?
// And when a frame gets a new owner, have all the translations for guest code gone?
#include <fmt/format.h>

#include <xen/xen.h>

#include <algorithm>
#include <utility>

#include "sim/observe/leak.h"
#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

constexpr u64 published_m2p_start = 0xffff800000000000, published_m2p_end = 0xffff804000000000;
static_assert(published_m2p_start == __MACH2PHYS_VIRT_START && published_m2p_end == __MACH2PHYS_VIRT_END);

}  // namespace

/// By what the domain owns, what its model lets it name, and what it is.
bool Observer::Impl::may_see(unsigned cpu, u32 domid, u32 index, u64 va, bool write) const {
  const FrameState& f = state_->frame(index);
  const auto running = state_->domains().find(domid);
  const bool translated = running != state_->domains().end() && holds_p2m(running->second.model);
  // Shadow page tables show what the P2M names, and nothing else of the domain's. On IA-64 a VCPU sees its
  // XSI besides, frames that the hypervisor shares with it.
  const bool shared = type_of_bits(f.type_bits) == XS_FRAME_SHARED && options.architecture == "ia64";
  const bool named = !translated || shared || running->second.p2m.get(f.gfn) == state_->ram().mfn(index) ||
                     (f.owner == domid && other_operates(cpu));
  const bool own = f.owner == domid && named;
  const bool foreign_by_privileged = domid == 0 && f.owner < XS_OWNER_XEN;
  const bool m2p = options.architecture == "x86_64" && !translated && f.owner == XS_OWNER_XEN && !write &&
                   va >= published_m2p_start && va < published_m2p_end;
  const bool p2m_page = named && !write && type_of_bits(f.type_bits) == XS_FRAME_P2M &&
                        reads_p2m(domid, state_->ram().mfn(index));
  return own || foreign_by_privileged || m2p || p2m_page || shown_by_grant(domid, index, write);
}

/// Another CPU may have taken an entry out of a P2M, and be about to have this one forget what it led to: the
/// frame is the domain's own until that is done, and from its next owner on check_stale() watches it.
bool Observer::Impl::other_operates(unsigned cpu) const {
  for (unsigned other = 0; other < options.cpus; ++other)
    if (other != cpu && state_->operation(other) != nullptr) return true;
  return false;
}

/// The page is of a P2M, or a copy of one, that the domain may read (hypervisor/abi/pmt.h).
bool Observer::Impl::reads_p2m(u32 domid, u64 mfn) const {
  const auto reader = state_->domains().find(domid);
  if (reader == state_->domains().end()) return false;
  const HeldP2ms::Page* page = held_p2m.page(mfn);
  const bool own = page == nullptr || page->domid == domid;
  return reader->second.model == XS_MODEL_EXPOSED ? own || domid == 0
                                                  : domid == 0 && reader->second.model == XS_MODEL_DOM0_PMT;
}

void Observer::Impl::check_isolation(const CpuView& view, u64 va, u64 pa, bool write) {
  const u32 index = state_->ram().index(pa >> frame_shift);
  const u32 domid = dv_domid(state_->running(view.cpu()));
  if (index == RamMap::none) return check_device_registers(view, va, pa);
  if (may_see(view.cpu(), domid, index, va, write)) return;
  const FrameState& f = state_->frame(index);
  const u64 mfn = pa >> frame_shift;
  isolation_broken(
      {Invariant::isolation, mfn,
       fmt::format("{} {} frame {:#x} of {} at {:#x}, CPU {}, PC {}; {}", state_->domain_label(domid),
                   write ? "may write" : "may read", mfn, state_->domain_label(f.owner), va, view.cpu(),
                   symbols_on(view.cpu()).describe(view.pc()), last_change(index))});
}

/// Whoever writes a device's registers sends it to any frame: one domain alone may.
void Observer::Impl::check_device_registers(const CpuView& view, u64 va, u64 pa) {
  const u32 domid = dv_domid(state_->running(view.cpu()));
  const u32 owner = device_owner(pa >> frame_shift);
  if (domid == owner) return;
  isolation_broken({Invariant::isolation, pa >> frame_shift,
                    fmt::format("{} may reach devices' registers of {}, {:#x} at {:#x}, CPU {}, PC {}",
                                state_->domain_label(domid), state_->domain_label(owner), pa, va, view.cpu(),
                                symbols_on(view.cpu()).describe(view.pc()))});
}

/// From here on the registers are another domain's: no guest may reach them by an older translation.
void Observer::Impl::mark_device(const CpuView& view, u32 domid, u64 page) {
  const u32 before = std::exchange(device_pages[page], domid);
  for (unsigned cpu = 0; options.isolation_monitor && tlb_reaches && cpu < options.cpus; ++cpu)
    if (tlb_reaches(cpu, page))
      isolation_broken(
          {Invariant::stale_tlb, page,
           fmt::format("devices' registers at {:#x} go from {} to {}, but the TLB of CPU {} still maps "
                       "them for guest code; {}",
                       page << frame_shift, state_->domain_label(before), state_->domain_label(domid), cpu,
                       here(view, view.caller()))});
}

bool Observer::Impl::is_told(u32 domid, u64 word) const {
  const auto found = told.find(domid);
  if (found == told.end()) return false;
  const auto [first, count] = found->second;
  return word - first < count || ((word & 0x000ffffffffff000) >> frame_shift) - first < count;
}

// A TLB with tags (IA-64: region identifiers) keeps what others have left. At the first operation of a VCPU
// that has come to the CPU, and when it leaves: all that it can reach, its own and what it found.
void Observer::Impl::check_tags(const CpuView& view) {
  if (!options.isolation_monitor || !tagged_pages) return;
  const u32 domid = dv_domid(state_->running(view.cpu()));
  if (domid == idle_domid) return;
  for (const ReachablePage& page : tagged_pages(view.cpu())) {
    for (u64 at = 0; at < page.size; at += frame_size) {
      const u64 mfn = (page.pa + at) >> frame_shift;
      const u32 index = state_->ram().index(mfn);
      // A free frame is not reached any more before somebody gets it (stale_tlb).
      if (index == RamMap::none || state_->frame(index).owner == XS_OWNER_FREE) continue;
      if (may_see(view.cpu(), domid, index, page.va + at, page.write)) continue;
      isolation_broken(
          {Invariant::tlb_tag, mfn,
           fmt::format("the TLB of CPU {} has frame {:#x} of {} at {:#x} under the tags of {}; {}",
                       view.cpu(), mfn, state_->domain_label(state_->frame(index).owner), page.va + at,
                       state_->domain_label(domid), here(view, view.caller()))});
    }
  }
}

// A free frame may still be mapped in some TLB: flushes are put off until the frame is given out again
// (hypervisor/common/tlb_epoch.h). From then on no guest may reach it by a translation that is older. The
// hypervisor's own entries reach every frame and are no user's.
void Observer::Impl::check_stale(const CpuView& view, u32 index, u32 before, u32 after) {
  if (after == XS_OWNER_FREE || after == XS_OWNER_NONE || before == XS_OWNER_NONE) return;
  const u64 mfn = state_->ram().mfn(index);
  for (unsigned cpu = 0; cpu < options.cpus; ++cpu) {
    if (!tlb_reaches(cpu, mfn)) continue;
    const u32 old = before < XS_OWNER_XEN ? before : last_domain(index);
    const u64 runs = state_->running(cpu);
    isolation_broken(
        {Invariant::stale_tlb, mfn,
         fmt::format("frame {:#x} goes from {} to {}, but the TLB of CPU {} (running {}) still maps it for "
                     "guest code; {}",
                     mfn, state_->domain_label(old), state_->domain_label(after), cpu,
                     dv_domid(runs) == idle_domid ? "idle" : state_->domain_label(dv_domid(runs)),
                     here(view, view.caller()))});
  }
}

std::string Observer::Impl::here(const CpuView& view, u64 pc) const {
  const OpenOperation* op = state_->operation(view.cpu());
  return fmt::format("CPU {}, PC {}, in {}", view.cpu(), symbols_on(view.cpu()).describe(pc),
                     op ? operation_text(state_->running(view.cpu()), op->operation) : "no operation");
}

/// The newest domain that the frame has belonged to; whoever owns it now when its history holds none.
u32 Observer::Impl::last_domain(u32 index) const {
  for (u64 at = counts_[index].newest; at != 0 && at + options.history_records >= history_next;) {
    const HistoryRecord& r = history_[at % options.history_records];
    if (r.what == FrameChange::What::owner && r.old_value < XS_OWNER_XEN)
      return static_cast<u32>(r.old_value);
    at = r.previous;
  }
  return state_->frame(index).owner;
}

void Observer::Impl::isolation_broken(Violation v) {
  ++counters.isolation_violations;
  constexpr std::size_t most = 100;
  const auto same = [&](const Violation& x) { return x.mfn == v.mfn && x.which == v.which; };
  if (isolation.size() >= most || std::any_of(isolation.begin(), isolation.end(), same)) return;
  isolation.push_back(v);
  listener->on_isolation(v);
}

// What a hypercall answers is the way on which a machine address would get out.
void Observer::Impl::check_result(const CpuView& view, u64 dv, u64 operation, u64 result) {
  const auto domain = state_->domains().find(dv_domid(dv));
  if (domain == state_->domains().end() || !hides_machine_numbers(dv_domid(dv), domain->second.model)) return;
  const MachineNumbers numbers(state_->ram());
  if (!numbers.any() || numbers.classify(result, view.time_ps() / 1000) == MachineNumbers::Kind::none ||
      is_told(dv_domid(dv), result))
    return;
  ++counters.leaks;
  constexpr std::size_t most = 20;
  if (leaks.size() < most)
    leaks.push_back({Invariant::leak, invalid_frame,
                     fmt::format("{} answers {} vcpu{} with machine number {:#x} at {:.6f} ms, CPU {}, PC {}",
                                 operation_name(operation), state_->domain_label(dv_domid(dv)), dv_vcpu(dv),
                                 result, static_cast<double>(view.time_ps()) * 1e-9, view.cpu(),
                                 symbols.describe(view.caller()))});
}

}  // namespace xs::observe
