// The kernel in a domain: time and timer of the hypervisor's, event channels for interrupts.
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/bench/bench.h"
#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/misuse.h"
#include "guests/kernel/block/workload.h"
#include "guests/kernel/dom0/dom0.h"
#include "guests/kernel/driver_domain.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/net/netif.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/p2m_verb.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/pmt.h"
#include "guests/kernel/process.h"
#include "guests/kernel/store_client.h"
#include "guests/kernel/thread.h"
#include "guests/kernel/write_pages.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/events.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "guests/lib/time.h"

namespace {
EventPort kick_ports[cpus_max];
u64 time_gained;  // against the hypervisor's, by having been another domain before

bool is_dom0() { return boot_info->flags & SIF_INITDOMAIN; }

void start() {
  map_shared_info();
  arch_use_hypervisor();
}

const MemoryModel* model() {
  DomainTables tables{guest_is_translated(), guest_has_plain_tables(), false};
  tables.pmt = tables.translated && pmt_offered();
  return arch_model(tables);
}

void use_memory() {
  if (is_dom0()) return;
  console_use_ring(frame_va(model_guest_frame(boot_info->console.domU.mfn)), boot_info->console.domU.evtchn);
}

const char* role() { return is_dom0() ? "dom0" : "domU"; }
const char* command_line() { return reinterpret_cast<const char*>(boot_info->cmd_line); }

constexpr Verb domu_verbs[] = {bench_verb,        ping_verb,       stream_verb,       own_p2m_verb,
                               block_verify_verb, block_hash_verb, block_misuse_verb, write_pages_verb};
void execute(char* line, Status& status) { verbs_execute(domu_verbs, count_of(domu_verbs), line, status); }

void start_services() {
  if (is_dom0()) return dom0_start();
  store_client_start();
  if (!driver_domain_start(command_line())) netfront_start();
  blkfront_start();
  start_test_programs();
  operator_start_script({"", execute}, command_line());
}

u64 time_ns(unsigned cpu) { return system_time_ns(cpu) + time_gained; }
void set_timer(u64 deadline_ns) {
  // Long past in the clock of before may be before this hypervisor's began; 0 would be none.
  const s64 here = static_cast<s64>(deadline_ns - time_gained);
  hypercall_set_timer(deadline_ns == no_deadline ? 0 : here > 0 ? static_cast<u64>(here) : 1);
}

void on_timer(EventPort, void*) { timer_arrived(); }
void on_kick(EventPort, void*) { kick_arrived(); }

void open_cpu(unsigned cpu) {
  s64 timer = event_bind_virq(VIRQ_TIMER, cpu);
  s64 kick = event_bind_ipi(cpu);
  if (timer < 0 || kick < 0) panic("cannot bind timer or IPI of VCPU %u: %ld %ld", cpu, timer, kick);
  event_set_handler(static_cast<EventPort>(timer), on_timer, nullptr);
  event_set_handler(static_cast<EventPort>(kick), on_kick, nullptr);
  kick_ports[cpu] = static_cast<EventPort>(kick);
  // A periodic tick would wake an idle VCPU for nothing; one is running by default.
  hypercall_vcpu_op(VCPUOP_stop_periodic_timer, cpu, nullptr);
}

void dispatch(unsigned cpu) { events_dispatch(cpu); }

void block(unsigned cpu) {
  hypercall_sched_op(SCHEDOP_block, nullptr);  // unmasks upcalls; the upcall handler does the work
  events_disable(cpu);
}

void yield() { hypercall_sched_op(SCHEDOP_yield, nullptr); }
void kick(unsigned cpu) { event_send(kick_ports[cpu]); }
void leave(unsigned cpu) { hypercall_vcpu_op(VCPUOP_down, cpu, nullptr); }
bool has_left(unsigned cpu) { return hypercall_vcpu_op(VCPUOP_is_up, cpu, nullptr) == 0; }
void come_back(unsigned cpu) { hypercall_vcpu_op(VCPUOP_up, cpu, nullptr); }
void resumed(u64 time) {
  time_gained = time - system_time_ns(0);
  use_memory();
  open_cpu(0);
}
bool has_cpu(unsigned cpu) { return hypercall_vcpu_op(VCPUOP_is_up, cpu, nullptr) >= 0; }

struct Line {
  u32 pirq;
  InterruptHandler handler;
  void* context;
};

void on_pirq(EventPort, void* context) {
  auto& line = *static_cast<Line*>(context);
  line.handler(line.context);
  physdev_eoi_t eoi{line.pirq};
  hypercall_physdev_op(PHYSDEVOP_eoi, &eoi);
}

void ping() { hypercall_xen_version(XENVER_version, nullptr); }

bool bind_interrupt(u32 gsi, InterruptHandler handler, void* context) {
  physdev_setup_gsi_t setup{};
  setup.gsi = static_cast<int>(gsi);
  setup.triggering = 1;  // level
  setup.polarity = 0;    // active high
  hypercall_physdev_op(PHYSDEVOP_setup_gsi, &setup);
  physdev_map_pirq_t map{};
  map.domid = DOMID_SELF;
  map.type = MAP_PIRQ_TYPE_GSI;
  map.index = static_cast<int>(gsi);
  map.pirq = static_cast<int>(gsi);
  hypercall_physdev_op(PHYSDEVOP_map_pirq, &map);
  s64 port = event_bind_pirq(gsi);
  auto* line = heap_new<Line>();
  if (port < 0 || !line) return false;
  *line = {gsi, handler, context};
  event_set_handler(static_cast<EventPort>(port), on_pirq, line);
  return true;
}
}  // namespace

constexpr Platform platform_xen = {
    start,     model,    use_memory, role,          command_line, start_services, time_ns,
    set_timer, open_cpu, dispatch,   events_masked, block,        yield,          kick,
    has_cpu,   leave,    has_left,   come_back,     resumed,      bind_interrupt, ping};

// The PV entry leads here (entry.S).
void guest_main() { kernel_main(platform_xen); }
