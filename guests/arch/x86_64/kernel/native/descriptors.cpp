// Source: Intel SDM vol. 3A 7.7 (64-bit TSS), 6.14.1 (IDT), 5.8.8 (SYSCALL).
#include "descriptors.h"

#include "../cpu_ops.h"
#include "guests/lib/string.h"
#include "instructions.h"
#include "interrupts.h"
#include "selectors.h"

extern "C" {
extern u64 native_gdt[];
extern const u8 native_stubs[];
void native_syscall();
void native_enter_frame(TrapFrame* frame);
void native_trap(TrapFrame* frame);
}

namespace {
struct [[gnu::packed]] Tss {
  u32 reserved0;
  u64 rsp[3];
  u64 reserved1;
  u64 ist[7];
  u64 reserved2;
  u16 reserved3;
  u16 io_map_base;
};
static_assert(sizeof(Tss) == 104);

struct Gate {
  u16 offset_low, selector;
  u8 ist, type;
  u16 offset_middle;
  u32 offset_high, reserved;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TablePointer {
  u16 limit;
  u64 base;
};

constexpr u64 stub_bytes = 16;
constexpr unsigned stub_count = 96;
constexpr u8 interrupt_gate = 0x8e, for_user = 3 << 5;

alignas(64) Tss tss;
alignas(64) Gate idt[stub_count];
// Non-maskable interrupts, double faults and machine checks find the stack in any state; all end in a panic.
alignas(16) u8 last_stack[8192];
struct {
  u64 kernel_stack, scratch;
} syscall_words;

void fill_idt() {
  for (unsigned vector = 0; vector < stub_count; vector++) {
    u64 stub = reinterpret_cast<u64>(native_stubs) + vector * stub_bytes;
    bool own_stack = vector == 2 || vector == 8 || vector == 18;
    bool user = vector == 3 || vector == 4;  // INT3, INTO
    idt[vector] = {static_cast<u16>(stub),
                   NATIVE_CS,
                   own_stack,
                   static_cast<u8>(interrupt_gate | (user ? for_user : 0)),
                   static_cast<u16>(stub >> 16),
                   static_cast<u32>(stub >> 32),
                   0};
  }
}

void fill_tss() {
  u64 base = reinterpret_cast<u64>(&tss);
  tss.ist[0] = reinterpret_cast<u64>(last_stack) + sizeof last_stack;
  tss.io_map_base = sizeof tss;  // beyond the limit: user mode has no ports
  u64* entry = &native_gdt[NATIVE_TSS / 8];
  entry[0] = (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  entry[1] = base >> 32;
}

void set_kernel_stack(u64 top) { tss.rsp[0] = syscall_words.kernel_stack = top; }
u64 fault_address(unsigned) { return read_cr2(); }

constexpr CpuOps ops = {NATIVE_USER_CS, NATIVE_USER_SS, native_enter_frame, fault_address, set_kernel_stack};
}  // namespace

void descriptors_init() {
  cpu_ops = ops;
  fill_idt();
  fill_tss();
  TablePointer gdt_pointer{NATIVE_TSS + 15, reinterpret_cast<u64>(native_gdt)};
  TablePointer idt_pointer{sizeof idt - 1, reinterpret_cast<u64>(idt)};
  asm volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdt_pointer), "m"(idt_pointer), "r"(NATIVE_TSS));
  write_msr(msr_star, u64{NATIVE_CS} << 32);  // user mode is entered by IRET alone
  write_msr(msr_lstar, reinterpret_cast<u64>(native_syscall));
  write_msr(msr_sfmask, flag_tf | flag_if | flag_df | flag_nt | flag_ac);
  write_msr(msr_kernel_gs_base, reinterpret_cast<u64>(&syscall_words));
}

// An interrupt of the kernel itself comes only where it lets one in: it acts upon it there.
void native_trap(TrapFrame* frame) {
  if (frame->vector >= vector_interrupts && frame->vector < stub_count) {
    interrupt_arrived(static_cast<unsigned>(frame->vector));
    if (!frame->from_user()) return;
    frame->vector = trap_event;
  }
  guest_trap(frame);
}
