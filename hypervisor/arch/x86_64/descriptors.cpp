// Source: Intel SDM vol. 3A 3.4.5 (segment descriptors), 7.7 (64-bit TSS), 6.14.1 (IDT), 5.8.8 (SYSCALL).
#include "hypervisor/arch/x86_64/descriptors.h"

#include "hypervisor/arch/x86_64/arch_vcpu.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/arch/x86_64/selectors.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

extern "C" {
extern char trap_stubs[], cpu_stacks[];
void syscall_entry_0();
void syscall_entry_1();
void syscall_entry_2();
void syscall_entry_3();
void syscall32_entry_0();
void syscall32_entry_1();
void syscall32_entry_2();
void syscall32_entry_3();

struct SyscallWords {  // entry.S
  hv::u64 frame_end;
  hv::u64 scratch;
  hv::u64 unused[6];
};
extern SyscallWords syscall_words[hv::kMaxCpus];
}

namespace hv {
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

struct IdtGate {
  u16 offset_low, selector;
  u8 ist, type;
  u16 offset_middle;
  u32 offset_high, reserved;
};
static_assert(sizeof(IdtGate) == 16);

struct [[gnu::packed]] TablePointer {
  u16 limit;
  u64 base;
};

/// Page 14 of a CPU's GDT: the hypervisor's own descriptors.
struct alignas(kPageSize) GdtPage {
  u64 entry[512];
};

GdtPage gdt_pages[kMaxCpus];
/// Stands for GDT pages that a guest has not set: null descriptors.
GdtPage empty_descriptors;
alignas(64) Tss tss[kMaxCpus];
alignas(64) IdtGate idt[256];

constexpr u64 kIstDoubleFault = 1, kIstNmi = 2, kIstMachineCheck = 3, kIstDebug = 4;
/// Windows are the hypervisor's: supervisor, never executed. Writable, for the CPU sets accessed bits.
constexpr u64 kDescriptorPage = kPtePresent | kPteAccessed | kPteDirty | kPteNoExecute;
constexpr u64 kStubSize = 16;
constexpr u8 kGateInterrupt = 0x8e;

constexpr unsigned slot(u32 selector) { return (selector & 0xfff) >> 3; }

void fill_gdt(unsigned cpu) {
  u64* entry = gdt_pages[cpu].entry;
  entry[slot(SEL_HV_CS)] = 0x00af9b000000ffff;
  entry[slot(SEL_HV_SS)] = 0x00cf93000000ffff;
  entry[slot(SEL_GUEST_CS32)] = 0x00cffb000000ffff;
  entry[slot(SEL_GUEST_SS)] = 0x00cff3000000ffff;
  entry[slot(SEL_GUEST_CS)] = 0x00affb000000ffff;
  const u64 base = reinterpret_cast<u64>(&tss[cpu]);
  entry[slot(SEL_TSS)] =
      (sizeof(Tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  entry[slot(SEL_TSS) + 1] = base >> 32;
}

void map_gdt_window(unsigned cpu) {
  const Paddr empty = virt_to_phys(&empty_descriptors);
  for (unsigned page = 0; page < 16; ++page) {
    const bool own = page == FIRST_RESERVED_GDT_PAGE;
    set_window_page(gdt_window(cpu) + page * kPageSize,
                    (own ? virt_to_phys(&gdt_pages[cpu]) | kPteWrite : empty) | kDescriptorPage);
  }
}

void fill_tss(unsigned cpu) {
  const u64 stack = reinterpret_cast<u64>(cpu_stacks) + cpu * HV_STACK_SIZE;
  tss[cpu] = {};
  for (u64 ist = kIstDoubleFault; ist <= kIstDebug; ++ist) tss[cpu].ist[ist - 1] = stack + ist * kPageSize;
  tss[cpu].io_map_base = sizeof(Tss);  // beyond the limit: every port refused in ring 3
}

void fill_idt() {
  for (unsigned vector = 0; vector < 256; ++vector) {
    const u64 stub = reinterpret_cast<u64>(trap_stubs) + vector * kStubSize;
    u8 ist = 0, dpl = 0;
    if (vector == 1) ist = kIstDebug;
    if (vector == 2) ist = kIstNmi;
    if (vector == 8) ist = kIstDoubleFault;
    if (vector == 18) ist = kIstMachineCheck;
    // INT3 and INTO are the guest's own; every other INT n faults and is looked at there.
    if (vector == 3 || vector == 4) dpl = 3;
    idt[vector] = {static_cast<u16>(stub),
                   SEL_HV_CS,
                   ist,
                   static_cast<u8>(kGateInterrupt | dpl << 5),
                   static_cast<u16>(stub >> 16),
                   static_cast<u32>(stub >> 32),
                   0};
  }
}

void load_tables(unsigned cpu) {
  const TablePointer gdt_pointer{0xffff, gdt_window(cpu)};
  const TablePointer idt_pointer{sizeof(idt) - 1, reinterpret_cast<u64>(idt)};
  asm volatile("lgdt %0" ::"m"(gdt_pointer));
  asm volatile(
      "pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:\tmovl %1, %%ss" ::"i"(SEL_HV_CS),
      "r"(SEL_HV_SS)
      : "rax", "memory");
  asm volatile("lidt %0" ::"m"(idt_pointer));
  asm volatile("ltr %w0" ::"r"(SEL_TSS));
  asm volatile("lldt %w0" ::"r"(0));
}

}  // namespace

void descriptors_cpu_init(unsigned cpu) {
  if (cpu == 0) fill_idt();
  fill_gdt(cpu);
  fill_tss(cpu);
  map_gdt_window(cpu);
  load_tables(cpu);

  void (*const entry[kMaxCpus])() = {syscall_entry_0, syscall_entry_1, syscall_entry_2, syscall_entry_3};
  write_msr(kMsrStar, u64{SEL_GUEST_CS32} << 48 | u64{SEL_HV_CS} << 32);
  void (*const entry32[kMaxCpus])() = {syscall32_entry_0, syscall32_entry_1, syscall32_entry_2,
                                       syscall32_entry_3};
  write_msr(kMsrLstar, reinterpret_cast<u64>(entry[cpu]));
  write_msr(kMsrCstar, reinterpret_cast<u64>(entry32[cpu]));
  write_msr(kMsrSysenterCs, 0);  // SYSENTER faults
  write_msr(kMsrSfmask, kFlagsTf | kFlagsIf | kFlagsDf | kFlagsIopl | kFlagsNt | kFlagsRf | kFlagsAc);
}

void set_entry_frame(unsigned cpu, Vcpu* vcpu) {
  const u64 frame_end = reinterpret_cast<u64>(&vcpu->arch.regs.es);  // first byte behind ss
  static_assert((offsetof(ArchVcpu, regs) + offsetof(Registers, es)) % 16 == 0);
  vcpu->arch.stack_top = reinterpret_cast<u64>(cpu_stacks) + (cpu + 1) * HV_STACK_SIZE - 8;
  tss[cpu].rsp[0] = frame_end;
  syscall_words[cpu].frame_end = frame_end;
}

void arch_map_ldt_page(Vcpu* vcpu, unsigned page) {
  const Mfn mfn = vcpu->arch.ldt_frames[page];
  set_window_page(ldt_window(this_cpu().id) + page * kPageSize,
                  mfn ? mfn << kPageShift | kDescriptorPage | kPteWrite : 0);
}

void arch_reload_descriptor_tables(Vcpu* vcpu) {
  const unsigned cpu = this_cpu().id;
  const unsigned pages = (vcpu->arch.gdt_entries + 511) / 512;
  const u64 empty = virt_to_phys(&empty_descriptors) | kDescriptorPage;
  for (unsigned page = 0; page < FIRST_RESERVED_GDT_PAGE; ++page)
    set_window_page(
        gdt_window(cpu) + page * kPageSize,
        page < pages ? vcpu->arch.gdt_frames[page] << kPageShift | kDescriptorPage | kPteWrite : empty);
  for (unsigned page = 0; page < 16; ++page) arch_map_ldt_page(vcpu, page);
  u64* entry = &gdt_pages[cpu].entry[slot(SEL_TSS) + 2];  // the LDT's descriptor follows the TSS's
  if (vcpu->arch.ldt_entries == 0) {
    asm volatile("lldt %w0" ::"r"(0));
    return;
  }
  const u64 base = ldt_window(cpu);
  entry[0] = (vcpu->arch.ldt_entries * 8ull - 1) | (base & 0xffffff) << 16 | 0x82ull << 40 |
             (base >> 24 & 0xff) << 56;
  entry[1] = base >> 32;
  asm volatile("lldt %w0" ::"r"(SEL_TSS + 16));
}

}  // namespace hv
