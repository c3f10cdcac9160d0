// VCPUs by domctl: what a builder writes into one must be what a debugger or a saver reads out of it.
//
// A domain starts with the state that setvcpucontext gave its VCPU 0, and is saved by reading it back, so
// nothing may be lost on the way and nothing half obeyed: a context with a bad table or from bad memory
// leaves the VCPU undescribed. Needs dom0; the test makes a domain of two VCPUs that never runs.
#include "guests/tests/lib/domain.h"

const char test_name[] = "toolstack-vcpu";

namespace {
constexpr u32 absent = 9;  // VCPUs 0 and 1 exist
vcpu_guest_context_t written, found;

long context(u32 command, u32 domain, u32 vcpu, void* to) {
  xen_domctl op{};
  op.u.vcpucontext.vcpu = vcpu;
  set_xen_guest_handle(op.u.vcpucontext.ctxt, static_cast<vcpu_guest_context_t*>(to));
  return domctl(command, domain, op);
}
long set_context(u32 domain, u32 vcpu, void* from) {
  return context(XEN_DOMCTL_setvcpucontext, domain, vcpu, from);
}
long get_context(u32 domain, u32 vcpu, void* to) {
  return context(XEN_DOMCTL_getvcpucontext, domain, vcpu, to);
}

void describe(Mfn table) {
  written = {};
  written.flags = VGCF_in_kernel | VGCF_online;
  written.user_regs.rip = 0xffffffff80001234;
  written.user_regs.rsp = 0xffffffff80005678;
  written.user_regs.rax = 0x0123456789abcdef;
  written.user_regs.r15 = 0xfedcba9876543210;
  written.user_regs.cs = FLAT_KERNEL_CS;
  written.user_regs.ss = FLAT_KERNEL_SS;
  written.user_regs.rflags = 1 << 9;
  written.kernel_ss = FLAT_KERNEL_SS;
  written.kernel_sp = 0xffffffff80006000;
  written.ctrlreg[3] = xen_pfn_to_cr3(table);
  written.event_callback_eip = 0xffffffff80001000;
  written.failsafe_callback_eip = 0xffffffff80001100;
  written.syscall_callback_eip = 0xffffffff80001200;
  written.trap_ctxt[14] = {14, 0, FLAT_KERNEL_CS, 0xffffffff80001300};
  written.fs_base = 0x111000;
  written.gs_base_kernel = 0x222000;
  written.gs_base_user = 0x333000;
  written.debugreg[0] = 0x444000;
  written.debugreg[6] = 0xffff0ff0;
  written.debugreg[7] = 0x400;
}

void check_refusals(u32 domain, Mfn table) {
  test_equal("getvcpucontext before there is one", get_context(domain, 0, &found), -XEN_ENODATA);
  test_equal("getvcpucontext of an absent VCPU", get_context(domain, absent, &found), -XEN_EINVAL);
  test_equal("getvcpucontext of the caller", get_context(0, 0, &found), -XEN_EINVAL);
  test_equal("setvcpucontext of an absent VCPU", set_context(domain, absent, &written), -XEN_EINVAL);
  test_equal("setvcpucontext of the caller", set_context(0, 0, &written), -XEN_EINVAL);
  test_equal("setvcpucontext from unmapped memory", set_context(domain, 0, test_unmapped), -XEN_EFAULT);
  written.user_regs.rip = 0x8000000000000000;
  test_equal("setvcpucontext with a bad rip", set_context(domain, 0, &written), -XEN_EINVAL);
  describe(table);
  written.ctrlreg[3] = xen_pfn_to_cr3(0x3fffffffff);
  test_equal("setvcpucontext with a table that does not exist", set_context(domain, 0, &written),
             -XEN_EINVAL);
  describe(table);
  written.gdt_ents = 9000;
  test_equal("setvcpucontext with a GDT too large", set_context(domain, 0, &written), -XEN_EINVAL);
  test_equal("getvcpucontext after refusals", get_context(domain, 0, &found), -XEN_ENODATA);
}

void check_registers() {
  const auto &a = written.user_regs, &b = found.user_regs;
  test_check(a.rip == b.rip && a.rsp == b.rsp && a.rax == b.rax && a.r15 == b.r15, "a register was lost");
  test_check((b.cs & ~3) == (a.cs & ~3) && (b.ss & ~3) == (a.ss & ~3), "cs 0x%x ss 0x%x", b.cs, b.ss);
  test_check(b.rflags & 1 << 9, "RFLAGS.IF is clear");
  test_check(found.kernel_sp == written.kernel_sp && found.ctrlreg[3] == written.ctrlreg[3],
             "kernel stack 0x%lx, CR3 0x%lx", found.kernel_sp, found.ctrlreg[3]);
  test_check(found.event_callback_eip == written.event_callback_eip &&
                 found.failsafe_callback_eip == written.failsafe_callback_eip &&
                 found.syscall_callback_eip == written.syscall_callback_eip,
             "a callback was lost");
  test_check(found.trap_ctxt[14].address == written.trap_ctxt[14].address && found.trap_ctxt[13].address == 0,
             "the trap table differs");
  test_check(found.fs_base == written.fs_base && found.gs_base_kernel == written.gs_base_kernel &&
                 found.gs_base_user == written.gs_base_user,
             "a segment base was lost");
  test_check(found.debugreg[0] == written.debugreg[0] && found.debugreg[7] == 0x400, "DR0 0x%lx DR7 0x%lx",
             found.debugreg[0], found.debugreg[7]);
  test_check((found.flags & (VGCF_in_kernel | VGCF_online)) == (VGCF_in_kernel | VGCF_online), "flags 0x%lx",
             found.flags);
}

void check_context(u32 domain) {
  test_equal("setvcpucontext", set_context(domain, 0, &written), 0);
  test_equal("getvcpucontext", get_context(domain, 0, &found), 0);
  check_registers();
  test_equal("getvcpucontext to unmapped memory", get_context(domain, 0, test_unmapped), -XEN_EFAULT);
  test_equal("getvcpucontext of the other VCPU", get_context(domain, 1, &found), -XEN_ENODATA);
  xen_domctl_getdomaininfo info;
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  test_equal("VCPUs online", info.nr_online_vcpus, 1);
}

long vcpu_info(u32 domain, u32 vcpu, xen_domctl_getvcpuinfo& info) {
  xen_domctl op{};
  op.u.getvcpuinfo.vcpu = vcpu;
  const long error = domctl(XEN_DOMCTL_getvcpuinfo, domain, op);
  info = op.u.getvcpuinfo;
  return error;
}

void check_information(u32 domain) {
  xen_domctl_getvcpuinfo info{};
  test_equal("getvcpuinfo", vcpu_info(domain, 0, info), 0);
  test_check(info.online && !info.blocked && !info.running && !info.cpu_time,
             "online %u, blocked %u, running %u, ran %lu ns", info.online, info.blocked, info.running,
             info.cpu_time);
  test_equal("getvcpuinfo of a VCPU never described", vcpu_info(domain, 1, info), 0);
  test_equal("it is online", info.online, 0);
  test_equal("getvcpuinfo of the caller", vcpu_info(0, 0, info), 0);
  test_check(info.online && info.running && info.cpu_time, "the caller does not run");
  test_equal("getvcpuinfo of an absent VCPU", vcpu_info(domain, absent, info), -XEN_EINVAL);
  test_equal("getvcpuinfo of no domain", vcpu_info(test_no_such_domain, 0, info), -XEN_ESRCH);
}

long affinity(u32 command, u32 domain, u32 vcpu, u32 flags, u8* map) {
  xen_domctl op{};
  op.u.vcpuaffinity.vcpu = vcpu;
  op.u.vcpuaffinity.flags = flags;
  op.u.vcpuaffinity.cpumap_hard.nr_bits = op.u.vcpuaffinity.cpumap_soft.nr_bits = 8;
  set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, map);
  set_xen_guest_handle(op.u.vcpuaffinity.cpumap_soft.bitmap, map);
  return domctl(command, domain, op);
}

void check_affinity(u32 domain) {
  constexpr u32 get = XEN_DOMCTL_getvcpuaffinity, set = XEN_DOMCTL_setvcpuaffinity;
  constexpr u32 hard = XEN_VCPUAFFINITY_HARD, soft = XEN_VCPUAFFINITY_SOFT;
  u8 map = 0;
  test_equal("getvcpuaffinity", affinity(get, domain, 0, hard, &map), 0);
  test_check(map & 1, "CPU 0 is not among those a new VCPU may run on: 0x%x", map);
  map = 1;
  test_equal("setvcpuaffinity", affinity(set, domain, 0, hard, &map), 0);
  test_equal("what it comes to", map, 1);
  map = 0;
  test_equal("getvcpuaffinity again", affinity(get, domain, 0, hard, &map), 0);
  test_equal("affinity as set", map, 1);
  test_equal("getvcpuaffinity, soft", affinity(get, domain, 0, soft, &map), 0);
  map = 0;
  test_equal("setvcpuaffinity to no CPU", affinity(set, domain, 0, hard, &map), -XEN_EINVAL);
  test_equal("setvcpuaffinity of neither kind", affinity(set, domain, 0, 0, &map), -XEN_EINVAL);
  test_equal("getvcpuaffinity of neither kind", affinity(get, domain, 0, 0, &map), -XEN_EINVAL);
  test_equal("getvcpuaffinity without a map", affinity(get, domain, 0, hard, nullptr), -XEN_EINVAL);
  test_equal("setvcpuaffinity of an absent VCPU", affinity(set, domain, absent, hard, &map), -XEN_EINVAL);
  test_equal("getvcpuaffinity of an absent VCPU", affinity(get, domain, absent, hard, &map), -XEN_EINVAL);
  test_equal("setvcpuaffinity from unmapped memory",
             affinity(set, domain, 0, hard, static_cast<u8*>(test_unmapped)), -XEN_EFAULT);
}
}  // namespace

void test_main() {
  if (!test_is_privileged()) test_skip("it takes a privileged domain");
  const u32 domain = test_make_domain(2, 64);
  Mfn table[1];
  if (test_populate(domain, 0, 1, table) != 1) test_error("no memory for a domain");
  describe(table[0]);
  check_refusals(domain, table[0]);
  describe(table[0]);
  check_context(domain);
  check_information(domain);
  check_affinity(domain);
  test_destroy_domain(domain);
}
