// Event channels, scheduling, timers.
#include "guests/tests/hypercall-fuzz/arch.h"

namespace {
// All structures of event_channel_op fit.
struct EventArgument {
  u32 word[6];
};

EventArgument event_argument(u64 operation) {
  EventArgument a{};
  const u32 domains = static_cast<u32>(any_domain()) | static_cast<u32>(any_domain()) << 16;
  const u32 peer = rnd.one_in(2) ? rnd.below(8) : any_domain();
  switch (operation) {
    case EVTCHNOP_alloc_unbound:
      a.word[0] = rnd.one_in(2) ? DOMID_SELF | peer << 16 : domains;
      break;
    case EVTCHNOP_bind_interdomain:
      a.word[0] = peer;
      a.word[1] = any_port();
      break;
    case EVTCHNOP_bind_virq:
      a.word[0] = static_cast<u32>(rnd.one_in(6) ? any_number() : rnd.below(24));
      a.word[1] = any_vcpu();
      break;
    case EVTCHNOP_bind_ipi:
      a.word[0] = any_vcpu();
      break;
    case EVTCHNOP_bind_pirq:
      a.word[0] = static_cast<u32>(any_count(32));
      a.word[1] = static_cast<u32>(any_number());
      break;
    case EVTCHNOP_status:
      a.word[0] = any_domain();
      a.word[1] = any_port();
      break;
    case EVTCHNOP_bind_vcpu:
      a.word[0] = any_port();
      a.word[1] = any_vcpu();
      break;
    case EVTCHNOP_reset:
      a.word[0] = any_domain();
      break;
    default:
      a.word[0] = any_port();
  }
  return a;
}

void make_event(Call& call) {
  const u64 often[] = {EVTCHNOP_send,          EVTCHNOP_send,     EVTCHNOP_unmask, EVTCHNOP_bind_interdomain,
                       EVTCHNOP_alloc_unbound, EVTCHNOP_bind_ipi, rnd.below(16)};
  call.arg[0] = rnd.one_in(20) ? any_number() : rnd.pick(often);
  if (call.arg[0] == EVTCHNOP_reset && !rnd.one_in(16)) call.arg[0] = EVTCHNOP_close;
  const EventArgument a = event_argument(call.arg[0]);
  call.arg[1] = place(a, true);
}

// A burst that meets itself: many sends with one look between them.
void make_storm(Call& call) {
  multicall_entry_t list[24] = {};
  evtchn_send_t send{any_port()};
  const u64 argument = place(send);
  for (auto& entry : list) {
    entry.op = __HYPERVISOR_event_channel_op;
    entry.args[0] = rnd.one_in(4) ? EVTCHNOP_unmask : EVTCHNOP_send;
    entry.args[1] = argument;
  }
  call.arg[0] = place(list, sizeof list, true, sizeof list[0]);
  call.arg[1] = count_of(list);
}

// Beyond the list's end lie zeros, and those are a call of set_trap_table.
void after_storm(const Call&, long) { arch_heal_handlers(); }

u64 soon() { return system_time_ns(0) + rnd.below(20000); }

// As it is or nowhere: zeros in its place would be an end, or a sleep, for ever.
template <typename T>
u64 place_surely(const T& data) {
  if (rnd.one_in(6)) return rnd.one_in(2) ? hypercall_arg(world.hole) : arch_hypervisor_address;
  u8* at = reserve(sizeof data, false);
  return hypercall_arg(at ? memcpy(at, &data, sizeof data) : world.hole);
}

u64 poll_argument() {
  u32 ports[8];
  for (u32& p : ports) p = any_port();
  sched_poll_t poll{};
  poll.ports.p = reinterpret_cast<evtchn_port_t*>(place(ports, sizeof ports, false));
  poll.nr_ports = static_cast<u32>(any_count(8));
  poll.timeout = rnd.one_in(3) ? 1 + rnd.below(1000) : soon();  // 0 is for ever
  return place_surely(poll);
}

void make_sched(Call& call) {
  const u64 operations[] = {SCHEDOP_yield,         SCHEDOP_block,           SCHEDOP_poll,
                            SCHEDOP_shutdown_code, SCHEDOP_remote_shutdown, SCHEDOP_shutdown,
                            SCHEDOP_pin_override,  8 + rnd.below(1000)};
  call.arg[0] = rnd.pick(operations);
  switch (call.arg[0]) {
    case SCHEDOP_poll:
      call.arg[1] = poll_argument();
      break;
    case SCHEDOP_block:  // with something to wake up for, which no upcall takes before
      events_disable(0);
      vcpu_info_of(0).evtchn_upcall_pending = 1;
      break;
    case SCHEDOP_remote_shutdown: {
      sched_remote_shutdown_t remote{static_cast<domid_t>(0x7000 + rnd.below(0x80)),
                                     static_cast<u32>(rnd.below(8))};
      call.arg[1] = place_surely(remote);
      break;
    }
    default: {  // no reason that there is: the test is not over
      sched_shutdown_t reason{static_cast<u32>(256 + rnd.below(1 << 20))};
      call.arg[1] = place_surely(reason);
    }
  }
}

void make_old_sched(Call& call) {
  call.arg[0] = rnd.one_in(2) ? SCHEDOP_yield : 2 + rnd.below(100);
  call.arg[1] = 256 + rnd.below(1000);
}

void make_timer(Call& call) { call.arg[0] = rnd.one_in(3) ? any_number() : soon(); }

constexpr CallKind kinds[] = {
    {"event_channel_op", __HYPERVISOR_event_channel_op, 16,
     errors(XEN_EFAULT, XEN_EINVAL, XEN_ESRCH, XEN_EPERM, XEN_ENOENT, XEN_EEXIST, XEN_ENOSPC, XEN_ENOMEM,
            XEN_ENOSYS),
     0, make_event, nullptr},
    {"event storm", __HYPERVISOR_multicall, 2, errors(XEN_EFAULT), 0, make_storm, after_storm},
    {"sched_op", __HYPERVISOR_sched_op, 5, errors(XEN_EFAULT, XEN_EINVAL, XEN_ENOSYS, XEN_ESRCH, XEN_EPERM),
     0, make_sched, nullptr},
    {"sched_op_compat", __HYPERVISOR_sched_op_compat, 1, errors(XEN_ENOSYS, XEN_EINVAL), 0, make_old_sched,
     nullptr},
    {"set_timer_op", __HYPERVISOR_set_timer_op, 3, errors(), 0, make_timer, nullptr},
};
}  // namespace

const CallTable event_calls = {kinds, count_of(kinds)};
