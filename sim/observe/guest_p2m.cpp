#include "sim/observe/guest_p2m.h"

#include <cstddef>

#include <xen/xen.h>

#include <algorithm>
#include <cstring>

namespace xs::observe {
namespace {

bool read_word(MemoryPort& memory, u64 pa, u64& value) {
  const u8* at = memory.host(pa);
  if (!at) return false;
  std::memcpy(&value, at, sizeof value);
  return true;
}

}  // namespace

bool GuestP2m::refresh(MemoryPort& memory, u64 shared_info_mfn) {
  frames_.clear();
  page_of_frame_.clear();
  entries_ = 0;
  const u64 arch = (shared_info_mfn << frame_shift) + offsetof(shared_info_t, arch);
  u64 max_pfn = 0, lists = 0;
  if (!read_word(memory, arch + offsetof(arch_shared_info_t, max_pfn), max_pfn) ||
      !read_word(memory, arch + offsetof(arch_shared_info_t, pfn_to_mfn_frame_list_list), lists))
    return false;
  if (lists == 0 || lists == invalid_frame || max_pfn == 0 || max_pfn > max_entries) return false;
  const u64 pages = (max_pfn + entries_per_frame - 1) / entries_per_frame;
  for (u64 i = 0; i < pages; ++i) {
    u64 list = 0, frame = 0;
    const bool ok = read_word(memory, (lists << frame_shift) + i / entries_per_frame * 8, list) &&
                    read_word(memory, (list << frame_shift) + i % entries_per_frame * 8, frame) &&
                    memory.host(frame << frame_shift) != nullptr;
    if (!ok) {
      frames_.clear();
      page_of_frame_.clear();
      return false;
    }
    frames_.push_back(frame);
    page_of_frame_.emplace(frame, i);
  }
  entries_ = max_pfn;
  return true;
}

const u8* GuestP2m::publication(MemoryPort& memory, u64 shared_info_mfn) {
  return memory.host((shared_info_mfn << frame_shift) + offsetof(shared_info_t, arch) +
                     offsetof(arch_shared_info_t, pfn_to_mfn_frame_list_list));
}

u64 GuestP2m::read(MemoryPort& memory, u64 gfn) const {
  u64 entry = invalid_frame;
  read_word(memory, (frames_[gfn / entries_per_frame] << frame_shift) + gfn % entries_per_frame * 8, entry);
  return entry;
}

std::optional<u64> GuestP2m::gfn_at(u64 pa) const {
  const auto it = page_of_frame_.find(pa >> frame_shift);
  if (it == page_of_frame_.end()) return std::nullopt;
  return it->second * entries_per_frame + (pa & frame_mask) / 8;
}

}  // namespace xs::observe
