// What test guests need of the architecture; each has a header of this name. Here: the builder's page tables,
// and in model direct its frame list and the mapping by which tests reach memory.
#pragma once
#include "boot_tables.h"
#include "hypervisor/abi/memory_models.h"

// Of domains that a test makes: what a toolstack gets that names none.
constexpr xs_memory_model test_domain_model = XS_MODEL_DIRECT;

constexpr u64 test_virt_base = boot_virt_base;
// Nothing is mapped there, in whichever memory model.
inline void* const test_unmapped = reinterpret_cast<void*>(0x100000000000ull);
// The local APIC's: mapped writable by nobody but the hypervisor, not even by a domain that drives devices.
constexpr Mfn test_forbidden_frame = 0xfee00;

u64* test_p2m();  // the builder's list (model direct)
// The bootstrap table of `level` that maps va, and its entry for va.
Pfn test_table(u64 va, unsigned level);
u64 test_entry(u64 va, unsigned level);

// Writes the entry at address `pte` of the memory that tables name: one mmu_update and the hypervisor's
// result, or in model translated a plain store, which cannot fail.
long test_write_pte(u64 pte, u64 value);
long test_unmap(Pfn pfn);           // removes the page from the builder's mapping
long test_map(Pfn pfn, u64 flags);  // maps it again, PTE flags as given
