#include "guests/kernel/dom0/device_attach.h"

#include "guests/kernel/dom0/domain_list.h"
#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/virtio/virtio_mmio.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr u32 slots_per_page = page_bytes / virtio_slot_bytes;
u32 page_mask(u32 slot) { return ((1u << slots_per_page) - 1) << slot / slots_per_page * slots_per_page; }

struct Request {
  const Domain* domain;
  u32 slot;
};

bool parse(const CommandLine& c, Request& r, Status& status) {
  u64 slot;
  r.domain = domain_find(c.words[1]);
  if (!r.domain)
    status.fail(-XEN_ESRCH, "there is no domain %s", c.words[1]);
  else if (!parse_number(c.words[2], slot) || slot >= virtio_slot_count)
    status.fail(-XEN_EINVAL, "%s is no slot", c.words[2]);
  else
    r.slot = static_cast<u32>(slot);
  return !status.error;
}

void store_path(u32 domain, u32 slot, char (&path)[64]) {
  format(path, sizeof path, "/local/domain/%u/devices/%u", domain, slot);
}

bool has(u32 domain, u32 slot) {
  char path[64];
  store_path(domain, slot, path);
  return store_find(path);
}

long allow_interrupt(const Request& r, bool allow) {
  xen_domctl op{};
  op.u.irq_permission.pirq = virtio_slot_interrupt(r.slot);
  op.u.irq_permission.allow_access = allow;
  return domctl(XEN_DOMCTL_irq_permission, r.domain->id, op);
}

long allow_registers(const Request& r, bool allow) {
  xen_domctl op{};
  op.u.iomem_permission = {virtio_slot_address(r.slot) / page_bytes, 1, static_cast<u8>(allow)};
  return domctl(XEN_DOMCTL_iomem_permission, r.domain->id, op);
}

// Where its page tables hold guest frames; elsewhere this says that it may.
long show_registers(const Request& r) {
  xen_domctl op{};
  const u64 page = virtio_slot_address(r.slot) / page_bytes;
  op.u.memory_mapping = {page, page, 1, 1, 0};
  return domctl(XEN_DOMCTL_memory_mapping, r.domain->id, op);
}

long give(const Request& r) {
  long error = allow_interrupt(r, true);
  if (!error) error = allow_registers(r, true);
  if (!error) error = show_registers(r);
  return error;
}

// The page goes when nothing else in it is the domain's.
long take_away(const Request& r) {
  const long error = allow_interrupt(r, false);
  for (u32 slot = 0; slot < virtio_slot_count; slot++)
    if (slot != r.slot && page_mask(r.slot) >> slot & 1 && has(r.domain->id, slot)) return error;
  const long page_error = allow_registers(r, false);
  return error ? error : page_error;
}
}  // namespace

void do_device_attach(const CommandLine& c, Status& status) {
  Request r;
  if (!parse(c, r, status)) return;
  const u32 used = virtio_slots.present & ~virtio_slots.hidden;
  if (!(virtio_slots.present >> r.slot & 1)) return status.fail(-XEN_ENODEV, "slot %u is empty", r.slot);
  if (used & page_mask(r.slot))
    return status.fail(-XEN_EBUSY,
                       "dom0 uses a device in that page; its hide= names those that it leaves alone");
  if (has(r.domain->id, r.slot)) return status.fail(-XEN_EEXIST, "%s has it already", c.words[1]);
  char path[64], place[48];
  long error = give(r);
  store_path(r.domain->id, r.slot, path);
  format(place, sizeof place, "%lu@0x%lx:%u", virtio_slot_bytes, virtio_slot_address(r.slot),
         virtio_slot_interrupt(r.slot));
  if (!error) error = store_write_text(path, place);
  if (!error) return;
  take_away(r);  // what is another domain's stays that
  status.fail(error, "the device cannot be given");
}

void do_device_detach(const CommandLine& c, Status& status) {
  Request r;
  char path[64];
  if (!parse(c, r, status)) return;
  if (!has(r.domain->id, r.slot)) return status.fail(-XEN_ENOENT, "%s has no such device", c.words[1]);
  store_path(r.domain->id, r.slot, path);
  store_remove_tree(path);
  if (long error = take_away(r)) status.fail(error, "the device cannot be taken away");
}
