#include "hypervisor/common/debug_keys.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/sched_state.h"

namespace hv {
namespace {

void dump_vcpu(const Vcpu* vcpu) {
  print("  v%u: CPU%u %s flags %x pauses %u upcall pending %u mask %u selector %lx\n", vcpu->id,
        vcpu->sched.cpu,
        vcpu->sched.running  ? "running"
        : vcpu->sched.queued ? "waiting"
                             : "stopped",
        vcpu->pause_flags, vcpu->pause_count, vcpu->info->evtchn_upcall_pending,
        vcpu->info->evtchn_upcall_mask, vcpu->info->evtchn_pending_sel);
}

void for_each_domain(void (*function)(const Domain*)) {
  LockGuard guard(domain_list_lock);
  for (const Domain* domain = domain_list; domain; domain = domain->next)
    if (domain->shared) function(domain);
}

void dump_domains() {
  for_each_domain([](const Domain* domain) {
    print("d%u: pauses %u %s%s pages %lu of %lu weight %u\n", domain->id, domain->pause_count,
          domain->dying ? "dying " : "", domain->is_shut_down ? "shut down " : "", domain->mm.total_pages,
          domain->mm.max_pages, domain->weight);
    for (const Vcpu* vcpu : domain->vcpu)
      if (vcpu) dump_vcpu(vcpu);
  });
}

void dump_events() { for_each_domain(events_dump); }

void dump_registers() {
  for_each_domain([](const Domain* domain) {
    for (const Vcpu* vcpu : domain->vcpu) {
      if (!vcpu || !vcpu->initialised) continue;
      print("d%uv%u%s\n", domain->id, vcpu->id,
            vcpu->sched.running && vcpu != current() ? " (running: not exact)" : "");
      arch_dump_registers(vcpu);
    }
  });
}

void help();

struct DebugKey {
  char key;
  const char* what;
  void (*run)();
};
const DebugKey kKeys[] = {
    {'d', "registers of all VCPUs", dump_registers},
    {'e', "event channels", dump_events},
    {'h', "this list", help},
    {'i', "interrupts", arch_dump_interrupts},
    {'m', "memory", mm_dump},
    {'o', "IOMMU", iommu_dump},
    {'q', "domains and VCPUs", dump_domains},
    {'r', "run queue", sched_dump},
};

void help() {
  for (const DebugKey& key : kKeys) print("key '%c': %s\n", key.key, key.what);
}

}  // namespace

void debug_key(char key) {
  for (const DebugKey& entry : kKeys)
    if (entry.key == key) return entry.run();
  print("no debug key '%c'; 'h' lists them\n", key >= 32 ? key : '?');
}

}  // namespace hv
