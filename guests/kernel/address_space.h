// User address spaces: the page tables of one process. Implemented by the architecture.
#pragma once
#include "arch_cpu.h"  // user_va_end
#include "guests/kernel/memory_model.h"

struct AddressSpace {
  Pfn root;         // top-level table, owned and pinned
  u64 table_count;  // frames in page tables, root included
};

// False when there is no memory.
bool space_create(AddressSpace& space);
// Frees the tables, and every frame mapped below user_va_end.
void space_destroy(AddressSpace& space);

struct UserPage {
  Pfn pfn;
  bool writable, executable;
};
// Errors: -ENOMEM no frame for a table, -EEXIST already mapped, or what the hypervisor says.
long space_map(AddressSpace& space, u64 va, const UserPage& page);
// invalid_frame when nothing was mapped. The frame is the caller's again.
Pfn space_unmap(AddressSpace& space, u64 va);
// This CPU looks the page's translation up when it is accessed next.
void space_forget(u64 va);
bool space_lookup(const AddressSpace& space, u64 va, UserPage& page);
// Calls visit for every mapped page in ascending order, until it returns false.
using PageVisitor = bool (*)(void* context, u64 va, const UserPage& page);
bool space_visit(const AddressSpace& space, PageVisitor visit, void* context);
void space_activate(const AddressSpace& space);
// Before user tables go away: no VCPU of this kernel may have them loaded.
void space_deactivate();
