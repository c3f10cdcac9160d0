// User address spaces: region 0 with a region identifier for each space. Identifiers are given out in order
// when a space is loaded; when all have been used the TLB is emptied, a new round begins, and every space
// gets another one.
#include "guests/kernel/address_space.h"

#include "cpu_ops.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/platform.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"
#include "page_table.h"
#include "privileged.h"

#include <xen/errno.h>

namespace {
constexpr u64 root_level = 3;

u64 next_region_id = FIRST_USER_RID, region_round = 1;

u64* table_at(Pfn pfn) { return static_cast<u64*>(frame_va(pfn)); }
u64* table_below(u64 entry) { return reinterpret_cast<u64*>(entry); }
Pfn entry_frame(u64 entry) { return model_guest_frame((entry & pte_address_mask) >> page_shift); }

Pfn new_table() {
  Pfn pfn = frames_alloc();
  if (pfn != invalid_frame) memset(frame_va(pfn), 0, page_bytes);
  return pfn;
}

// The last-level table that maps va; builds the levels above it when `build` is a space.
u64* find_last(const AddressSpace& space, u64 va, AddressSpace* build) {
  u64* table = table_at(space.root);
  for (unsigned level = root_level; level > 1; level--) {
    u64& entry = table[table_index(va, level)];
    if (!entry) {
      Pfn child = build ? new_table() : invalid_frame;
      if (child == invalid_frame) return nullptr;
      build->table_count++;
      __atomic_store_n(&entry, reinterpret_cast<u64>(frame_va(child)), __ATOMIC_RELEASE);
    }
    table = table_below(entry);
  }
  return table;
}

// The processor needs pages of 16 KiB in aligned frames. Where numbers of frames are this guest's own to
// choose they are.
unsigned chosen_shift() {
  constexpr unsigned larger_shift = 14;
  char word[8];
  const bool larger = memory_model->accept_extent &&
                      boot_word(platform.command_line(), "user_pages", word, sizeof word) &&
                      !strcmp(word, "16k");
  return larger ? larger_shift : page_shift;
}

unsigned user_page_shift() {
  static const unsigned shift = chosen_shift();
  return shift;
}

u64* page_entries(u64* table, u64 va) { return &table[table_index(align_down(va, user_page_bytes()), 1)]; }

UserPage page_of(u64 entry) {
  return {entry_frame(entry), (entry & pte_writable) != 0, (entry & pte_executable) != 0};
}

unsigned entries_of(unsigned level) { return level == root_level ? user_root_entries : table_entries; }

bool visit_table(const u64* table, unsigned level, u64 va, PageVisitor visit, void* context) {
  for (unsigned i = 0; i < entries_of(level); i += level == 1 ? user_page_frames() : 1) {
    if (!table[i]) continue;
    u64 at = va + i * entry_bytes_covered(level);
    bool go_on = level == 1 ? visit(context, at, page_of(table[i]))
                            : visit_table(table_below(table[i]), level - 1, at, visit, context);
    if (!go_on) return false;
  }
  return true;
}

void destroy_table(u64* table, unsigned level) {
  for (unsigned i = 0; i < entries_of(level); i += level == 1 ? user_page_frames() : 1) {
    if (!table[i]) continue;
    if (level == 1)
      frames_free(entry_frame(table[i]));
    else
      destroy_table(table_below(table[i]), level - 1);
  }
  frames_free(va_frame(table));
}

// { round, identifier }, as the root remembers it.
u64 current_region_id(u64& remembered) {
  if (remembered / END_USER_RID != region_round) {
    if (next_region_id == END_USER_RID) {
      cpu_ops.purge_all();
      next_region_id = FIRST_USER_RID;
      region_round++;
    }
    remembered = region_round * END_USER_RID | next_region_id++;
  }
  return remembered % END_USER_RID;
}
}  // namespace

bool space_create(AddressSpace& space) {
  space.root = new_table();
  space.table_count = 1;
  return space.root != invalid_frame;
}

// What the TLB remembers of it has an identifier that nobody uses again before the TLB is emptied.
void space_destroy(AddressSpace& space) { destroy_table(table_at(space.root), root_level); }

long space_map(AddressSpace& space, u64 va, const UserPage& page) {
  u64* table = find_last(space, va, &space);
  if (!table) return -XEN_ENOMEM;
  u64* entries = page_entries(table, va);
  if (*entries) return -XEN_EEXIST;
  u64 flags = pte_present | pte_accessed | pte_user | (page.writable ? pte_writable | pte_dirty : 0) |
              (page.executable ? pte_executable : 0);
  for (unsigned i = 0; i < user_page_frames(); i++)
    __atomic_store_n(&entries[i], model_machine(page.pfn + i) << page_shift | flags, __ATOMIC_RELEASE);
  return 0;
}

// The space is that of the running process.
Pfn space_unmap(AddressSpace& space, u64 va) {
  u64* table = find_last(space, va, nullptr);
  u64 entry = table ? *page_entries(table, va) : 0;
  if (!entry) return invalid_frame;
  for (unsigned i = 0; i < user_page_frames(); i++)
    __atomic_store_n(&page_entries(table, va)[i], 0, __ATOMIC_RELEASE);
  space_forget(va);
  return entry_frame(entry);
}

void space_forget(u64 va) { purge_page(align_down(va, user_page_bytes()), user_page_shift()); }

u64 user_page_bytes() { return u64{1} << user_page_shift(); }

bool space_lookup(const AddressSpace& space, u64 va, UserPage& page) {
  u64* table = find_last(space, va, nullptr);
  u64 entry = table ? *page_entries(table, va) : 0;
  if (entry) page = page_of(entry);
  return entry != 0;
}

bool space_visit(const AddressSpace& space, PageVisitor visit, void* context) {
  return visit_table(table_at(space.root), root_level, 0, visit, context);
}

void space_activate(const AddressSpace& space) {
  u64* root = table_at(space.root);
  write_user_region(REGION_REGISTER(current_region_id(root[root_region_id]), user_page_shift()));
  write_user_root(reinterpret_cast<u64>(root));
}

void space_deactivate() {
  write_user_root(0);
  write_user_region(REGION_REGISTER(0, page_shift));
}
