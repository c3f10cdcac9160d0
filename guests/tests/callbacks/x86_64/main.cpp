// Entry points that a guest registers, what arrives there, and what the hypervisor says about itself.
//
// The test moves its event callback between two entry points, by set_callbacks and by callback_op, and looks
// which of them is taken. The frame of an upcall must describe the interrupted kernel exactly (ring 0 in CS,
// the upcall mask of before beside it, RFLAGS.IF the inverse of that mask), for the return is built from it.
// A return that the processor refuses goes to the failsafe callback, whose frame has the data segments
// between RCX, R11 and the rest. Then vm_assist and every sub-operation of xen_version that an unprivileged
// guest may use.
#include "guests/tests/lib/test.h"

const char test_name[] = "callbacks";

extern "C" {
void event_callback();  // arch/x86_64/traps.S
void failsafe_callback();
void syscall_callback();
void other_event_callback();  // entry.S: counts, then goes on in event_callback
extern volatile u32 other_upcalls;
void return_badly();  // entry.S: ends in keep_failsafe_frame
void keep_failsafe_frame();
extern volatile u64 failsafe_frame[11];
extern char bad_return_address[];
}

namespace {
constexpr u64 not_canonical = 0x8000000000000000ull;
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

long set_callbacks(u64 event) {
  return arch_hypercall(__HYPERVISOR_set_callbacks, event, reinterpret_cast<u64>(failsafe_callback),
                        reinterpret_cast<u64>(syscall_callback));
}
long register_event(u64 address) {
  callback_register_t op{CALLBACKTYPE_event, 0, address};
  return hypercall_callback_op(CALLBACKOP_register, &op);
}
long unregister(u16 type) {
  callback_unregister_t op{type, 0};
  return hypercall_callback_op(CALLBACKOP_unregister, &op);
}

void expect_upcall(const char* when, EventPort port, bool other) {
  upcalls = 0;
  other_upcalls = 0;
  event_send(port);
  test_check(upcalls == 1, "%s: %u upcalls", when, upcalls);
  test_check(other_upcalls == other, "%s: the wrong entry point", when);
}

void check_frame(EventPort port) {
  events_enable(0);
  u64 sp = arch_stack_pointer();
  event_send(port);
  test_check(!seen.from_user() && (seen.cs & 0xfffc) == (FLAT_KERNEL_CS & 0xfffc), "cs 0x%lx", seen.cs);
  test_equal("saved upcall mask", static_cast<s64>(seen.cs >> 32 & 0xff), 0);
  test_check(seen.rflags & 1 << 9, "RFLAGS.IF is clear though upcalls were unmasked");
  test_check(seen.rip >= test_virt_base && seen.rip < test_virt_base + 16 * MiB, "rip 0x%lx", seen.rip);
  test_check(seen.rsp <= sp && seen.rsp > sp - 4096, "rsp 0x%lx, was about 0x%lx", seen.rsp, sp);
  test_check(masked_inside, "upcalls are not masked on entry");
  test_check(!events_masked(0), "upcalls are masked after the return");
}

void check_entry_points(EventPort port) {
  const u64 first = reinterpret_cast<u64>(event_callback),
            other = reinterpret_cast<u64>(other_event_callback);
  expect_upcall("at first", port, false);
  test_equal("set_callbacks", set_callbacks(other), 0);
  expect_upcall("after set_callbacks", port, true);
  set_callbacks(not_canonical);
  expect_upcall("after set_callbacks with a bad address", port, true);
  test_equal("register the event callback", register_event(first), 0);
  expect_upcall("after callback_op", port, false);
  test_equal("register a bad address", register_event(not_canonical), -XEN_EINVAL);
  expect_upcall("after a refused callback_op", port, false);
  events_disable(0);
  upcalls = 0;
  event_send(port);
  test_equal("upcalls while masked", upcalls, 0);
  events_enable(0);
  test_equal("upcalls after unmasking", upcalls, 1);
}

void check_callback_op() {
  test_equal("unregister the event callback", unregister(CALLBACKTYPE_event), -XEN_EINVAL);
  test_equal("unregister the NMI callback", unregister(CALLBACKTYPE_nmi), 0);
  test_equal("unregister callback 99", unregister(99), -XEN_ENOSYS);
  test_equal("callback_op 99", hypercall_callback_op(99, nullptr), -XEN_ENOSYS);
  test_equal("callback_op from unmapped memory", hypercall_callback_op(CALLBACKOP_register, test_unmapped),
             -XEN_EFAULT);
}

long vm_assist(unsigned command, unsigned type) {
  return arch_hypercall(__HYPERVISOR_vm_assist, command, type);
}

void check_vm_assist() {
  const unsigned known[] = {VMASST_TYPE_writable_pagetables, VMASST_TYPE_pae_extended_cr3,
                            VMASST_TYPE_runstate_update_flag};
  for (unsigned type : known) {
    test_equal("vm_assist enable", vm_assist(VMASST_CMD_enable, type), 0);
    test_equal("vm_assist enable again", vm_assist(VMASST_CMD_enable, type), 0);
    test_equal("vm_assist disable", vm_assist(VMASST_CMD_disable, type), 0);
  }
  test_equal("vm_assist enable 63", vm_assist(VMASST_CMD_enable, 63), -XEN_EINVAL);
  test_equal("vm_assist enable 99", vm_assist(VMASST_CMD_enable, 99), -XEN_EINVAL);
  test_equal("vm_assist disable 99", vm_assist(VMASST_CMD_disable, 99), -XEN_EINVAL);
  test_equal("vm_assist command 99", vm_assist(99, VMASST_TYPE_writable_pagetables), -XEN_ENOSYS);
}

bool terminated(const char* text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (!text[i]) return true;
  return false;
}

bool contains(const char* text, const char* part) {
  size_t n = strlen(part);
  for (; *text; text++)
    if (!strncmp(text, part, n)) return true;
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
  test_check(terminated(text, sizeof text) && contains(text, "xen-3.0-x86_64"), "capabilities lack PV64");
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

// rcx r11 ds es fs gs rip cs rflags rsp ss (<xen/arch-x86/xen-x86_64.h>; Linux' xen_failsafe_callback)
void check_failsafe_frame() {
  callback_register_t op{CALLBACKTYPE_failsafe, CALLBACKF_mask_events,
                         reinterpret_cast<u64>(keep_failsafe_frame)};
  test_equal("failsafe callback", hypercall_callback_op(CALLBACKOP_register, &op), 0);
  u64 ds, es, fs, gs;
  asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
               : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
  return_badly();
  const u64 segments[] = {ds, es, fs, gs};
  for (unsigned i = 0; i < 4; i++)
    test_check((failsafe_frame[2 + i] & 0xffff) == (segments[i] & 0xffff), "data segment %u: 0x%lx", i,
               failsafe_frame[2 + i]);
  test_check(failsafe_frame[6] == reinterpret_cast<u64>(bad_return_address), "rip 0x%lx", failsafe_frame[6]);
  test_equal("cs", static_cast<s64>(failsafe_frame[7] & 0xfffc), 0);
  test_check(failsafe_frame[9] % 16 == 8, "rsp 0x%lx", failsafe_frame[9]);  // as behind a call
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
  unsigned expected =
      guest_is_translated() ? XENFEAT_writable_page_tables : XENFEAT_mmu_pt_update_preserve_ad;
  test_check(features.submap >> expected & 1, "features 0x%x", features.submap);
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
  check_frame(static_cast<EventPort>(port));
  check_entry_points(static_cast<EventPort>(port));
  events_disable(0);
  check_callback_op();
  check_failsafe_frame();
  check_vm_assist();
  check_version();
  check_version_texts();
}
