// Privileged and sensitive instructions, one function each: the only place in C++ that has them, so that a
// domain can do them another way. Those in assembly are macros of the same names (privileged.inc).
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

// Registers are part of the instruction: literals.
#define PRIVILEGED_READ(name)                      \
  ({                                               \
    u64 value_;                                    \
    asm volatile("mov %0 = " name : "=r"(value_)); \
    value_;                                        \
  })
#define PRIVILEGED_WRITE(name, value) \
  asm volatile("mov " name " = %0;; srlz.d;;" ::"r"(static_cast<u64>(value)) : "memory")

inline u64 read_psr() { return PRIVILEGED_READ("psr"); }
// The vector of the most urgent interrupt, which is in service from now on; 15: none.
inline u64 interrupt_acknowledge() {
  u64 vector;
  asm volatile("mov %0 = cr.ivr;; srlz.d;;" : "=r"(vector)::"memory");
  return vector;
}
inline void interrupt_end() { PRIVILEGED_WRITE("cr.eoi", 0); }
inline void write_task_priority(u64 value) { PRIVILEGED_WRITE("cr.tpr", value); }
inline void write_timer_vector(u64 value) { PRIVILEGED_WRITE("cr.itv", value); }
inline void write_timer_match(u64 value) { PRIVILEGED_WRITE("cr.itm", value); }
inline u64 read_local_id() { return PRIVILEGED_READ("cr.lid"); }
inline void write_user_region(u64 value) {
  asm volatile("mov rr[%0] = %1;; srlz.d;; srlz.i;;" ::"r"(u64{0}), "r"(value) : "memory");
}
inline void write_user_root(u64 value) { PRIVILEGED_WRITE("ar.k7", value); }
inline void write_kernel_stack(u64 value) { PRIVILEGED_WRITE("ar.k6", value); }
// Translations of a page are gone on every processor.
inline void purge_page(u64 va, u64 shift) {
  asm volatile("ptc.ga %0, %1;; srlz.d;; srlz.i;;" ::"r"(va), "r"(shift << 2) : "memory");
}
// One step of PAL_PTCE_INFO's loop.
inline void purge_entry(u64 address) { asm volatile("ptc.e %0" ::"r"(address) : "memory"); }
inline void serialize() { asm volatile("srlz.d;; srlz.i;;" ::: "memory"); }
inline u64 read_port_space() { return PRIVILEGED_READ("ar.k0"); }
inline void purge_data_register(u64 va, u64 shift) {
  asm volatile("ptr.d %0, %1;; srlz.d;;" ::"r"(va), "r"(shift << 2) : "memory");
}
// A data translation register; PSR.ic is clear meanwhile.
inline void insert_data_register(u64 slot, u64 va, u64 pte, u64 shift) {
  asm volatile(
      "rsm psr.ic;; srlz.i;; mov cr.ifa = %1; mov cr.itir = %2;; itr.d dtr[%0] = %3;; srlz.d; ssm psr.ic;; "
      "srlz.i;;" ::"r"(slot),
      "r"(va), "r"(shift << 2), "r"(pte)
      : "memory");
}
