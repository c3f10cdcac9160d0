#include "guests/tests/toolstack-vcpu/contexts.h"

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

bool describe_badly(unsigned mistake, Mfn table) {
  describe(table);
  switch (mistake) {
    case 0:
      written.user_regs.rip = 0x8000000000000000;
      return true;
    case 1:
      written.ctrlreg[3] = xen_pfn_to_cr3(0x3fffffffff);
      return true;
    case 2:
      written.gdt_ents = 9000;
      return true;
    default:
      return false;
  }
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
