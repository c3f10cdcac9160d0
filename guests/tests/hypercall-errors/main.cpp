// Hypercalls with bad arguments give the documented errno, and nothing else happens.
//
// A guest is hostile or broken at any time: no argument may crash the hypervisor, leak anything or be half
// obeyed. The table lists one bad argument each, with the error that the public headers (or Xen's long
// practice) promise. The guest must be alive and its memory unchanged at the end.
#include "guests/tests/hypercall-errors/errors.h"

const char test_name[] = "hypercall-errors";

namespace {
void* const hypervisor_space = reinterpret_cast<void*>(HYPERVISOR_VIRT_START);

void check_numbers() {
  test_equal("hypercall 63", arch_hypercall(63), -XEN_ENOSYS);
  test_equal("sched_op 99", hypercall_sched_op(99, nullptr), -XEN_ENOSYS);
  test_equal("event_channel_op 99", hypercall_event_channel_op(99, nullptr), -XEN_ENOSYS);
  test_equal("memory_op 60", hypercall_memory_op(60, nullptr), -XEN_ENOSYS);
  test_equal("vcpu_op 99", hypercall_vcpu_op(99, 0, nullptr), -XEN_ENOSYS);
  test_equal("xen_version 99", hypercall_xen_version(99, nullptr), -XEN_ENOSYS);
}

void check_pointers() {
  test_equal("event_channel_op from unmapped memory",
             hypercall_event_channel_op(EVTCHNOP_send, test_unmapped), -XEN_EFAULT);
  test_equal("event_channel_op from the hypervisor's space",
             hypercall_event_channel_op(EVTCHNOP_send, hypervisor_space), -XEN_EFAULT);
  // Reservation calls answer with the number of extents done, here none; others with an errno.
  test_equal("decrease_reservation from unmapped memory",
             hypercall_memory_op(XENMEM_decrease_reservation, test_unmapped), 0);
  test_equal("current_reservation from unmapped memory",
             hypercall_memory_op(XENMEM_current_reservation, test_unmapped), -XEN_EFAULT);
  xen_memory_domain nobody{};
  nobody.domid = 77;
  test_equal("maximum_reservation of domain 77", hypercall_memory_op(XENMEM_maximum_reservation, &nobody),
             -XEN_ESRCH);
  test_equal("register_runstate_memory_area from unmapped memory",
             hypercall_vcpu_op(VCPUOP_register_runstate_memory_area, 0, test_unmapped), -XEN_EFAULT);
  test_equal("sched_op poll from unmapped memory", hypercall_sched_op(SCHEDOP_poll, test_unmapped),
             -XEN_EFAULT);
  test_equal("multicall from unmapped memory",
             hypercall_multicall(static_cast<multicall_entry_t*>(test_unmapped), 1), -XEN_EFAULT);
  test_equal("get_features to unmapped memory", hypercall_xen_version(XENVER_get_features, test_unmapped),
             -XEN_EFAULT);
}

void check_version() {
  const int answers[] = {XENVER_extraversion,       XENVER_compile_info, XENVER_capabilities,
                         XENVER_changeset,          XENVER_guest_handle, XENVER_commandline,
                         XENVER_platform_parameters};
  for (int answer : answers)
    test_equal("xen_version to unmapped memory", hypercall_xen_version(answer, test_unmapped), -XEN_EFAULT);
  test_equal("page size, which takes no argument", hypercall_xen_version(XENVER_pagesize, test_unmapped),
             -XEN_EINVAL);
}

void check_events() {
  evtchn_send_t send{4000};
  test_equal("send to a port never bound", hypercall_event_channel_op(EVTCHNOP_send, &send), -XEN_EINVAL);
  evtchn_close_t close{0xffffffff};
  test_equal("close port 2^32-1", hypercall_event_channel_op(EVTCHNOP_close, &close), -XEN_EINVAL);
  evtchn_unmask_t unmask{0xffffffff};
  test_equal("unmask port 2^32-1", hypercall_event_channel_op(EVTCHNOP_unmask, &unmask), -XEN_EINVAL);
  evtchn_status_t status{};
  status.dom = DOMID_SELF;
  status.port = 0xffffffff;
  test_equal("status of port 2^32-1", hypercall_event_channel_op(EVTCHNOP_status, &status), -XEN_EINVAL);
  test_equal("bind VIRQ 99", event_bind_virq(99, 0), -XEN_EINVAL);
  test_equal("bind VIRQ_TIMER of VCPU 77", event_bind_virq(VIRQ_TIMER, 77), -XEN_ENOENT);
  test_equal("bind_ipi of VCPU 77", event_bind_ipi(77), -XEN_ENOENT);
  test_equal("bind_interdomain to domain 77", event_bind_interdomain(77, 1), -XEN_ESRCH);
  s64 first = event_bind_virq(VIRQ_DEBUG, 0);
  test_check(first > 0, "bind VIRQ_DEBUG: %ld", first);
  test_equal("bind a VIRQ twice", event_bind_virq(VIRQ_DEBUG, 0), -XEN_EEXIST);
  if (first > 0) event_close(static_cast<EventPort>(first));
}

void check_vcpus() {
  test_equal("VCPUOP_is_up of VCPU 77", hypercall_vcpu_op(VCPUOP_is_up, 77, nullptr), -XEN_ENOENT);
  test_equal("VCPUOP_is_up of VCPU 0", hypercall_vcpu_op(VCPUOP_is_up, 0, nullptr), 1);
  static vcpu_guest_context_t context;  // zeros; large
  test_equal("VCPUOP_initialise of VCPU 0", hypercall_vcpu_op(VCPUOP_initialise, 0, &context), -XEN_EEXIST);
}

void check_callbacks() {
  callback_register_t op{99, 0, 0};
  test_equal("callback type 99", hypercall_callback_op(CALLBACKOP_register, &op), -XEN_ENOSYS);
  op.type = CALLBACKTYPE_event;
  op.address = bad_code_address;
  test_equal("callback where no code can be", hypercall_callback_op(CALLBACKOP_register, &op), -XEN_EINVAL);
}

void check_privilege() {
  if (boot_info->flags & SIF_PRIVILEGED) return;
  u32 op[64] = {};
  test_check(arch_hypercall(__HYPERVISOR_domctl, hypercall_arg(op)) < 0,
             "domctl from an unprivileged domain");
  test_check(arch_hypercall(__HYPERVISOR_sysctl, hypercall_arg(op)) < 0,
             "sysctl from an unprivileged domain");
}
void check_console() {
  char text[16];
  if (!(boot_info->flags & SIF_PRIVILEGED))
    return test_equal("console_io read of an unprivileged domain",
                      hypercall_console_io(CONSOLEIO_read, sizeof text, text), -XEN_EPERM);
  test_check(hypercall_console_io(CONSOLEIO_read, sizeof text, text) >= 0, "console_io read");
  test_equal("console_io 99", hypercall_console_io(99, 1, text), -XEN_ENOSYS);
  test_equal("console_io write from unmapped memory",
             hypercall_console_io(CONSOLEIO_write, 4, static_cast<char*>(test_unmapped)), -XEN_EFAULT);
}

long old_sched_op(u64 command) { return arch_hypercall(__HYPERVISOR_sched_op_compat, command); }

void check_scheduling() {
  test_equal("sched_op_compat 99", old_sched_op(99), -XEN_ENOSYS);
  test_equal("yield by sched_op_compat", old_sched_op(SCHEDOP_yield), 0);
  test_equal("shutdown_code from unmapped memory", hypercall_sched_op(SCHEDOP_shutdown_code, test_unmapped),
             -XEN_EFAULT);
  sched_shutdown_t reason{SHUTDOWN_poweroff};  // what this test ends with anyway
  test_equal("shutdown_code", hypercall_sched_op(SCHEDOP_shutdown_code, &reason), 0);
}
}  // namespace

void test_main() {
  check_numbers();
  check_pointers();
  check_version();
  check_events();
  check_arch();
  check_vcpus();
  check_callbacks();
  check_privilege();
  check_console();
  check_scheduling();
}
