// The frame that vectors.inc builds for every entry into the kernel.
#pragma once
#include <stddef.h>

#include "guests/lib/types.h"
#include "layout.h"

// Offsets into the interruption vector table (SDM vol. 2 table 5-7).
enum Vector : u64 {
  vector_itlb_miss = 0x0400,
  vector_dtlb_miss = 0x0800,
  vector_alternate_itlb = 0x0c00,
  vector_alternate_dtlb = 0x1000,
  vector_dirty_bit = 0x2000,
  vector_instruction_access_bit = 0x2400,
  vector_data_access_bit = 0x2800,
  vector_break = 0x2c00,
  vector_external_interrupt = 0x3000,
  vector_page_not_present = 0x5000,
  vector_instruction_rights = 0x5200,
  vector_data_rights = 0x5300,
  vector_general_exception = 0x5400,
  vector_disabled_float = 0x5500
};

// Event channels call where external interrupts would; the name that every architecture has for it.
constexpr u64 trap_event = vector_external_interrupt;

struct TrapFrame {
  u64 vector;
  u64 iip, ipsr, ifs, isr, ifa, iim, iipa;
  u64 pr, br[8];
  u64 unat, pfs, ccv, fpsr, lc, ec, csd, ssd;
  u64 rsc, rnat, bspstore;  // the user's register stack
  u64 dirty;                // how many bytes of it lie on the kernel's; of a kernel frame: ar.bsp
  u64 gr[31];               // from r1 on
  u64 nat;                  // unat behind the spills of gr
  u64 unused;
  __extension__ alignas(16) unsigned __int128 fr[10];  // f6 to f15

  u64& r(unsigned n) { return gr[n - 1]; }
  u64 r(unsigned n) const { return gr[n - 1]; }
  bool from_user() const { return (ipsr >> PSR_CPL_SHIFT & 3) == USER_LEVEL; }
  // Goes on behind the interrupted instruction.
  void skip() {
    const u64 slot = ipsr >> PSR_RI_SHIFT & 3;
    ipsr &= ~(u64{3} << PSR_RI_SHIFT);
    if (slot == 2)
      iip += 16;
    else
      ipsr |= (slot + 1) << PSR_RI_SHIFT;
  }
};
static_assert(sizeof(TrapFrame) == FRAME_SIZE && offsetof(TrapFrame, isr) == FRAME_ISR &&
              offsetof(TrapFrame, pr) == FRAME_PR && offsetof(TrapFrame, rsc) == FRAME_RSC &&
              offsetof(TrapFrame, dirty) == FRAME_DIRTY && offsetof(TrapFrame, gr) == FRAME_GR &&
              offsetof(TrapFrame, nat) == FRAME_NAT && offsetof(TrapFrame, fr) == FRAME_FR);

// Whoever links vectors.inc provides this. The frame may be changed; it is what the return loads.
extern "C" void guest_trap(TrapFrame* frame);
