// GDT, TSS and IDT of the test images (layout: selectors.h).
#pragma once
#include "tests/isa/lib/cpu.h"
#include "tests/isa/lib/selectors.h"

namespace isa {

struct [[gnu::packed]] Tss {
  u32 reserved0;
  u64 rsp[3];
  u64 reserved1;
  u64 ist[7];  ///< ist[0] is IST 1
  u64 reserved2;
  u16 reserved3;
  u16 io_map;
};
static_assert(sizeof(Tss) == 104);

struct [[gnu::packed]] Gate {
  u16 offset_low;
  u16 selector;
  u8 ist;
  u8 type;  ///< 0x8e interrupt gate, 0x8f trap gate; DPL in bits 6:5
  u16 offset_mid;
  u32 offset_high;
  u32 reserved;
};
static_assert(sizeof(Gate) == 16);

inline constexpr unsigned max_cpus = 2;
extern u64 gdt[GDT_ENTRIES];
extern Gate idt[256];
extern Tss tss[max_cpus];

/// Handler stacks of a CPU; the recorder names them "rsp0", "ist1", "ist2".
inline constexpr u64 trap_stack_size = 8192;
extern u8 trap_stacks[max_cpus][3][trap_stack_size];

void build_descriptors();
/// Loads GDTR, IDTR, TR on the calling CPU.
void load_descriptors(unsigned cpu);
void load_idt();

void set_gate(unsigned vector, u64 offset, u16 selector, u8 type, u8 ist);
void set_ist(unsigned vector, u8 ist);
void set_gate_dpl(unsigned vector, unsigned dpl);
/// 16-byte system descriptor (TSS 0x89, LDT 0x82) at `selector`.
void set_system_descriptor(u16 selector, u64 base, u32 limit, u8 access);

}  // namespace isa
