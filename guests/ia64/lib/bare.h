// What programs on the bare IA-64 machine share: console, exit port, interruptions, a few registers.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "guests/ia64/lib/layout.h"

namespace bare {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using i64 = int64_t;

// The address map: docs/machine.md. In physical mode bit 63 of an address says "uncacheable".
inline constexpr u64 uncached = u64{1} << 63;
inline constexpr u64 uart = uncached | 0xfea00000, iosapic = uncached | 0xfec00000,
                     interrupt_block = uncached | 0xfee00000, port_space = uncached | 0xffffc000000;

template <class T>
T read(u64 address) {
  return *reinterpret_cast<volatile T*>(address);
}
template <class T>
void write(u64 address, T value) {
  *reinterpret_cast<volatile T*>(address) = value;
}
/// Where an I/O port is seen as memory.
constexpr u64 port(u16 number) { return port_space | u64{number} >> 2 << 12 | (number & 0xfff); }

void put(const char* text);
void put_hex(u64 value);
void put_decimal(u64 value);
inline void put_part(const char* text) { put(text); }
inline void put_part(u64 value) { put_hex(value); }
/// Text as it is, numbers in hexadecimal.
template <class... Part>
void print(Part... part) {
  (put_part(part), ...);
}

/// Ends the run.
[[noreturn]] void exit(u32 value);

struct TrapFrame {
  u64 vector;  ///< offset into the interruption vector table
  u64 iip, ipsr, ifs, isr, ifa, itir, iipa, iim, iha;
  u64 pr, br[3], ar[9];
  u64 gr[30];  ///< r1 to r31 without r12
  u64 nat;
  __extension__ alignas(16) unsigned __int128 fr[10];

  /// Goes on behind the interrupted instruction.
  void skip();
};
static_assert(sizeof(TrapFrame) == FRAME_SIZE && offsetof(TrapFrame, gr) == FRAME_GR &&
              offsetof(TrapFrame, nat) == FRAME_NAT && offsetof(TrapFrame, fr) == FRAME_FR &&
              offsetof(TrapFrame, pr) == FRAME_PR && offsetof(TrapFrame, iip) == FRAME_IIP);

/// Called for each interruption, with PSR.ic set and PSR.i clear; false: unexpected, ends the program.
extern bool (*on_interruption)(TrapFrame&);

enum Vector : u64 { break_instruction = 0x2c00, external_interrupt = 0x3000, general_exception = 0x5400 };

// Registers. Names are literals: the instruction holds the number.
#define BARE_READ(name)                            \
  ({                                               \
    uint64_t value_;                               \
    asm volatile("mov %0 = " name : "=r"(value_)); \
    value_;                                        \
  })
#define BARE_WRITE(name, value) \
  asm volatile("mov " name " = %0;; srlz.d;;" ::"r"(static_cast<uint64_t>(value)) : "memory")

inline u64 itc() { return BARE_READ("ar.itc"); }
inline void interrupts_on() { asm volatile("ssm psr.i;; srlz.d;;" ::: "memory"); }
inline void interrupts_off() { asm volatile("rsm psr.i;;" ::: "memory"); }
/// The vector that has the most urgent request, now in service; 15: none.
inline u64 acknowledge() {
  u64 vector;
  asm volatile("mov %0 = cr.ivr;; srlz.d;;" : "=r"(vector)::"memory");
  return vector;
}
inline void end_of_interrupt() { BARE_WRITE("cr.eoi", 0); }

}  // namespace bare

extern "C" {
/// A hypercall, of a program that runs as a domain, in physical mode (interruption.S).
uint64_t domain_call(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t number);
void* memcpy(void* to, const void* from, size_t size);
void* memmove(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);
int memcmp(const void* a, const void* b, size_t size);
}

/// The program, on the processor whose local id is 0. The result goes to the exit port.
extern "C" int main();
/// What the others do once they are woken (firmware.h); when it returns, they sleep in firmware again. The
/// library's does nothing.
extern "C" void other_main(uint64_t id);
