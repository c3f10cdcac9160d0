#include "guests/kernel/dom0/log_dirty.h"

#include "guests/kernel/heap.h"
#include "guests/lib/console.h"
#include "guests/lib/domctl.h"

namespace {
struct Operation {
  const char* name;
  u32 code;
  bool reports;
};
constexpr Operation operations[] = {{"on", XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, false},
                                    {"off", XEN_DOMCTL_SHADOW_OP_OFF, false},
                                    {"clean", XEN_DOMCTL_SHADOW_OP_CLEAN, true},
                                    {"peek", XEN_DOMCTL_SHADOW_OP_PEEK, true}};

const Operation* find(const char* name) {
  for (const Operation& o : operations)
    if (!strcmp(o.name, name)) return &o;
  return nullptr;
}

u64 count_pages(const u8* bitmap, u64 pages) {
  u64 count = 0;
  for (u64 i = 0; i < pages; i++) count += bitmap[i / 8] >> i % 8 & 1;
  return count;
}

void report(unsigned domain, u64 pages, const Operation& o, Status& status) {
  auto* bitmap = static_cast<u8*>(heap_alloc((pages + 7) / 8));
  if (!bitmap) return status.fail(-XEN_ENOMEM, "no memory for a bitmap of %lu pages", pages);
  xen_domctl op{};
  op.u.shadow_op.op = o.code;
  op.u.shadow_op.pages = pages;
  set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bitmap);
  if (long error = domctl(XEN_DOMCTL_shadow_op, domain, op))
    status.fail(error, "log-dirty of domain %u does not tell", domain);
  else
    print_line("log-dirty: domain %u: %lu pages dirty, %u faults, %u marks", domain,
               count_pages(bitmap, op.u.shadow_op.pages), op.u.shadow_op.stats.fault_count,
               op.u.shadow_op.stats.dirty_count);
  heap_free(bitmap);
}
}  // namespace

void log_dirty_tell(unsigned domain, u64 pages, const char* what, Status& status) {
  const Operation* o = find(what);
  if (!o) return status.fail(-XEN_EINVAL, "%s is not on, off, clean or peek", what);
  if (o->reports) return report(domain, pages, *o, status);
  xen_domctl op{};
  op.u.shadow_op.op = o->code;
  if (long error = domctl(XEN_DOMCTL_shadow_op, domain, op))
    return status.fail(error, "log-dirty of domain %u cannot be switched", domain);
  print_line("log-dirty: domain %u: %s", domain, what);
}
