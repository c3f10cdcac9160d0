// The list of RAM and of what is used of it, and the allocator that serves until the heap exists.
#include "hypervisor/common/boot.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {

BootMemory boot_memory;

void boot_reserve(BootMemory& memory, BootRange range) {
  unsigned at = 0;
  while (at < memory.reserved_count && memory.reserved[at].end < range.start) ++at;
  unsigned last = at;  // [at, last): ranges that touch the new one and melt into it
  while (last < memory.reserved_count && memory.reserved[last].start <= range.end) {
    range.start = min_of(range.start, memory.reserved[last].start);
    range.end = max_of(range.end, memory.reserved[last].end);
    ++last;
  }
  const unsigned tail = memory.reserved_count - last;
  if (at == last) {
    HV_ASSERT(memory.reserved_count < BootMemory::kMaxRanges);
    memmove(&memory.reserved[at + 1], &memory.reserved[at], tail * sizeof(BootRange));
  } else {
    memmove(&memory.reserved[at + 1], &memory.reserved[last], tail * sizeof(BootRange));
  }
  memory.reserved_count = at + 1 + tail;
  memory.reserved[at] = range;
}

void boot_reserve_bytes(BootMemory& memory, Paddr start, u64 bytes) {
  boot_reserve(memory, {start & ~(kPageSize - 1), round_up(start + bytes, kPageSize)});
}

void boot_add_ram(BootMemory& memory, Paddr start, Paddr end) {
  start = round_up(start, kPageSize);
  end &= ~(kPageSize - 1);
  if (start >= end) return;
  if (!arch_direct_mappable(start) || !arch_direct_mappable(end - 1)) {
    print("RAM at %lx-%lx lies outside the direct map: not used\n", start, end);
    return;
  }
  HV_ASSERT(memory.ram_count < BootMemory::kMaxRanges);
  unsigned at = memory.ram_count++;
  for (; at > 0 && memory.ram[at - 1].start > start; --at) memory.ram[at] = memory.ram[at - 1];
  memory.ram[at] = {start, end};
}

Paddr boot_alloc(BootMemory& memory, u64 bytes, u64 alignment) {
  bytes = round_up(bytes, kPageSize);
  for (unsigned r = 0; r < memory.ram_count; ++r) {
    Paddr start = round_up(max_of(memory.ram[r].start, memory.tables_from), alignment);
    for (unsigned i = 0; i < memory.reserved_count; ++i) {
      const BootRange& used = memory.reserved[i];
      if (used.start < start + bytes && used.end > start) start = round_up(used.end, alignment);
    }
    if (start + bytes > memory.ram[r].end || !arch_boot_reachable(start, bytes)) continue;
    boot_reserve(memory, {start, start + bytes});
    memset(arch_boot_virt(start), 0, bytes);
    return start;
  }
  panic("no memory for %lu KiB of boot tables", bytes >> 10);
}

}  // namespace hv
