// What a domain's kernel has to read to tell devices of its memory: runs of kernel addresses, and the table
// that has the machine frame of each page there. Which tables these are is the memory model's
// (memory_model.h); whoever includes this looks them up inline.
#pragma once
#include "arch_cpu.h"
#include "guests/kernel/pmt.h"

struct MachineRange {
  u64 va = 0, bytes = 0;
  Pfn first = 0;  // of the table's entries, or the machine frame itself where there is no table

  // One of these, or none.
  const PmtTable* pmt = nullptr;
  const u64* entries = nullptr;
  // Of `entries`: which bits must be how for a frame to be there, and which are its number.
  u64 present_mask = 0, present = 0, frame_mask = 0;
  unsigned frame_shift = 0;
};

struct MachineMap {
  MachineRange ranges[2];
  unsigned count;
};

inline Mfn machine_range_frame(const MachineRange& r, u64 page) {
  if (r.pmt) return pmt_machine(*r.pmt, r.first + page);
  if (!r.entries) return r.first + page;
  const u64 entry = __atomic_load_n(&r.entries[r.first + page], __ATOMIC_RELAXED);
  return (entry & r.present_mask) == r.present ? (entry & r.frame_mask) >> r.frame_shift : invalid_frame;
}

// 0: no device reaches it.
inline u64 machine_map_address(const MachineMap& map, const void* va) {
  for (unsigned i = 0; i < map.count; i++) {
    const u64 offset = reinterpret_cast<u64>(va) - map.ranges[i].va;
    if (offset >= map.ranges[i].bytes) continue;
    const Mfn mfn = machine_range_frame(map.ranges[i], offset / page_bytes);
    return mfn == invalid_frame ? 0 : mfn * page_bytes + offset % page_bytes;
  }
  return 0;
}

// MemoryModel::device_address of models that have a map.
u64 mapped_device_address(const void* va);
