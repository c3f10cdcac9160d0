// User page tables: a root whose lower half is the process's. In a domain its upper half is not the kernel's
// to fill, for the hypervisor switches between it and the kernel's root when the mode changes
// (MMUEXT_NEW_USER_BASEPTR); natively it maps the kernel (TableOps::open_root).
#include "guests/kernel/address_space.h"

#include "guests/kernel/frames.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "table_ops.h"

namespace {
constexpr unsigned user_root_entries = table_entries / 2;

u64* table_at(Pfn pfn) { return static_cast<u64*>(frame_va(pfn)); }
Pfn entry_frame(u64 entry) { return model_guest_frame(pte_frame(entry)); }

long write_entry(Pfn table, unsigned index, u64 entry) {
  return table_ops.write(model_machine(table), index, entry);
}

// A frame that can become a page table: zero, and nowhere writable.
Pfn new_table() {
  Pfn pfn = frames_alloc();
  if (pfn == invalid_frame) return pfn;
  memset(frame_va(pfn), 0, page_bytes);
  if (!table_ops.set_writable(pfn, false)) return pfn;
  frames_free(pfn);
  return invalid_frame;
}

void free_table(Pfn pfn) {
  long r = table_ops.set_writable(pfn, true);
  if (r) panic("page table frame %lx is still in use: %ld", pfn, r);
  frames_free(pfn);
}

// The L1 table that maps va; builds the levels above it when `build` is a space.
Pfn find_l1(const AddressSpace& space, u64 va, AddressSpace* build, long& error) {
  Pfn table = space.root;
  for (unsigned level = 4; level > 1; level--) {
    u64 entry = table_at(table)[table_index(va, level)];
    if (entry & pte_present) {
      table = entry_frame(entry);
      continue;
    }
    error = -XEN_ENOMEM;
    Pfn child = build ? new_table() : invalid_frame;
    if (child == invalid_frame) return child;
    error = write_entry(table, table_index(va, level), make_pte(model_machine(child), pte_table));
    if (error) {
      free_table(child);
      return invalid_frame;
    }
    build->table_count++;
    table = child;
  }
  error = 0;
  return table;
}

UserPage page_of(u64 entry) {
  return {entry_frame(entry), (entry & pte_writable) != 0, !(entry & pte_no_execute)};
}

bool visit_table(Pfn table, unsigned level, u64 va, PageVisitor visit, void* context) {
  unsigned count = level == 4 ? user_root_entries : table_entries;
  for (unsigned i = 0; i < count; i++) {
    u64 entry = table_at(table)[i];
    if (!(entry & pte_present)) continue;
    u64 at = va + i * entry_bytes_covered(level);
    bool go_on = level == 1 ? visit(context, at, page_of(entry))
                            : visit_table(entry_frame(entry), level - 1, at, visit, context);
    if (!go_on) return false;
  }
  return true;
}

// Children first leave their parent (that drops their type), then their own entries can be freed.
void destroy_table(Pfn table, unsigned level) {
  unsigned count = level == 4 ? user_root_entries : table_entries;
  for (unsigned i = 0; i < count; i++) {
    u64 entry = table_at(table)[i];
    if (!(entry & pte_present)) continue;
    if (level == 1)
      frames_free(entry_frame(entry));
    else
      destroy_table(entry_frame(entry), level - 1);
  }
  free_table(table);
}
}  // namespace

bool space_create(AddressSpace& space) {
  space.root = new_table();
  if (space.root == invalid_frame) return false;
  space.table_count = 1;
  if (!table_ops.open_root(model_machine(space.root))) return true;
  free_table(space.root);
  return false;
}

void space_destroy(AddressSpace& space) {
  long r = table_ops.close_root(model_machine(space.root));
  if (r) panic("cannot unpin user root %lx: %ld", space.root, r);
  // Unpinned and loaded nowhere, the whole tree is untyped: plain memory again.
  destroy_table(space.root, 4);
}

long space_map(AddressSpace& space, u64 va, const UserPage& page) {
  long error;
  Pfn l1 = find_l1(space, va, &space, error);
  if (l1 == invalid_frame) return error;
  if (table_at(l1)[table_index(va, 1)] & pte_present) return -XEN_EEXIST;
  u64 flags = pte_present | pte_user | pte_accessed | (page.writable ? pte_writable | pte_dirty : 0) |
              (page.executable ? 0 : pte_no_execute);
  return write_entry(l1, table_index(va, 1), make_pte(model_machine(page.pfn), flags));
}

Pfn space_unmap(AddressSpace& space, u64 va) {
  long error;
  Pfn l1 = find_l1(space, va, nullptr, error);
  if (l1 == invalid_frame) return invalid_frame;
  u64 entry = table_at(l1)[table_index(va, 1)];
  if (!(entry & pte_present)) return invalid_frame;
  if (write_entry(l1, table_index(va, 1), 0)) return invalid_frame;
  // Only the VCPU that runs the process has its tables loaded; another one flushes before it loads them
  // again.
  space_forget(va);
  return entry_frame(entry);
}

u64 user_page_bytes() { return page_bytes; }

void space_forget(u64 va) { table_ops.forget_page(va); }

bool space_lookup(const AddressSpace& space, u64 va, UserPage& page) {
  long error;
  Pfn l1 = find_l1(space, va, nullptr, error);
  if (l1 == invalid_frame) return false;
  u64 entry = table_at(l1)[table_index(va, 1)];
  if (entry & pte_present) page = page_of(entry);
  return entry & pte_present;
}

bool space_visit(const AddressSpace& space, PageVisitor visit, void* context) {
  return visit_table(space.root, 4, 0, visit, context);
}

void space_activate(const AddressSpace& space) {
  long r = table_ops.load_root(model_machine(space.root));
  if (r) panic("cannot load user root: %ld", r);
}
void space_deactivate() { table_ops.load_root(0); }
