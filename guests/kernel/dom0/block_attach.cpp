#include "guests/kernel/dom0/block_attach.h"

#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/slice.h"
#include "guests/kernel/dom0/devices.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr char all_backends[] = "/local/domain/0/backend/vbd";

void text_of(const StoreNode& device, const char* key, char (&text)[store_text_max]) {
  text[0] = 0;
  for (const StoreNode* n = device.first_child; n; n = n->next_sibling) {
    if (strcmp(n->name, key)) continue;
    const u32 length = min_of(n->value_length, store_text_max - 1);
    memcpy(text, n->value, length);
    text[length] = 0;
  }
}

// Two may read the same sectors; what one writes is nobody else's.
bool collides(const StoreNode& device, const Slice& wanted) {
  char target[store_text_max], mode[store_text_max];
  text_of(device, "params", target);
  text_of(device, "mode", mode);
  Slice other;
  return (wanted.writable || !strcmp(mode, "w")) && !slice_is_file(target) && !slice_open(target, other) &&
         slices_overlap(wanted, other);
}

bool is_in_use(const Slice& wanted) {
  const StoreNode* const all = store_find(all_backends);
  for (const StoreNode* domain = all ? all->first_child : nullptr; domain; domain = domain->next_sibling)
    for (const StoreNode* device = domain->first_child; device; device = device->next_sibling)
      if (collides(*device, wanted)) return true;
  return false;
}

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

bool open_wanted(const char* target, const char* mode, Slice& slice, Status& status) {
  const bool write = !strcmp(mode, "w");
  if (!write && strcmp(mode, "r"))
    status.fail(-XEN_EINVAL, "mode %s is neither r nor w", mode);
  else if (long error = slice_open(target, slice))
    status.fail(error, "%s: %s", target, why_no_slice(error));
  else if (write && !slice.writable)
    status.fail(-XEN_EROFS, "%s can only be read", target);
  slice.writable &= write;
  return !status.error;
}
}  // namespace

void do_block_attach(const CommandLine& c, Status& status) {
  const char *const name = c.words[1], *const target = c.words[2], *const vdev = c.words[3],
                    *const mode = c.words[4];
  const Domain* const domain = domain_find(name);
  if (!domain) return status.fail(-XEN_ESRCH, "there is no domain %s", name);
  const u32 id = domain->id;
  u32 number;
  if (!disk_number(vdev, number)) return status.fail(-XEN_EINVAL, "%s is not between xvda and xvdp", vdev);
  const DeviceEnds ends = device_ends("vbd", id, 0, number);
  if (store_find(ends.front)) return status.fail(-XEN_EEXIST, "domain %s has a disk %s", name, vdev);
  Slice slice{};
  if (!open_wanted(target, mode, slice, status)) return;
  if (is_in_use(slice)) return status.fail(-XEN_EBUSY, "%s is in use, and one would write", target);
  char text[12];
  format(text, sizeof text, "%u", number);
  const DeviceKey front[] = {{"virtual-device", text}, {"device-type", "disk"}, {}};
  const DeviceKey back[] = {{"params", target}, {"mode", mode}, {"dev", vdev}, {}};
  if (!domain_by_id(id)) return status.fail(-XEN_ESRCH, "domain %s has gone", name);
  if (long error = device_add(ends, front, back)) status.fail(error, "the device cannot be stored");
}
