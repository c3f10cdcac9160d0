// What a VCPU's state refers to: page-table bases and descriptor tables. Each named frame is referenced and
// typed as long as the VCPU names it. None of these loads anything into the CPU: that is the caller's, when
// the VCPU is the current one. They take mm_lock.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

// Guests that know GFNs only: a table's name is noted and its old translations are dropped; descriptor pages
// are copied and checked when they are handed over, so that the guest may keep writing to its own.

/// New L4 for kernel mode. -XEN_EINVAL: no valid L4 of the domain; the old one stays.
/// The old table's references go after `loaded` (if any) has run, since a CPU may still walk it before.
int vcpu_set_kernel_table(Vcpu* vcpu, u64 name, void (*loaded)(Vcpu*) = nullptr);
/// New L4 for user mode; 0 means none.
int vcpu_set_user_table(Vcpu* vcpu, u64 name, void (*loaded)(Vcpu*) = nullptr);

/// Descriptors 0 .. FIRST_RESERVED_GDT_ENTRY-1 are the guest's. All frames or none are taken over.
int vcpu_set_gdt(Vcpu* vcpu, const u64* names, u32 entries);
/// Pages are taken over one by one on first use (mm_ldt_fault).
int vcpu_set_ldt(Vcpu* vcpu, Vaddr base, u32 entries);

/// A descriptor of the page that the VCPU's domain names `name` has changed (model that hides MFNs).
void vcpu_descriptor_changed(Vcpu* vcpu, u64 name, unsigned slot, u64 descriptor);

/// Finds the L1 entry that maps `va` in the tables rooted at an L4; false when a level is missing. mm_lock is
/// held.
struct EntryPlace {
  Mfn table;
  unsigned slot;
};
bool find_l1_entry(Mfn l4, Vaddr va, EntryPlace& place);

/// First touch of LDT page `page` through the window: fills vcpu->arch.ldt_frames[page] and returns true, or
/// false.
bool mm_ldt_fault(Vcpu* vcpu, unsigned page);

}  // namespace hv
