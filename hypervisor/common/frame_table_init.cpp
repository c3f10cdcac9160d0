// Boot: frame table and M2P get their backing, every RAM frame its first owner, and the heap what is left.
#include "arch_frame_window.h"
#include "hypervisor/common/boot.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/print.h"

namespace hv {

namespace {
constexpr u64 kFramesPerTablePage = kPageSize / sizeof(xs_frame);
constexpr int kInvalidByte = 0xff;  // XS_M2P_INVALID, repeated
static_assert(XS_M2P_INVALID == ~0ull);
constexpr Mfn kFirstHeapFrame = 0x100000 >> kPageShift;  // below 1 MiB: firmware data, CPU start-up code

Mfn round_down(Mfn mfn, u64 unit) { return mfn - mfn % unit; }

void declare_regions(const BootMemory& memory) {
  for (unsigned i = 0; i < memory.ram_count; i++) {
    const Mfn first = round_up(memory.ram[i].start, kPageSize) >> kPageShift;
    const Mfn end = memory.ram[i].end >> kPageShift;
    if (first < end && !frame_table_add_region(first, end - first)) panic("memory map: too many RAM ranges");
  }
  if (ram_region_count() == 0) panic("memory map: no RAM");
}

// Backs a table of `entry` bytes an MFN around every region, in whole units of `unit` entries; the backing of
// one region is contiguous. It is filled with `fill` before it becomes a table, so that entries for what is
// no RAM need no store.
void back_table(BootMemory& memory, Vaddr table, size_t entry, u64 unit, int fill,
                void (*ready)(Mfn first, u64 entries, Mfn backing)) {
  Mfn backed = 0;  // everything below is done
  for (unsigned i = 0; i < ram_region_count(); i++) {
    const RamRegion& r = ram_region(i);
    const Mfn first = max_of(round_down(r.first, unit), backed);
    const Mfn end = round_up(r.first + r.count, unit);
    if (first >= end) continue;
    const u64 bytes = (end - first) * entry;
    const u64 largest_page = bytes & -bytes;  // that it can be mapped by, wherever the image ends
    const Mfn backing = boot_alloc(memory, bytes, largest_page) >> kPageShift;
    memset(frame_to_virt(backing), fill, bytes);
    arch_map_hypervisor(table + first * entry, backing, bytes >> kPageShift, HvMapping::data);
    ready(first, end - first, backing);
    backed = end;
  }
}

void publish_frames(Mfn first, u64 count, Mfn) {
  for (Mfn mfn = first; mfn < first + count; mfn++)
    if (!frame_is_ram(mfn)) frame_set_owner(mfn, XS_OWNER_NONE);
}

void publish_m2p(Mfn first, u64 count, Mfn backing) {
  for (unsigned i = 0; i < ram_region_count(); i++) {
    const RamRegion& r = ram_region(i);
    const Mfn from = max_of(first, r.first), to = min_of(first + count, r.first + r.count);
    if (from < to) m2p_publish(from, to - from);
  }
  arch_show_m2p_to_guests(first, backing, count * sizeof(u64) >> kPageShift);
}

// The reserved range that covers `mfn`, or else the first one behind it: its bounds in frames.
bool next_reserved(const BootMemory& memory, Mfn mfn, Mfn& first, Mfn& end) {
  first = kInvalidMfn;
  if (mfn < kFirstHeapFrame) {
    first = 0;
    end = kFirstHeapFrame;
    return true;
  }
  for (unsigned i = 0; i < memory.reserved_count; i++) {
    const BootRange& range = memory.reserved[i];
    const Mfn f = range.start >> kPageShift, e = round_up(range.end, kPageSize) >> kPageShift;
    if (e > mfn && f < e && f < first) {
      first = f;
      end = e;
    }
  }
  return first != kInvalidMfn;
}

void give_out(const BootMemory& memory, const RamRegion& region) {
  Mfn at = region.first;
  const Mfn region_end = region.first + region.count;
  while (at < region_end) {
    Mfn first, end;
    if (!next_reserved(memory, at, first, end)) first = end = region_end;
    if (first > at) {
      const Mfn stop = min_of(first, region_end);
      heap_add(at, stop - at);
      at = stop;
    } else {
      const Mfn stop = min_of(end, region_end);
      frame_table_publish(at, stop - at, XS_OWNER_XEN);
      at = stop;
    }
  }
}
}  // namespace

void frame_table_init(BootMemory& memory) {
  declare_regions(memory);
  back_table(memory, reinterpret_cast<Vaddr>(arch_frame_table()), sizeof(xs_frame), kFramesPerTablePage, 0,
             publish_frames);
  back_table(memory, reinterpret_cast<Vaddr>(arch_m2p_table()), sizeof(u64), kM2pChunkEntries, kInvalidByte,
             publish_m2p);
  for (unsigned i = 0; i < ram_region_count(); i++) give_out(memory, ram_region(i));
  print("Memory: %lu MiB RAM, %lu MiB free\n", total_ram_frames() >> 8, heap_free_frames() >> 8);
}

}  // namespace hv
