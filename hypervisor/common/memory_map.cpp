// Memory maps that guests are shown. Entries have the format of the BIOS's INT 15h E820h.
#include "hypervisor/common/boot.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/memory_op.h"

namespace hv {

namespace {
constexpr u32 kRam = 1;

int store(Domain* domain, const xen_memory_map& map) {
  if (map.nr_entries > MemoryMap::kMaxEntries) return -XEN_EINVAL;
  auto* copy = make<MemoryMap>();
  if (copy == nullptr) return -XEN_ENOMEM;
  copy->count = map.nr_entries;
  if (!copy_from_guest(copy->entries, handle_address(map.buffer), map.nr_entries * sizeof copy->entries[0])) {
    release(copy);
    return -XEN_EFAULT;
  }
  LockGuard guard(domain->lock);
  release(domain->mm.map);
  domain->mm.map = copy;
  return 0;
}

/// Writes as many entries as the guest has room for and tells it how many.
long answer(Vaddr arg, xen_memory_map& map, const E820Entry* entries, u32 count) {
  map.nr_entries = min_of<u32>(map.nr_entries, count);
  const bool ok = copy_to_guest(handle_address(map.buffer), entries, map.nr_entries * sizeof entries[0]) &&
                  copy_to_guest(arg, map);
  return ok ? 0 : -XEN_EFAULT;
}
}  // namespace

long memory_map_get(Vaddr arg) {
  xen_memory_map map;
  if (!copy_from_guest(map, arg)) return -XEN_EFAULT;
  Domain* domain = current()->domain;
  LockGuard guard(domain->lock);
  const MemoryMap* own = domain->mm.map;
  return own == nullptr ? -XEN_ENOSYS : answer(arg, map, own->entries, own->count);
}

long memory_map_set(Vaddr arg) {
  xen_foreign_memory_map request;
  if (!copy_from_guest(request, arg)) return -XEN_EFAULT;
  const DomainRef domain(request.domid);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  return store(domain.get(), request.map);
}

long memory_map_machine(Vaddr arg) {
  xen_memory_map map;
  if (!current()->domain->privileged || current()->domain->mm.model->hides_mfns) return -XEN_EPERM;
  if (!copy_from_guest(map, arg)) return -XEN_EFAULT;
  const u32 count = boot_memory.ram_count;
  if (handle_address(map.buffer) == 0) {  // just asks how many
    map.nr_entries = count;
    return copy_to_guest(arg, map) ? 0 : -XEN_EFAULT;
  }
  if (map.nr_entries <= count) return -XEN_EINVAL;  // Xen, too, wants room for one more
  E820Entry entries[BootMemory::kMaxRanges];
  for (unsigned i = 0; i < boot_memory.ram_count; i++)
    entries[i] = {boot_memory.ram[i].start, boot_memory.ram[i].end - boot_memory.ram[i].start, kRam};
  return answer(arg, map, entries, boot_memory.ram_count);
}

long memory_map_reserved(Vaddr arg) {
  xen_reserved_device_memory_map map;
  if (!copy_from_guest(map, arg)) return -XEN_EFAULT;
  const DomainMm& mm = current()->domain->mm;
  const unsigned present = mm.identity_count != 0 ? 1 : 0, room = map.nr_entries;
  map.nr_entries = present;
  const xen_reserved_device_memory entry = {mm.identity_first, mm.identity_count};
  if (present <= room && present != 0 && !copy_to_guest(handle_address(map.buffer), entry))
    return -XEN_EFAULT;
  if (!copy_to_guest(arg, map)) return -XEN_EFAULT;
  return present > room ? -XEN_ENOBUFS : 0;
}

}  // namespace hv
