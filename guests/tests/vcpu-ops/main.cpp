// A second VCPU's life: described, started, watched, stopped by itself, started again.
//
// vcpu_op may describe a VCPU once, start only what was described, and must tell the truth about its state.
// Where the hypervisor writes on its own (runstate area, vcpu_info moved to a page of the guest's) the guest
// names the place, which must be the guest's memory and whole inside a page. The second VCPU reports what it
// finds; the first sends it an event, and after VCPUOP_down and up it goes on where it stopped.
#include "guests/tests/lib/test.h"

const char test_name[] = "vcpu-ops";

namespace {
constexpr unsigned other = 1;

enum Stage : u32 { not_started, running, event_seen, resumed };
volatile u32 stage;
bool masked_at_start;
EventPort port;
vcpu_info_t* moved;  // VCPU 1's, in a page of ours
Pfn info_page;
vcpu_runstate_info_t area;

void wait_for(Stage wanted, const char* what) {
  u64 end = system_time_ns(0) + ns_per_s;
  while (stage < wanted) {
    if (system_time_ns(0) > end) test_error("VCPU 1 did not get to: %s", what);
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

long is_up() { return hypercall_vcpu_op(VCPUOP_is_up, other, nullptr); }

void other_vcpu() {
  masked_at_start = moved->evtchn_upcall_mask;
  stage = running;
  while (!event_pending(port)) hypercall_sched_op(SCHEDOP_yield, nullptr);
  stage = event_seen;
  hypercall_vcpu_op(VCPUOP_down, other, nullptr);
  stage = resumed;
  hypercall_vcpu_op(VCPUOP_down, other, nullptr);
}

void check_initialise() {
  test_equal("is_up of a VCPU never described", is_up(), 0);
  test_check(hypercall_vcpu_op(VCPUOP_up, other, nullptr) < 0, "up of a VCPU never described");
  test_equal("initialise from unmapped memory", hypercall_vcpu_op(VCPUOP_initialise, other, test_unmapped),
             -XEN_EFAULT);
  test_equal("initialise", test_initialise_vcpu(other, other_vcpu), 0);
  test_equal("initialise twice", test_initialise_vcpu(other, other_vcpu), -XEN_EEXIST);
  test_equal("is_up after initialise", is_up(), 0);
}

long register_info(Mfn mfn, u32 offset) {
  vcpu_register_vcpu_info_t op{};
  op.mfn = mfn;
  op.offset = offset;
  return hypercall_vcpu_op(VCPUOP_register_vcpu_info, other, &op);
}

void check_vcpu_info() {
  constexpr u32 offset = 256;
  info_page = test_spare_frames(1);
  moved = reinterpret_cast<vcpu_info_t*>(static_cast<u8*>(test_va(info_page)) + offset);
  Mfn mfn = test_machine(info_page);
  test_equal("vcpu_info across the page's end", register_info(mfn, page_bytes - 8), -XEN_ENXIO);
  test_check(register_info(0x3fffffffff, 0) < 0, "vcpu_info in a frame that does not exist");
  test_equal("register_vcpu_info", register_info(mfn, offset), 0);
  test_check(register_info(mfn, offset + 128) < 0, "register_vcpu_info twice");
  test_check(moved->evtchn_upcall_pending && moved->evtchn_pending_sel == ~xen_ulong_t{0},
             "events that went to the old place would be lost");
}

void check_start() {
  s64 bound = event_bind_ipi(other);
  if (bound < 0) test_error("bind_ipi: %s", errno_name(bound));
  port = static_cast<EventPort>(bound);
  event_unmask(port);
  test_equal("up", hypercall_vcpu_op(VCPUOP_up, other, nullptr), 0);
  wait_for(running, "its entry");
  test_equal("is_up while it runs", is_up(), 1);
  test_check(masked_at_start, "a new VCPU begins with upcalls unmasked");
  test_check(moved->time.version != 0 && !(moved->time.version & 1), "no time in the moved vcpu_info");
  moved->evtchn_upcall_pending = 0;
  moved->evtchn_pending_sel = 0;
  event_send(port);
  wait_for(event_seen, "its event");
  test_check(moved->evtchn_upcall_pending, "the upcall flag is not in the moved vcpu_info");
  test_check(moved->evtchn_pending_sel >> (port / 64) & 1, "the selector is not in the moved vcpu_info");
}

void wait_until_down() {
  u64 end = system_time_ns(0) + ns_per_s;
  while (is_up() == 1 && system_time_ns(0) < end) hypercall_sched_op(SCHEDOP_yield, nullptr);
}

void check_down_and_up() {
  wait_until_down();
  test_equal("is_up after down", is_up(), 0);
  vcpu_runstate_info_t info{};
  const u64 end = system_time_ns(0) + ns_per_s;  // it may still be on its way off another CPU
  do {
    test_equal("runstate of a VCPU that is down", hypercall_vcpu_op(VCPUOP_get_runstate_info, other, &info),
               0);
  } while (info.state != RUNSTATE_offline && system_time_ns(0) < end);
  test_equal("its state", info.state, RUNSTATE_offline);
  test_equal("stage while it is down", stage, event_seen);
  test_equal("up again", hypercall_vcpu_op(VCPUOP_up, other, nullptr), 0);
  wait_for(resumed, "the code behind its VCPUOP_down");
  wait_until_down();
}

u64 total(const vcpu_runstate_info_t& info) {
  u64 sum = 0;
  for (u64 t : info.time) sum += t;
  return sum;
}

struct Sleep {
  vcpu_runstate_info_t before, after;
  u64 blocked() const { return after.time[RUNSTATE_blocked] - before.time[RUNSTATE_blocked]; }
  u64 awake() const {
    return after.time[RUNSTATE_runnable] - before.time[RUNSTATE_runnable] + after.time[RUNSTATE_running] -
           before.time[RUNSTATE_running];
  }
};

// 5 ms asleep. While others have work this VCPU, or the simulated CPU, may be kept from running and find its
// deadline passed: then once more.
Sleep sleep_undisturbed() {
  Sleep s{};
  for (unsigned attempt = 0; attempt < 20; attempt++) {
    test_equal("get_runstate_info", hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, &s.before), 0);
    evtchn_port_t none[1];
    sched_poll_t poll{};
    set_xen_guest_handle(poll.ports, none);
    poll.timeout = system_time_ns(0) + 5 * ns_per_ms;
    hypercall_sched_op(SCHEDOP_poll, &poll);
    test_equal("get_runstate_info", hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, &s.after), 0);
    if (s.awake() < ns_per_ms) break;
  }
  return s;
}

void check_runstate() {
  const Sleep first = sleep_undisturbed();
  test_equal("state of the caller", first.after.state, RUNSTATE_running);
  test_check(first.blocked() >= 4 * ns_per_ms, "5 ms asleep are not in the blocked time: %lu ns",
             first.blocked());
  test_check(total(first.after) > total(first.before), "time does not pass");
  test_equal("get_runstate_info to unmapped memory",
             hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, test_unmapped), -XEN_EFAULT);
  vcpu_register_runstate_memory_area_t op{};
  set_xen_guest_handle(op.addr.h, &area);
  test_equal("register_runstate_memory_area", hypercall_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &op),
             0);
  test_equal("state in the area", area.state, RUNSTATE_running);
  const Sleep second = sleep_undisturbed();
  test_check(area.time[RUNSTATE_blocked] >= second.before.time[RUNSTATE_blocked] + second.blocked(),
             "the area is not kept up to date");
}
void check_time_area() {
  static vcpu_time_info_t times;
  vcpu_register_time_memory_area_t op{};
  set_xen_guest_handle(op.addr.h, &times);
  test_equal("register_vcpu_time_memory_area",
             hypercall_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op), 0);
  test_check(times.tsc_to_system_mul && times.system_time, "no time in the area: mul 0x%x",
             times.tsc_to_system_mul);
  test_equal("register_vcpu_time_memory_area from unmapped memory",
             hypercall_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, test_unmapped), -XEN_EFAULT);
}
}  // namespace

void test_main() {
  test_need_vcpus(2);
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  check_initialise();
  check_vcpu_info();
  check_start();
  check_down_and_up();
  check_runstate();
  check_time_area();
}
