// Entry points that a guest registers, what arrives there, and what the hypervisor says about itself.
//
// The test moves its event callback between two entry points, on x86-64 by set_callbacks, then by
// callback_op, and looks which of them is taken. The frame of an upcall must describe the interrupted kernel
// exactly, for the return is built from it. (x86-64: ring 0 in CS, the upcall mask of before beside it,
// RFLAGS.IF the inverse of that mask; IA-64: an external interrupt of level 0 with PSR.i and PSR.ic set.) On
// x86-64 a return that the processor refuses goes to the failsafe callback, whose frame has the data segments
// between RCX, R11 and the rest. Then vm_assist and every sub-operation of xen_version that an unprivileged
// guest may use.
#include "guests/tests/callbacks/entries.h"

const char test_name[] = "callbacks";

namespace {
volatile unsigned upcalls;
TrapFrame seen;
bool masked_inside;

bool on_trap(TrapFrame* frame) {
  if (frame->vector != trap_event) return false;
  seen = *frame;
  masked_inside = events_masked(0);
  upcalls = upcalls + 1;
  events_dispatch(0);
  return true;
}

// The upcall is what counts; the dispatcher wants a handler all the same.
void on_event(EventPort, void*) {}

long register_event(u64 address) {
  callback_register_t op{CALLBACKTYPE_event, 0, address};
  return hypercall_callback_op(CALLBACKOP_register, &op);
}

void expect_upcall(const char* when, EventPort port, bool other) {
  upcalls = 0;
  other_upcalls = 0;
  event_send(port);
  test_check(upcalls == 1, "%s: %u upcalls", when, upcalls);
  test_check(other_upcalls == other, "%s: the wrong entry point", when);
}

void check_entry_points(EventPort port) {
  expect_upcall("at first", port, false);
  set_other_entry();
  expect_upcall("after it was moved", port, true);
  test_equal("register the event callback", register_event(first_entry()), 0);
  expect_upcall("after callback_op", port, false);
  test_equal("register a bad address", register_event(bad_entry), -XEN_EINVAL);
  expect_upcall("after a refused callback_op", port, false);
  events_disable(0);
  upcalls = 0;
  event_send(port);
  test_equal("upcalls while masked", upcalls, 0);
  events_enable(0);
  test_equal("upcalls after unmasking", upcalls, 1);
}

void check_callback_op() {
  callback_unregister_t op{99, 0};
  test_equal("unregister callback 99", hypercall_callback_op(CALLBACKOP_unregister, &op), -XEN_ENOSYS);
  test_equal("callback_op 99", hypercall_callback_op(99, nullptr), -XEN_ENOSYS);
  test_equal("callback_op from unmapped memory", hypercall_callback_op(CALLBACKOP_register, test_unmapped),
             -XEN_EFAULT);
}

long vm_assist(unsigned command, unsigned type) {
  return arch_hypercall(__HYPERVISOR_vm_assist, command, type);
}

void check_vm_assist() {
  for (unsigned type : arch_assists) {
    if (type == no_assist) break;
    test_equal("vm_assist enable", vm_assist(VMASST_CMD_enable, type), 0);
    test_equal("vm_assist enable again", vm_assist(VMASST_CMD_enable, type), 0);
    test_equal("vm_assist disable", vm_assist(VMASST_CMD_disable, type), 0);
    test_equal("vm_assist command 99", vm_assist(99, type), -XEN_ENOSYS);
  }
  test_equal("vm_assist enable 63", vm_assist(VMASST_CMD_enable, 63), -XEN_EINVAL);
  test_equal("vm_assist enable 99", vm_assist(VMASST_CMD_enable, 99), -XEN_EINVAL);
  test_equal("vm_assist disable 99", vm_assist(VMASST_CMD_disable, 99), -XEN_EINVAL);
}

bool terminated(const char* text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (!text[i]) return true;
  return false;
}

void check_version_texts() {
  static char text[1024];
  memset(text, 'x', sizeof text);
  test_equal("extraversion", hypercall_xen_version(XENVER_extraversion, text), 0);
  test_check(terminated(text, XEN_EXTRAVERSION_LEN), "extraversion is not terminated");
  test_equal("changeset", hypercall_xen_version(XENVER_changeset, text), 0);
  test_check(terminated(text, 64), "changeset is not terminated");
  memset(text, 'x', sizeof text);
  test_equal("capabilities", hypercall_xen_version(XENVER_capabilities, text), 0);
  test_check(terminated(text, sizeof text) && strstr(text, arch_capability), "capabilities lack %s",
             arch_capability);
  static xen_compile_info info;
  test_equal("compile_info", hypercall_xen_version(XENVER_compile_info, &info), 0);
  test_check(terminated(info.compiler, sizeof info.compiler), "the compiler's name is not terminated");
  // The hypervisor's command line and build are not an unprivileged guest's business.
  if (boot_info->flags & SIF_PRIVILEGED) return;
  test_equal("command line", hypercall_xen_version(XENVER_commandline, text), 0);
  test_check(!strcmp(text, "<denied>"), "the command line is told: %s", text);
  xen_build_id_t id{};
  test_equal("build id", hypercall_xen_version(XENVER_build_id, &id), -XEN_EPERM);
}

void check_version() {
  long version = hypercall_xen_version(XENVER_version, nullptr);
  test_check(version >> 16 == 4, "ABI version 0x%lx", version);
  test_equal("page size", hypercall_xen_version(XENVER_pagesize, nullptr), page_bytes);
  xen_platform_parameters_t parameters{};
  test_equal("platform_parameters", hypercall_xen_version(XENVER_platform_parameters, &parameters), 0);
  test_check(parameters.virt_start == HYPERVISOR_VIRT_START, "virt_start 0x%lx", parameters.virt_start);
  xen_feature_info_t features{0, 0};
  test_equal("features 0", hypercall_xen_version(XENVER_get_features, &features), 0);
  test_check(arch_features_good(features.submap), "features 0x%x", features.submap);
  xen_domain_handle_t handle;
  test_equal("handle", hypercall_xen_version(XENVER_guest_handle, &handle), 0);
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  s64 port = event_bind_ipi(0);
  if (port < 0) test_error("bind_ipi: %s", errno_name(port));
  event_set_handler(static_cast<EventPort>(port), on_event, nullptr);
  events_enable(0);
  event_send(static_cast<EventPort>(port));
  check_frame(seen);
  test_check(masked_inside, "upcalls are not masked on entry");
  test_check(!events_masked(0), "upcalls are masked after the return");
  check_entry_points(static_cast<EventPort>(port));
  events_disable(0);
  check_callback_op();
  check_arch_callbacks();
  check_vm_assist();
  check_version();
  check_version_texts();
}
