// GNTTABOP_copy: the hypervisor copies between two frames, each the caller's own or granted to it.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/planted.h"

namespace hv {

namespace {
using Side = decltype(gnttab_copy::source);

struct Opened {
  Domain* granter = nullptr;  ///< nullptr: the caller's own frame
  u32 ref = 0;
  GrantUse use = GrantUse::read;
  Mfn mfn = kInvalidMfn;
};

int open_own(Domain* domain, const Side& side, Opened& o) {
  o.mfn = domain->mm.model->frame_of(domain, side.u.gmfn);
  if (o.mfn == kInvalidMfn) return GNTST_bad_page;
  if (o.use == GrantUse::read) return frame_get(o.mfn, owner_id(domain)) ? GNTST_okay : GNTST_bad_page;
  return frame_and_type_get(o.mfn, XS_FRAME_WRITABLE, domain) == 0 ? GNTST_okay : GNTST_bad_page;
}

int open(const Side& side, Opened& o) {
  Domain* caller = current()->domain;
  if (o.granter == nullptr) return open_own(caller, side, o);
  o.ref = side.u.ref;
  const int rc = grant_begin(o.granter, o.ref, caller, o.use, o.mfn);
  const bool writes = o.use == GrantUse::write;
  if (rc == GNTST_okay)
    mark_grant(o.granter, caller, o.ref, o.mfn, writes ? XS_GRANT_COPY_TO : XS_GRANT_COPY_FROM,
               writes ? XS_GRANT_WRITE : 0);
  return rc;
}

void close(const Opened& o) {
  grant_put_references(o.mfn, o.use == GrantUse::write);
  if (o.granter != nullptr) grant_end(o.granter, o.ref, o.use);
}

// Whose the frame is: a granter by reference, else the caller must name itself.
int check(const Side& side, bool by_ref, const DomainRef& domain, u16 length) {
  if (side.offset > kPageSize || length > kPageSize - side.offset) return GNTST_bad_copy_arg;
  if (!by_ref) return side.domid == DOMID_SELF ? GNTST_okay : GNTST_permission_denied;
  return domain ? GNTST_okay : GNTST_bad_domain;
}

int copy(const gnttab_copy& op, Opened& source, Opened& dest) {
  MmGuard guard;
  if (const int rc = open(op.source, source); rc != GNTST_okay) return rc;
  const int rc = open(op.dest, dest);
  if (rc == GNTST_okay) {
    memmove(static_cast<u8*>(frame_to_virt(dest.mfn)) + op.dest.offset,
            static_cast<const u8*>(frame_to_virt(source.mfn)) + op.source.offset, op.len);
    if (!planted(Bug::copy_unmarked)) log_dirty_mark(dest.mfn);
    close(dest);
  }
  close(source);
  return rc;
}
}  // namespace

void grant_copy(gnttab_copy& op) {
  const bool from_ref = op.flags & GNTCOPY_source_gref, to_ref = op.flags & GNTCOPY_dest_gref;
  const DomainRef from(op.source.domid), to(op.dest.domid);
  int rc = check(op.source, from_ref, from, op.len);
  if (rc == GNTST_okay) rc = check(op.dest, to_ref, to, op.len);
  Opened source, dest;
  source.granter = from_ref ? from.get() : nullptr;
  dest.granter = to_ref ? to.get() : nullptr;
  dest.use = GrantUse::write;
  op.status = static_cast<int16_t>(rc == GNTST_okay ? copy(op, source, dest) : rc);
}

}  // namespace hv
