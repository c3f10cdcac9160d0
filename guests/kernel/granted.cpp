#include "guests/kernel/granted.h"

#include "guests/lib/errno.h"
#include "guests/lib/panic.h"

namespace {
unsigned own_pages;  // of this domain's grant table

void end(const GrantedPages& pages, unsigned count) {
  gnttab_unmap_grant_ref_t ops[granted_most]{};
  for (unsigned i = 0; i < count; i++) ops[i] = {pages.places[i], 0, pages.handles[i], 0};
  hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, ops, count);
  for (unsigned i = 0; i < count; i++)
    if (ops[i].status != GNTST_okay) panic("a granted page cannot be unmapped: %d", ops[i].status);
}
}  // namespace

long granted_start() {
  if (!memory_model->grants) return -XEN_EOPNOTSUPP;
  const unsigned pages = min_of(own_pages + grant_pages_per_device, grant_pages_most);
  const long error = grant_table_set_up(memory_model->grants->table_place, pages);
  if (!error) own_pages = pages;
  return error;
}

long granted_map(unsigned domain, const grant_ref_t* refs, unsigned count, bool writable,
                 GrantedPages& pages) {
  const GrantOps& model = *memory_model->grants;
  gnttab_map_grant_ref_t ops[granted_most]{};
  pages = {};
  void* const va = count <= granted_most ? model.take_places(count, pages.places) : nullptr;
  if (!va) return -XEN_ENOSPC;
  for (unsigned i = 0; i < count; i++) {
    ops[i].host_addr = pages.places[i];
    ops[i].flags = GNTMAP_host_map | model.map_flags | (writable ? 0 : GNTMAP_readonly);
    ops[i].ref = refs[i];
    ops[i].dom = static_cast<domid_t>(domain);
  }
  long error = hypercall_grant_table_op(GNTTABOP_map_grant_ref, ops, count);
  unsigned done = 0;
  for (; !error && done < count && ops[done].status == GNTST_okay; done++) {
    pages.handles[done] = ops[done].handle;
    pages.places[done] = ops[done].host_addr;
  }
  if (done == count) {
    pages.count = count;
    pages.va = model.shown_at(va, pages.places, writable, count);
    return 0;
  }
  if (done) end(pages, done);
  model.give_places(va, count);
  return error ? error : -XEN_EINVAL;
}

void granted_unmap(GrantedPages& pages) {
  if (!pages.va) return;
  end(pages, pages.count);
  memory_model->grants->give_places(pages.va, pages.count);
  pages = {};
}
