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

// What is mapped at once, in as many frames that follow each other from a multiple of their number on: a
// page, or more of them where the architecture can and the command line says so (IA-64: user_pages=16k).
u64 user_page_bytes();
inline unsigned user_page_frames() { return static_cast<unsigned>(user_page_bytes() / page_bytes); }

struct UserPage {
  Pfn pfn;
  bool writable, executable;
};
// Addresses are multiples of user_page_bytes(), `pfn` is the first of the page's frames.
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
