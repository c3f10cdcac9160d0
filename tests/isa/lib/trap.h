// Exceptions as data: run a piece of code, get back the trap that ended it.
//
//     probe(ring, code) ──► code runs ──► trap ──► stub ──► trap_dispatch: records, leaves the probe
//                                           └─► or a handler set by on_vector: returns to the code
#pragma once
#include "tests/isa/lib/cpu.h"

namespace isa {

struct TrapFrame {
  static constexpr u64 no_error = ~u64{0};
  u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
  u64 vector, error;  ///< no_error: hardware pushed none
  u64 rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(TrapFrame) == 22 * 8);

struct Trap {
  bool taken = false;  ///< false: the code returned
  TrapFrame frame;
  u64 cr2 = 0;
  u64 frame_address = 0;  ///< where hardware put the frame: which stack it chose
};

using Code = void (*)();
using Handler = void (*)(TrapFrame&);

/// A handler for a vector; nullptr gives it back to the recorder.
void on_vector(unsigned vector, Handler handler);

/// Where probed code runs: CPL 0 (called), CPL 3 in 64-bit or compatibility mode (entered by IRET).
enum Ring : unsigned { ring0 = 0, ring3 = 3, ring3_compat = 32 };

/// Runs `code` with RDI = argument.
Trap probe(Ring ring, Code code, u64 argument = 0, u64 rflags = 2);

/// Lines that begin with '~' are left out of the comparison with QEMU: there TCG departs from the manual.
/// tests/isa/compare.test.cpp holds what they must say.
///
/// One line: `what: #PF err=0x6 cr2=.. rip=+2 cs=0x2b ss=0x23 stack=rsp0 from=user flags=RF`. RIP and CR2
/// are relative to `origin` and `area` so that a rebuilt image prints the same.
void show(const char* what, const Trap& trap, Code origin, u64 area = 0);
/// probe and show.
Trap report(const char* what, Ring ring, Code code, u64 argument = 0, u64 rflags = 2);

const char* vector_name(u64 vector);
/// TF IF DF IOPL NT AC ID: those which arithmetic does not touch. RF is left out: QEMU 7.2 pushes it clear
/// for faults, where the SDM (vol. 3A 17.3.1.1) wants it set.
void put_flags(u64 rflags);

inline constexpr u64 user_stack_size = 4096;
extern u8 user_stack[user_stack_size];

/// Software interrupt by which ring-3 code ends: its RET goes to one.
#define ISA_DONE_VECTOR 0x80
inline constexpr unsigned done_vector = ISA_DONE_VECTOR;

}  // namespace isa

/// Code for probe(), in assembly: ISA_CODE(name, "ud2").
#define ISA_CODE(name, text)                                                             \
  extern "C" void name();                                                                \
  asm(".pushsection .text.code, \"ax\"\n.globl " #name "\n.balign 16\n" #name ":\n" text \
      "\nret\n.popsection\n")
