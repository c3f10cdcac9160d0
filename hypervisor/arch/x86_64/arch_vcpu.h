// The x86-64 parts of Vcpu and Domain.
//
// A VCPU's registers live in its Vcpu for its whole life: while it runs, the TSS's RSP0 points behind
// regs.ss, so that the entry code pushes straight into them, and then moves to the CPU's own stack.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

using Registers = cpu_user_regs;

/// Cached translations of a VCPU whose own page tables the CPU does not walk (mm_shadow.h): page tables of
/// the hypervisor's, which it does. Under mm_lock; of a domain that is shadowed for a time also under a lock
/// of their own.
struct Shadow {
  struct Root {
    Mfn l4 = kInvalidMfn;
    u64 used_slots[8] = {};   ///< bit per guest's slot of the L4 that may be present
    u32 first = 0, last = 0;  ///< chain of tables in use below it, as pool positions + 1; 0: none
    u32 count = 0;
    bool splits_huge = false;  ///< pages cached here may be parts of one of the guest's of 1 GiB
  };
  Root root[2];                   ///< kernel mode, user mode
  Mfn* table = nullptr;           ///< the pool: [0, size)
  u32* next = nullptr;            ///< chain of the free tables, or of those of a root
  u32 size = 0, free = 0;         ///< free: first of the chain, + 1
  Vcpu* next_shadowed = nullptr;  ///< list of all VCPUs of such domains
};

/// Page tables of a PV64 guest: the kernel's L4 and the user's. One is loaded, by mode.
struct ArchVcpu {
  // The CPU aligns RSP to 16 before it pushes an exception frame; so the end of regs.ss (byte 168 of regs) is
  // aligned.
  alignas(16) u64 stack_top = 0;  ///< offset 0: stack of the CPU it runs on (entry.S)
  Registers regs = {};            ///< offset 8: entry.S
  // Memory half, read by the switch code. Guests that know MFNs: frames are referenced and typed while named
  // here. Others: names are GFNs, what the CPU loads is the shadow, and descriptor pages are copies of the
  // hypervisor's.
  Mfn kernel_table = kInvalidMfn;  ///< L4, by the guest's name for it
  Mfn user_table = kInvalidMfn;    ///< L4, kInvalidMfn when the guest has set none
  Shadow shadow;
  u64 gdt_names[16] = {};  ///< as the guest calls gdt_frames
  u64 ldt_names[16] = {};
  Mfn gdt_frames[16] = {};  ///< valid up to gdt_entries; type XS_FRAME_SEGDESC
  u32 gdt_entries = 0;
  u32 ldt_entries = 0;
  Vaddr ldt_base = 0;
  Mfn ldt_frames[16] = {};  ///< filled on first touch; 0 = not yet
  // Core half.
  bool kernel_mode = true;                                ///< guest kernel (both modes are ring 3)
  bool ts_virtual = false;                                ///< the guest's own CR0.TS (fpu_taskswitch)
  u8 iopl = 0;                                            ///< PHYSDEVOP_set_iopl
  u64 fs_base = 0, gs_base_kernel = 0, gs_base_user = 0;  ///< while not loaded
  u16 ds = 0, es = 0, fs = 0, gs = 0;                     ///< selectors while not loaded
  u64 kernel_ss = 0, kernel_sp = 0;
  u64 event_callback = 0, failsafe_callback = 0, syscall_callback = 0;
  u32 callback_masks_events = 0;  ///< bit: enum of trap.h
  u64 cr2 = 0;
  u64 cr4 = 0;
  u64 debug[8] = {};
  trap_info* traps = nullptr;    ///< 256 entries
  alignas(16) u8 fpu[512] = {};  ///< FXSAVE image
};

struct ArchDomain {
  u64 time_version = 0;
  bool shadowed = false;  ///< knows MFNs, and yet the CPU walks shadows of its tables: log-dirty is on
};

/// CR3 with which the CPU walks the VCPU's address space of that mode; the hypervisor's own when it has none.
u64 arch_address_space(const Vcpu* vcpu, bool kernel_mode);
/// Loads the page tables that the VCPU's mode asks for (current VCPU only).
void arch_load_address_space(Vcpu* vcpu);
/// The guest kernel loads another L4 (MOV CR3). 0 or -XEN_E*.
int arch_set_kernel_table(Vcpu* vcpu, Mfn mfn);
/// Loads the guest's GDT/LDT frames into this CPU's windows after the memory half has changed the arrays.
void arch_reload_descriptor_tables(Vcpu* vcpu);
/// Makes one LDT page that mm_ldt_fault() has just found visible in this CPU's window.
void arch_map_ldt_page(Vcpu* vcpu, unsigned page);

/// Flushes TLBs of the CPUs in the mask (this one included when its bit is set) and waits. va ~0: everything.
constexpr Vaddr kFlushAll = ~0ull;
void arch_flush_tlb(u64 cpu_mask, Vaddr address);
/// CPUs on which some VCPU of the domain is or may still be loaded.
u64 arch_domain_cpu_mask(const Domain* domain);

/// Copies the hypervisor's L4 slots into a fresh or newly validated L4 (mapped).
void arch_fill_hypervisor_slots(u64* l4);
/// Fills one page with the hypercall stubs of the PV64 ABI.
void arch_write_hypercall_page(void* page);

}  // namespace hv
