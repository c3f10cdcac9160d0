#include "tests/isa/lib/descriptors.h"

extern "C" char trap_stub_table[];

namespace isa {

alignas(16) u64 gdt[GDT_ENTRIES];
alignas(16) Gate idt[256];
alignas(16) Tss tss[max_cpus];
alignas(16) u8 trap_stacks[max_cpus][3][trap_stack_size];

namespace {

struct [[gnu::packed]] TablePointer {
  u16 limit;
  u64 base;
};

constexpr u64 trap_stub_size = 32;

}  // namespace

void set_gate(unsigned vector, u64 offset, u16 selector, u8 type, u8 ist) {
  idt[vector] = Gate{static_cast<u16>(offset),       selector, ist, type, static_cast<u16>(offset >> 16),
                     static_cast<u32>(offset >> 32), 0};
}

void set_ist(unsigned vector, u8 ist) { idt[vector].ist = ist; }

void set_gate_dpl(unsigned vector, unsigned dpl) {
  idt[vector].type = static_cast<u8>((idt[vector].type & 0x9f) | dpl << 5);
}

void set_system_descriptor(u16 selector, u64 base, u32 limit, u8 access) {
  u64* entry = &gdt[selector >> 3];
  entry[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | u64{access} << 40 | u64{limit >> 16 & 15} << 48 |
             (base >> 24 & 0xff) << 56;
  entry[1] = base >> 32;
}

/// The code segments have limits although 64-bit mode ignores them: QEMU's TCG looks at the limit when a
/// far transfer has a 32-bit operand size.
void build_descriptors() {
  gdt[SEL_KERNEL_CODE >> 3] = 0x00af9b000000ffff;
  gdt[SEL_KERNEL_DATA >> 3] = 0x00cf93000000ffff;
  gdt[SEL_USER_CODE32 >> 3] = 0x00cffb000000ffff;
  gdt[SEL_USER_DATA >> 3] = 0x00cff3000000ffff;
  gdt[SEL_USER_CODE >> 3] = 0x00affb000000ffff;
  for (unsigned cpu = 0; cpu < max_cpus; ++cpu) {
    auto top = [cpu](unsigned n) { return reinterpret_cast<u64>(trap_stacks[cpu][n]) + trap_stack_size; };
    tss[cpu].rsp[0] = top(0);
    tss[cpu].ist[0] = top(1);
    tss[cpu].ist[1] = top(2);
    tss[cpu].io_map = sizeof(Tss);  // beyond the limit: no port is open to CPL 3
    set_system_descriptor(static_cast<u16>(SEL_TSS + 16 * cpu), reinterpret_cast<u64>(&tss[cpu]),
                          sizeof(Tss) - 1, 0x89);
  }
  for (unsigned vector = 0; vector < 256; ++vector) {
    set_gate(vector, reinterpret_cast<u64>(trap_stub_table) + vector * trap_stub_size, SEL_KERNEL_CODE, 0x8e,
             0);
  }
}

void load_idt() {
  const TablePointer pointer{sizeof idt - 1, reinterpret_cast<u64>(idt)};
  asm volatile("lidt %0" ::"m"(pointer));
}

void load_descriptors(unsigned cpu) {
  const TablePointer gdt_pointer{sizeof gdt - 1, reinterpret_cast<u64>(gdt)};
  gdt[SEL_TSS / 8 + 2 * cpu] &= ~(u64{2} << 40);  // LTR refuses a busy TSS, as left by an earlier start
  asm volatile("lgdt %0" ::"m"(gdt_pointer));
  load_idt();
  asm volatile("ltr %w0" ::"r"(SEL_TSS + 16 * cpu));
}

}  // namespace isa
