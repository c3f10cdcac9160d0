// The checks of DESIGN section 10: what is judged, what is left out, how it is told.
#include "sim/observe/invariants.h"

#include <fmt/format.h>

#include <xen/grant_table.h>
#include <xen/xen.h>

#include "hypervisor/abi/grants.h"
#include "sim/observe/invariant_checker.h"
#include "sim/observe/names.h"

namespace xs::observe {
namespace {

/// Operations between whose begin and end the tables of the caller, or of others, are in motion.
bool moves_memory(u64 operation) {
  switch (operation >> 32) {
    case __HYPERVISOR_mmu_update:
    case __HYPERVISOR_mmuext_op:
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
    case __HYPERVISOR_memory_op:
    case __HYPERVISOR_multicall:
    case __HYPERVISOR_set_gdt:
    case __HYPERVISOR_update_descriptor:
    case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_domctl:
      return true;
    default:
      return false;
  }
}

bool moves_others(u64 operation) {
  const u64 sub = operation & 0xffffffff;
  return is_grant_operation(operation) &&
         (sub == GNTTABOP_transfer || sub == XS_GNTTABOP_donate || sub == XS_GNTTABOP_exchange);
}

}  // namespace

const char* invariant_name(Invariant which) {
  static constexpr const char* names[] = {
      "owner",       "total",      "m2p",       "p2m",       "type_count", "writable_table",
      "foreign_map", "free_frame", "isolation", "stale_tlb", "leak",       "table_store",
      "event_route", "tlb_tag",    "grant",     "dirty",     "dma"};
  static_assert(std::size(names) == invariant_count);
  return names[static_cast<u8>(which)];
}

std::string CheckReport::to_text() const {
  std::string text =
      fmt::format("invariants: {} frames, {} P2M entries, {} page tables with {} references: {}\n",
                  frames_checked, p2m_entries_checked, tables_walked, references_counted,
                  ok() ? std::string("all hold") : fmt::format("{} violations", violation_count));
  for (const std::string& s : skipped) text += fmt::format("  skipped: {}\n", s);
  for (const Violation& v : violations) text += fmt::format("  {}: {}\n", invariant_name(v.which), v.text);
  return text;
}

CheckReport InvariantChecker::run(std::span<const CpuView* const> cpus) {
  check_owners();
  check_total();
  check_m2p();
  for (const auto& [domid, d] : s_.domains()) check_p2m(domid, d);
  check_references();
  check_grants();
  check_iommu();
  check_leaks(cpus);
  return std::move(report_);
}

void InvariantChecker::violate(Invariant which, u64 mfn, std::string text) {
  ++report_.violation_count;
  if (count_[static_cast<u8>(which)]++ >= violations_kept) return;
  const u32 index = s_.ram().index(mfn);
  if (index != RamMap::none) text += "; " + o_.last_change(index);
  report_.violations.push_back({which, mfn, std::move(text)});
}

// Outside operations the hypervisor changes memory only when it repairs a guest's fault; on IA-64, where no
// guest's tables are its affair, not even then.
bool InvariantChecker::repairs(const CpuView& cpu) const {
  return o_.options.architecture != "ia64" && cpu.cpu() < o_.last_trap.size() &&
         o_.last_trap[cpu.cpu()] != Observer::Impl::no_trap;
}

// Frames leave the receivers' P2Ms, or come to them; which domains these are is in the caller's list.
void InvariantChecker::mark_receivers(const std::string& operation) {
  for (const auto& [domid, d] : s_.domains())
    if (!d.grant_pages.empty()) in_motion_.try_emplace(domid, operation + " is running, perhaps for it");
}

void InvariantChecker::find_transitions(std::span<const CpuView* const> cpus) {
  for (const auto& [dv, stack] : s_.vcpus())
    for (const OpenOperation& op : stack)
      if (moves_memory(op.operation)) {
        in_motion_[dv_domid(dv)] = operation_name(op.operation) + " is running";
        grants_in_motion_ |= is_grant_operation(op.operation);
        if (moves_others(op.operation)) mark_receivers(operation_name(op.operation));
      }
  for (const CpuView* cpu : cpus) {
    const u32 domid = dv_domid(s_.running(cpu->cpu()));
    const bool inside = !o_.images.empty() && o_.images.front()->contains(cpu->pc());
    const OpenOperation* op = s_.operation(cpu->cpu());
    if (inside && domid != idle_domid && (op ? moves_memory(op->operation) : repairs(*cpu)))
      in_motion_.try_emplace(domid, fmt::format("CPU {} is in the hypervisor", cpu->cpu()));
  }
  all_in_motion_ = in_motion_.contains(0);
  for (const auto& [domid, why] : in_motion_)
    report_.skipped.push_back(
        fmt::format("{}: P2M and counts{}: {}", label(domid), domid == 0 ? " of all domains" : "", why));
}

CheckReport Observer::check_invariants(std::span<const CpuView* const> cpus, u64 now_ps) const {
  if (!impl_->state_) return {};
  return InvariantChecker(*impl_, cpus, now_ps).run(cpus);
}

}  // namespace xs::observe
