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

std::unique_ptr<CpuControl> VcpuControls::control_of(const observe::SavedVcpu& v) const {
  const auto domain = observer_.domain(v.domid);
  SavedVcpuControl::FrameOf frame_of;
  if (domain && domain->model == XS_MODEL_TRANSLATED)
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
