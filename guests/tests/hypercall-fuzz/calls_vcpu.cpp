// vcpu_op on all VCPUs, described ones and others.
#include "guests/tests/hypercall-fuzz/arch.h"
#include "guests/tests/hypercall-fuzz/race.h"

namespace {
u64 area_argument() {
  const u64 area = rnd.one_in(2) ? hypercall_arg(world.areas) + rnd.below(page_bytes - 64) : any_address();
  return place(area);
}

u64 info_argument(unsigned vcpu) {
  vcpu_register_vcpu_info_t info{};
  info.mfn = frame_to_write();
  info.offset = rnd.one_in(3) ? static_cast<u32>(any_number()) : 64 * static_cast<u32>(rnd.below(64));
  if (vcpu > race_vcpus()) return place(info);
  // A running VCPU's stays where the guest looks for it. Nor must it be read from zeros, which name a guest
  // frame.
  info.mfn = protected_table();
  u8* at = reserve(sizeof info, false);
  if (at == nullptr) return hypercall_arg(world.hole);
  memcpy(at, &info, sizeof info);
  return hypercall_arg(at);
}

u64 timer_argument(bool periodic) {
  if (!periodic) {
    vcpu_set_singleshot_timer_t timer{rnd.one_in(2) ? any_number() : system_time_ns(0) + rnd.below(10000),
                                      static_cast<u32>(rnd.below(3))};
    return place(timer);
  }
  vcpu_set_periodic_timer_t timer{rnd.one_in(2) ? any_number() : 1000000};
  return place(timer);
}

u64 argument_for(u64 operation, unsigned vcpu) {
  u8 room[64] = {};
  switch (operation) {
    case VCPUOP_initialise:
      return arch_wild_context();
    case VCPUOP_register_runstate_memory_area:
    case VCPUOP_register_vcpu_time_memory_area:
      return area_argument();
    case VCPUOP_register_vcpu_info:
      return info_argument(vcpu);
    case VCPUOP_set_periodic_timer:
    case VCPUOP_set_singleshot_timer:
      return timer_argument(operation == VCPUOP_set_periodic_timer);
    default:
      return place(room, sizeof room, true);
  }
}

void make_vcpu(Call& call) {
  call.arg[0] = rnd.one_in(20) ? any_number() : rnd.below(15);
  call.arg[1] = any_vcpu();
  if (call.arg[0] == VCPUOP_down && call.arg[1] == 0) call.arg[1] = 1;  // somebody has to go on
  call.arg[2] = argument_for(call.arg[0], static_cast<unsigned>(call.arg[1]));
}

void after_vcpu(const Call& call, long) {
  if (call.arg[0] == VCPUOP_down && call.arg[1] <= race_vcpus())
    hypercall_vcpu_op(VCPUOP_up, call.arg[1], nullptr);
}

constexpr CallKind kinds[] = {
    {"vcpu_op", __HYPERVISOR_vcpu_op, 12,
     errors(XEN_EFAULT, XEN_EINVAL, XEN_ENOENT, XEN_ENOSYS, XEN_EEXIST, XEN_ENXIO, XEN_ETIME, XEN_ENOMEM,
            XEN_EPERM),
     1, make_vcpu, after_vcpu},
};
}  // namespace

const CallTable vcpu_calls = {kinds, count_of(kinds)};
