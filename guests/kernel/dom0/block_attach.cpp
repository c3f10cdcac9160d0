#include "guests/kernel/dom0/block_attach.h"

#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/slice.h"
#include "guests/kernel/dom0/devices.h"
#include "guests/kernel/dom0/network_attach.h"
#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
void text_of(const StoreNode& device, const char* key, char (&text)[store_text_max]) {
  text[0] = 0;
  for (const StoreNode* n = device.first_child; n; n = n->next_sibling) {
    if (strcmp(n->name, key)) continue;
    const u32 length = min_of(n->value_length, store_text_max - 1);
    memcpy(text, n->value, length);
    text[length] = 0;
  }
}

// dom0 knows its own disks; of a driver domain's it knows what is attached.
long open_in(u32 backend, const char* target, Slice& slice) {
  if (!backend) return slice_open(target, slice);
  return slice_elsewhere(target, slice) ? 0 : -XEN_EINVAL;
}

// Two may read the same sectors; what one writes is nobody else's.
bool collides(u32 backend, const StoreNode& device, const Slice& wanted) {
  char target[store_text_max], mode[store_text_max];
  text_of(device, "params", target);
  text_of(device, "mode", mode);
  Slice other;
  return (wanted.writable || !strcmp(mode, "w")) && !slice_is_file(target) &&
         !open_in(backend, target, other) && slices_overlap(wanted, other);
}

}  // namespace

bool disk_is_in_use(u32 backend, const Slice& wanted) {
  char path[64];
  format(path, sizeof path, "/local/domain/%u/backend/vbd", backend);
  const StoreNode* const all = store_find(path);
  for (const StoreNode* domain = all ? all->first_child : nullptr; domain; domain = domain->next_sibling)
    for (const StoreNode* device = domain->first_child; device; device = device->next_sibling)
      if (collides(backend, *device, wanted)) return true;
  return false;
}

namespace {
const char* why_no_slice(long error) {
  switch (error) {
    case -XEN_ENXIO:
      return "dom0 has no such disk";
    case -XEN_ENOENT:
      return "no such file on dom0's disk";
    case -XEN_ERANGE:
      return "dom0's disk is smaller";
    case -XEN_EINVAL:
      return "neither disk, disk:<first>+<sectors>, nor file:<name>";
    default:
      return "cannot be read";
  }
}

bool open_wanted(u32 backend, const char* target, const char* mode, Slice& slice, Status& status) {
  const bool write = !strcmp(mode, "w");
  if (!write && strcmp(mode, "r"))
    status.fail(-XEN_EINVAL, "mode %s is neither r nor w", mode);
  else if (long error = open_in(backend, target, slice))
    status.fail(error, "%s: %s", target, why_no_slice(error));
  else if (write && !slice.writable)
    status.fail(-XEN_EROFS, "%s can only be read", target);
  slice.writable &= write;
  return !status.error;
}
// The device is there, and so is its backend's domain.
bool is_attached(const DeviceEnds& ends) {
  const StoreNode* const front = store_find(ends.front);
  char back[store_text_max] = "";
  if (front) text_of(*front, "backend", back);
  return front && store_find(back);
}

bool choose_backend(const CommandLine& c, u32 domain, u32& backend, Status& status) {
  static const char* const keys[] = {"backend"};
  u64 chosen = 0;
  if (const char* word = c.unknown_key(keys, count_of(keys), 5))
    status.fail(-XEN_EINVAL, "unknown argument %s", word);
  else if (const char* text = c.value("backend"); text && strcmp(text, "dom0") && !device_owner(text, chosen))
    status.fail(-XEN_ESRCH, "there is no domain %s", text);
  else if (chosen && chosen == domain)
    status.fail(-XEN_EINVAL, "a domain cannot be its own backend");
  backend = static_cast<u32>(chosen);
  return !status.error;
}
}  // namespace

void do_block_attach(const CommandLine& c, Status& status) {
  if (c.count < 5)
    return status.fail(-XEN_EINVAL, "usage: %s %s", block_attach_verb.name, block_attach_verb.usage);
  const char *const name = c.words[1], *const target = c.words[2], *const vdev = c.words[3],
                    *const mode = c.words[4];
  const Domain* const domain = domain_find(name);
  if (!domain) return status.fail(-XEN_ESRCH, "there is no domain %s", name);
  const u32 id = domain->id;
  u32 number, backend;
  if (!choose_backend(c, id, backend, status)) return;
  if (!disk_number(vdev, number)) return status.fail(-XEN_EINVAL, "%s is not between xvda and xvdp", vdev);
  const DeviceEnds ends = device_ends("vbd", id, backend, number);
  if (is_attached(ends)) return status.fail(-XEN_EEXIST, "domain %s has a disk %s", name, vdev);
  Slice slice{};
  if (!open_wanted(backend, target, mode, slice, status)) return;
  if (disk_is_in_use(backend, slice))
    return status.fail(-XEN_EBUSY, "%s is in use, and one would write", target);
  char text[12];
  format(text, sizeof text, "%u", number);
  const DeviceKey front[] = {{"virtual-device", text}, {"device-type", "disk"}, {}};
  const DeviceKey back[] = {{"params", target}, {"mode", mode}, {"dev", vdev}, {}};
  if (!domain_by_id(id) || (backend && !domain_by_id(backend)))
    return status.fail(-XEN_ESRCH, "domain %s has gone", name);
  store_remove_tree(ends.front);  // of a backend that has gone
  if (long error = device_add(ends, front, back)) status.fail(error, "the device cannot be stored");
}
