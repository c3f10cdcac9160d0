#include "hypervisor/common/iommu.h"

#include "hypervisor/abi/iommu.h"
#include "hypervisor/common/acpi.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace hv {

unsigned iommu_context_count;
bool iommu_withdrawn;  // something, since the last flush

namespace {
constexpr u64 kRights = XS_IOMMU_READ | XS_IOMMU_WRITE;
constexpr u64 kOwn = 1 << 2, kTable = 1 << 3;
constexpr u64 kReader = 1ull << 8, kReaders = 0xffffffull << 8;
constexpr u64 kWriter = 1ull << 32, kWriters = 0xffffffull << 32;
constexpr unsigned kEntries = 1u << XS_IOMMU_BITS_PER_LEVEL;
constexpr unsigned kMostSlots = 64;

/// A domain with devices; root kInvalidMfn: none.
struct Context {
  DomId domain = 0;
  Mfn root = kInvalidMfn;
  unsigned slots = 0;
};
constexpr unsigned kMostContexts = 8;
Context contexts[kMostContexts];  // the first iommu_context_count may be in use
u8 context_of_slot[kMostSlots];   // 1 + index; 0: none
unsigned slot_count, slot_step;
Paddr first_slot;
volatile u32* registers;

u64* page_at(Mfn mfn) { return static_cast<u64*>(frame_to_virt(mfn)); }
constexpr unsigned index_at(Mfn mfn, unsigned level) {
  return mfn >> (level * XS_IOMMU_BITS_PER_LEVEL) & (kEntries - 1);
}
Mfn page_below(u64 entry) { return (entry & XS_IOMMU_PAGE) >> kPageShift; }

u64& entry_of(const Context& c, Mfn mfn) {
  Mfn page = c.root;
  for (unsigned level = XS_IOMMU_LEVELS; --level > 0;) page = page_below(page_at(page)[index_at(mfn, level)]);
  return page_at(page)[index_at(mfn, 0)];
}

u64 with_rights(u64 entry) {
  u64 rights = entry & (kOwn | kReaders | kWriters) ? XS_IOMMU_READ : 0;
  if ((entry & (kOwn | kWriters)) && !(entry & kTable)) rights |= XS_IOMMU_WRITE;
  return (entry & ~kRights) | rights;
}

void set(const Context& c, Mfn mfn, u64 value) {
  u64& entry = entry_of(c, mfn);
  const u64 before = entry & kRights, after = with_rights(value);
  __atomic_store_n(&entry, after, __ATOMIC_RELEASE);
  if (before == (after & kRights)) return;
  mark(XS_MARK_IOMMU, c.domain, before << 8 | (after & kRights), mfn);
  if (before & ~after) iommu_withdrawn = true;
}

template <typename F>
void for_each_context(F f) {
  for (unsigned i = 0; i < iommu_context_count; i++)
    if (contexts[i].root != kInvalidMfn) f(contexts[i]);
}

Context* context_of(DomId domain) {
  Context* found = nullptr;
  for_each_context([&](Context& c) {
    if (c.domain == domain) found = &c;
  });
  return found;
}

// --- tables -----------------------------------------------------------------------------------------------
bool add_path(Mfn root, Mfn mfn) {
  Mfn page = root;
  for (unsigned level = XS_IOMMU_LEVELS; --level > 0;) {
    u64& entry = page_at(page)[index_at(mfn, level)];
    if (entry == 0) {
      const Mfn below = alloc_frame();
      if (below == kInvalidMfn) return false;
      entry = below << kPageShift | kRights;
    }
    page = page_below(entry);
  }
  return true;
}

void free_below(Mfn page, unsigned level) {
  for (unsigned i = 0; level > 0 && i < kEntries; i++)
    if (const u64 entry = page_at(page)[i]) free_below(page_below(entry), level - 1);
  free_frame(page);
}

Mfn new_table() {
  const Mfn root = alloc_frame();
  if (root == kInvalidMfn) return root;
  for (unsigned r = 0; r < ram_region_count(); r++) {
    const Mfn first = ram_region(r).first, end = first + ram_region(r).count;
    for (Mfn mfn = first; mfn < end; mfn = (mfn | (kEntries - 1)) + 1) {
      if (add_path(root, mfn)) continue;
      free_below(root, XS_IOMMU_LEVELS - 1);
      return kInvalidMfn;
    }
  }
  return root;
}

bool is_table(Mfn mfn) {
  const xs_frame_type type = type_of(frame_type_info(mfn));
  return (frame_type_info(mfn) & XS_TYPE_COUNT) != 0 && type != XS_FRAME_WRITABLE && type != XS_FRAME_SHARED;
}

// What the domain has had before it had a device.
void fill(const Context& c, const Domain* domain) {
  for (unsigned r = 0; r < ram_region_count(); r++)
    for (Mfn mfn = ram_region(r).first; mfn < ram_region(r).first + ram_region(r).count; mfn++) {
      const u64 own = frame_owner(mfn) == domain->id ? kOwn : 0, table = is_table(mfn) ? kTable : 0;
      if (own | table) set(c, mfn, own | table);
    }
  grants_for_each_mapped(domain, [](const Domain* user, Mfn mfn, bool writable) {
    iommu_grant_changes(user, mfn, writable, true);
  });
}

Context* new_context(DomId id) {
  unsigned i = 0;
  while (i < iommu_context_count && contexts[i].root != kInvalidMfn) i++;
  if (i == kMostContexts) return nullptr;
  const Mfn root = new_table();
  if (root == kInvalidMfn) return nullptr;
  contexts[i] = {id, root, 0};
  iommu_context_count = max_of(iommu_context_count, i + 1);
  return &contexts[i];
}

Context* context_for(const Domain* domain) {
  if (Context* known = context_of(domain->id)) return known;
  Context* c = new_context(domain->id);
  if (c != nullptr) fill(*c, domain);
  return c;
}

// --- registers --------------------------------------------------------------------------------------------
void set_root(unsigned slot, u64 root) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  registers[XS_IOMMU_ROOT(slot) / 4] = static_cast<u32>(root);
  registers[XS_IOMMU_ROOT(slot) / 4 + 1] = static_cast<u32>(root >> 32);
}

// The slot's device reaches nothing; a context without devices goes.
void release_slot(unsigned slot) {
  if (context_of_slot[slot] == 0) return;
  Context& c = contexts[context_of_slot[slot] - 1];
  context_of_slot[slot] = 0;
  set_root(slot, 0);
  iommu_flush_now();
  if (--c.slots != 0 || c.domain == 0) return;  // what dom0 gives away comes back
  const Mfn root = c.root;
  c.root = kInvalidMfn;
  free_below(root, XS_IOMMU_LEVELS - 1);
}

void give_slot(unsigned slot, Context& c) {
  c.slots++;
  release_slot(slot);
  context_of_slot[slot] = static_cast<u8>(&c - contexts + 1);
  set_root(slot, c.root << kPageShift | XS_IOMMU_VALID);
}
}  // namespace

void iommu_init(Paddr rsdp) {
  struct {
    Paddr registers;
    u32 slots, step;
    Paddr first;
  } place;
  const AcpiHeader* table = acpi_find_table(rsdp, XS_IOMMU_ACPI_TABLE);
  if (table == nullptr || table->length < sizeof(AcpiHeader) + sizeof place) return;
  memcpy(&place, table + 1, sizeof place);
  const Paddr address = place.registers;
  registers = arch_map_device(address);
  slot_count = place.slots;
  slot_step = place.step;
  first_slot = place.first;
  slot_count = min_of(slot_count, kMostSlots);
  Context* domain0 = registers[XS_IOMMU_VERSION / 4] == 1 ? new_context(0) : nullptr;
  if (domain0 == nullptr) panic("IOMMU at %lx: unknown version, or no memory for its tables", address);
  for (unsigned slot = 0; slot < slot_count; slot++) give_slot(slot, *domain0);
  registers[XS_IOMMU_CONTROL / 4] = 1;
  print("IOMMU at %lx, %u slots\n", address, slot_count);
}

int iommu_assign(unsigned slot, Domain* domain) {
  if (!iommu_in_use()) return 0;
  if (slot >= slot_count) return -XEN_EINVAL;
  MmNestedGuard guard;
  if (domain->dying) return -XEN_EINVAL;  // iommu_domain_ends() may have been there
  Context* c = context_for(domain);
  if (c == nullptr) return -XEN_ENOMEM;
  give_slot(slot, *c);
  return 0;
}

int iommu_assign_page(Mfn page, Domain* domain) {
  for (unsigned slot = 0; iommu_in_use() && slot < slot_count; slot++) {
    if ((first_slot + u64{slot} * slot_step) >> kPageShift != page) continue;
    if (const int rc = iommu_assign(slot, domain); rc != 0) return rc;  // of the first, if any
  }
  return 0;
}

void iommu_domain_ends(const Domain* domain) {
  MmGuard guard;
  const Context* c = context_of(domain->id);
  for (unsigned slot = 0; c != nullptr && slot < slot_count; slot++)
    if (context_of_slot[slot] == c - contexts + 1) release_slot(slot);
}

void iommu_dump() {
  if (!iommu_in_use()) return print("there is no IOMMU\n");
  const u32 faults = registers[XS_IOMMU_FAULTS / 4], info = registers[XS_IOMMU_FAULT_INFO / 4];
  const u64 low = registers[XS_IOMMU_FAULT_ADDRESS / 4], high = registers[XS_IOMMU_FAULT_ADDRESS / 4 + 1];
  print("%u transfers refused\n", faults);
  if (faults != 0)
    print("the last one: slot %u %s %lx\n", info & ~XS_IOMMU_FAULT_WRITE,
          info & XS_IOMMU_FAULT_WRITE ? "writes to" : "reads", high << 32 | low);
  for (unsigned slot = 0; slot < slot_count; slot++)
    if (context_of_slot[slot] != 0 && contexts[context_of_slot[slot] - 1].domain != 0)
      print("slot %u: domain %u\n", slot, contexts[context_of_slot[slot] - 1].domain);
}

void iommu_owner_changes(Mfn mfn, u32 owner) {
  for_each_context([&](const Context& c) {
    const bool own = c.domain == owner;
    if (own || (entry_of(c, mfn) != 0 && !planted(Bug::iommu_kept))) set(c, mfn, own ? kOwn : 0);
  });
  iommu_flush();
}

void iommu_table_changes(Mfn mfn, bool begins) {
  for_each_context([&](const Context& c) {
    set(c, mfn, begins ? entry_of(c, mfn) | kTable : entry_of(c, mfn) & ~kTable);
  });
  iommu_flush();
}

// The end of a mapping whose frame has left its owner meanwhile (the user had overwritten what showed it)
// finds nothing to count.
void iommu_grant_changes(const Domain* user, Mfn mfn, bool writable, bool begins) {
  const Context* c = context_of(user->id);
  if (c == nullptr) return;
  const u64 entry = entry_of(*c, mfn), one = writable ? kWriter : kReader;
  if (begins)
    set(*c, mfn, entry + one);
  else if (entry & (writable ? kWriters : kReaders))
    set(*c, mfn, entry - one);
}

void iommu_flush_now() {
  iommu_withdrawn = false;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  registers[XS_IOMMU_FLUSH / 4] = 1;
}

}  // namespace hv
