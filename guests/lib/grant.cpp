#include "guests/lib/grant.h"

#include "guests/lib/boot.h"

namespace {
grant_entry_v1_t* table[grant_most_pages];
unsigned table_pages;
grant_ref_t first_free = no_grant;

// Behind shared_info: guest frame numbers that are no memory's (docs/memory-models.md).
Pfn page_place(unsigned index) { return boot_info->shared_info / page_bytes + 1 + index; }

// What the first `pages` pages are called.
long ask_for_pages(xen_pfn_t* numbers, unsigned pages) {
  gnttab_setup_table_t op{};
  op.dom = DOMID_SELF;
  op.nr_frames = pages;
  set_xen_guest_handle(op.frame_list, numbers);
  if (long error = hypercall_grant_table_op(GNTTABOP_setup_table, &op, 1)) return error;
  return op.status == GNTST_okay ? 0 : -XEN_ENOMEM;
}

void give_free(grant_ref_t ref) {
  grant_entry(ref).frame = first_free;
  first_free = ref;
}

grant_ref_t take_free() {
  const grant_ref_t ref = first_free;
  if (ref != no_grant) first_free = grant_entry(ref).frame;
  return ref;
}

// The hypervisor looks at an entry at any time: flags come last, in one store.
grant_ref_t make_entry(u16 flags, domid_t domain, u64 frame) {
  if (frame >> 32) return no_grant;  // no entry of this version can name it
  const grant_ref_t ref = take_free();
  if (ref == no_grant) return ref;
  volatile grant_entry_v1_t& entry = grant_entry(ref);
  entry.domid = domain;
  entry.frame = static_cast<u32>(frame);
  __atomic_store_n(&entry.flags, flags, __ATOMIC_RELEASE);
  return ref;
}

// Nothing is allowed any more, unless the hypervisor has set one of the flags `in_use`.
bool withdraw(grant_ref_t ref, u16 in_use) {
  volatile u16& flags = grant_entry(ref).flags;
  u16 seen = __atomic_load_n(&flags, __ATOMIC_ACQUIRE);
  do {
    if (seen & in_use) return false;
  } while (!__atomic_compare_exchange_n(&flags, &seen, u16{0}, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
  return true;
}
}  // namespace

long grant_table_place(unsigned page) {
  xen_add_to_physmap_t request{};
  request.domid = DOMID_SELF;
  request.space = XENMAPSPACE_grant_table;
  request.idx = page;
  request.gpfn = page_place(page);
  return hypercall_memory_op(XENMEM_add_to_physmap, &request);
}

volatile grant_entry_v1_t& grant_entry(grant_ref_t ref) {
  return table[ref / grants_per_page][ref % grants_per_page];
}

namespace {
// Pages [first, end) of the table.
long show_pages(void* place, unsigned first, unsigned end) {
  for (unsigned i = first; guest_is_translated() && i < end; i++)
    if (long error = grant_table_place(i)) return error;
  xen_pfn_t numbers[grant_most_pages];
  if (long error = ask_for_pages(numbers, end)) return error;
  for (unsigned i = first; i < end; i++) {
    auto* own = static_cast<u8*>(place) + i * page_bytes;
    table[i] = static_cast<grant_entry_v1_t*>(arch_show_grant_page(own, numbers[i]));
    if (!table[i]) return -XEN_EFAULT;
  }
  return 0;
}
}  // namespace

u32 grant_references() { return table_pages * grants_per_page; }

void grant_table_take_down(u32* links) {
  for (grant_ref_t ref = 0; ref < grant_references(); ref++) links[ref] = grant_entry(ref).frame;
  for (unsigned i = 0; !guest_is_translated() && i < table_pages; i++) arch_hide_grant_page(table[i]);
}

long grant_table_bring_up(void* place, const u32* links) {
  // Frames among this domain's have stayed where they were.
  if (!table_pages || (!links && guest_is_translated())) return 0;
  if (long error = show_pages(place, 0, table_pages)) return error;
  for (grant_ref_t ref = 0; links && ref < grant_references(); ref++) grant_entry(ref).frame = links[ref];
  return 0;
}

long grant_table_set_up(void* place, unsigned pages) {
  if (pages > grant_most_pages) return -XEN_EINVAL;
  if (long error = show_pages(place, table_pages, pages)) return error;
  for (; table_pages < pages; table_pages++) {
    const grant_ref_t first = table_pages * grants_per_page;
    for (grant_ref_t i = grants_per_page; i-- > 0;)
      if (first + i >= GNTTAB_NR_RESERVED_ENTRIES) give_free(first + i);
  }
  return 0;
}

grant_ref_t grant_access(domid_t user, u64 frame, bool readonly) {
  return make_entry(GTF_permit_access | (readonly ? GTF_readonly : 0), user, frame);
}

bool grant_end_access(grant_ref_t ref) {
  if (!withdraw(ref, GTF_reading | GTF_writing)) return false;
  give_free(ref);
  return true;
}

grant_ref_t grant_transfer_ref(domid_t giver, u64 place, u16 more_flags) {
  return make_entry(GTF_accept_transfer | more_flags, giver, place);
}

u64 grant_end_transfer(grant_ref_t ref) {
  u64 frame = invalid_frame;
  volatile grant_entry_v1_t& entry = grant_entry(ref);
  // What has begun is completed, or taken back.
  while (!withdraw(ref, GTF_transfer_committed)) {
    if (!(__atomic_load_n(&entry.flags, __ATOMIC_ACQUIRE) & GTF_transfer_completed)) {
      arch_relax();
      continue;
    }
    frame = entry.frame;
    __atomic_store_n(&entry.flags, u16{0}, __ATOMIC_RELEASE);
    break;
  }
  give_free(ref);
  return frame;
}
