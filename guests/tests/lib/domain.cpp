#include "guests/tests/lib/domain.h"

u32 test_make_domain(unsigned vcpus, u64 most_kib, int most_grant_pages) {
  xen_domctl op{};
  op.u.createdomain.max_vcpus = vcpus;
  XS_CREATEDOMAIN_MODEL(&op.u.createdomain) = test_domain_model;
  op.u.createdomain.max_evtchn_port = event_ports_max - 1;
  op.u.createdomain.max_grant_frames = most_grant_pages;
  op.u.createdomain.max_maptrack_frames = -1;  // the hypervisor's default
  op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
  if (long error = domctl(XEN_DOMCTL_createdomain, 0, op)) test_error("createdomain: %s", errno_name(error));
  const u32 id = op.domain;
  op = {};
  op.u.max_vcpus.max = vcpus;
  if (long error = domctl(XEN_DOMCTL_max_vcpus, id, op)) test_error("max_vcpus: %s", errno_name(error));
  op = {};
  op.u.max_mem.max_memkb = most_kib;
  if (long error = domctl(XEN_DOMCTL_max_mem, id, op)) test_error("max_mem: %s", errno_name(error));
  return id;
}

long test_populate(u32 domain, Pfn first, unsigned count, Mfn* frames) {
  for (unsigned i = 0; i < count; i++) frames[i] = first + i;
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, frames);
  r.nr_extents = count;
  r.domid = static_cast<domid_t>(domain);
  const long done = hypercall_memory_op(XENMEM_populate_physmap, &r);
  for (long i = 0; i < done; i++)
    if (long error = test_clear_frame(domain, frames[i]))
      test_error("a frame cannot be cleared: %s", errno_name(error));
  return done;
}

void test_destroy_domain(u32 domain) {
  long error;
  while ((error = domctl_simple(XEN_DOMCTL_destroydomain, domain)) == -XEN_EAGAIN)
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  test_equal("destroydomain", error, 0);
}

long test_place_foreign(u32 domain, Mfn frame, Pfn at) {
  xen_ulong_t names[1] = {frame};
  xen_pfn_t places[1] = {at};
  int errors[1] = {};
  xen_add_to_physmap_batch_t batch{};
  batch.domid = DOMID_SELF;
  batch.space = XENMAPSPACE_gmfn_foreign;
  batch.size = 1;
  batch.u.foreign_domid = static_cast<domid_t>(domain);
  set_xen_guest_handle(batch.idxs, names);
  set_xen_guest_handle(batch.gpfns, places);
  set_xen_guest_handle(batch.errs, errors);
  const long error = hypercall_memory_op(XENMEM_add_to_physmap_batch, &batch);
  return error ? error : errors[0];
}

long test_unplace_foreign(Pfn at) {
  xen_remove_from_physmap_t request{DOMID_SELF, at};
  return hypercall_memory_op(XENMEM_remove_from_physmap, &request);
}
