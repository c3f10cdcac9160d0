#include "sim/scenario/vcpu_controls.h"

#include "sim/scenario/saved_ia64_control.h"
#include "sim/scenario/saved_vcpu_control.h"

namespace xs::scenario {

std::vector<observe::SavedVcpu> VcpuControls::list() const {
  return saved_.list([this](u64 va, void* out, u64 size) {
    return observer_.peek_hypervisor(machine_.cpu(0), va, out, size);
  });
}

std::optional<unsigned> VcpuControls::core_of(u32 domid, u32 vcpu) const {
  for (unsigned cpu = 0; cpu < machine_.cpus(); ++cpu)
    if (const auto v = observer_.running(cpu); v && v->domid == domid && v->vcpu == vcpu) return cpu;
  return std::nullopt;
}

bool VcpuControls::in_walked_table(u64 mfn) const {
  for (const observe::SavedVcpu& v : list()) {
    u64 pa = 0;
    if (!v.ia64 || !observer_.translate_hypervisor(machine_.cpu(0), v.ia64->vhpt, pa)) continue;
    if (mfn - (pa >> frame_shift) < u64{1} << (v.ia64->vhpt_shift - frame_shift)) return true;
  }
  return false;
}

/// Tables below `table`, a frame by the domain's name for it. `budget`: tables still to be looked at; a guest
/// may have them lead anywhere.
bool VcpuControls::leads_to(u32 domid, u64 table, unsigned level, u64 mfn, unsigned& found,
                            unsigned& budget) const {
  const u64 frame = observer_.frame_named(domid, table);
  if (frame == mfn) return found = level, true;
  const u8* host = frame == invalid_frame ? nullptr : machine_.memory().readable(frame << frame_shift);
  if (level == 1 || host == nullptr || budget == 0) return false;
  --budget;
  for (const TableEntry& e : machine_.control(0).decode_table(std::span(host, frame_size), level))
    if (e.frame && e.table && leads_to(domid, *e.frame, level - 1, mfn, found, budget)) return true;
  return false;
}

std::optional<VcpuControls::GuestTable> VcpuControls::guest_table(u64 mfn) const {
  constexpr unsigned top_level = 4, most_tables = 4096;
  const auto frame = observer_.frame(mfn);
  const auto domain = frame ? observer_.domain(frame->owner) : std::nullopt;
  if (!domain || !observe::holds_p2m(domain->model)) return std::nullopt;
  for (const observe::SavedVcpu& v : list()) {
    unsigned level = 0, budget = most_tables;
    if (v.ia64 || v.domid != frame->owner || v.table == invalid_frame) continue;
    if (leads_to(v.domid, v.table, top_level, mfn, level, budget)) return GuestTable{v.domid, level};
  }
  return std::nullopt;
}

std::unique_ptr<CpuControl> VcpuControls::control_of(const observe::SavedVcpu& v) const {
  const auto domain = observer_.domain(v.domid);
  SavedVcpuControl::FrameOf frame_of;
  if (domain && observe::holds_p2m(domain->model))
    frame_of = [this, domid = v.domid](u64 gfn) { return observer_.frame_named(domid, gfn); };
  if (!v.ia64)
    return std::make_unique<SavedVcpuControl>(v, machine_.control(0), machine_.memory(), std::move(frame_of));
  const auto hypervisors = [this](u64 va, u64& pa) {
    return observer_.translate_hypervisor(machine_.cpu(0), va, pa);
  };
  return std::make_unique<SavedIa64Control>(*v.ia64, machine_.control(0), machine_.memory(), hypervisors,
                                            std::move(frame_of));
}

}  // namespace xs::scenario
