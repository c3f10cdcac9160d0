// SVM exit codes (AMD64 APM vol. 2 appendix C).
#pragma once

namespace xs::x86::svm {

enum : unsigned {
  exit_read_cr0 = 0x00,
  exit_write_cr0 = 0x10,
  exit_read_dr0 = 0x20,
  exit_write_dr0 = 0x30,
  exit_exception0 = 0x40,
  exit_intr = 0x60,
  exit_tr_write = 0x6d,
  exit_rdtsc = 0x6e,
  exit_rdpmc = 0x6f,
  exit_cpuid = 0x72,
  exit_rsm = 0x73,
  exit_iret = 0x74,
  exit_swint = 0x75,
  exit_invd = 0x76,
  exit_pause = 0x77,
  exit_hlt = 0x78,
  exit_invlpg = 0x79,
  exit_invlpga = 0x7a,
  exit_msr = 0x7c,
  exit_task_switch = 0x7d,
  exit_shutdown = 0x7f,
  exit_vmrun = 0x80,
  exit_vmmcall = 0x81,
  exit_vmload = 0x82,
  exit_vmsave = 0x83,
  exit_stgi = 0x84,
  exit_clgi = 0x85,
  exit_skinit = 0x86,
  exit_rdtscp = 0x87,
  exit_icebp = 0x88,
  exit_wbinvd = 0x89,
  exit_monitor = 0x8a,
  exit_mwait = 0x8b,
  exit_mwait_armed = 0x8c,
  exit_xsetbv = 0x8d
};

}  // namespace xs::x86::svm
