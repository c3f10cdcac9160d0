#include "viz/live/dirty_look.h"

#include <functional>
#include <string_view>

namespace xs::viz {
namespace {

constexpr u64 frame_bytes = u64{1} << frame_shift;

u64 hash_of(const u8* bytes) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes), frame_bytes});
}

/// Calls take(index, hash) for each frame; the index is dense, as observe::RamMap counts.
template <class Take>
void for_each_frame(const MemoryPort& memory, Take take) {
  u32 index = 0;
  for (const RamRange& range : memory.ram())
    for (u64 at = 0; at < range.size; at += frame_bytes) take(index++, hash_of(range.host + at));
}

}  // namespace

std::shared_ptr<const DirtyFrames> DirtyLook::look(const MemoryPort& memory, u32 since, u64 stand,
                                                   u64 now_ps) {
  if (last_ && since == since_ && stand == stand_) return last_;
  stand_ = stand;
  if (since != since_) {
    before_.clear();
    if (since != 0) for_each_frame(memory, [&](u32, u64 hash) { before_.push_back(hash); });
    before_ps_ = since == 0 ? 0 : now_ps;
    since_ = since;
  }
  static const u64 zero = hash_of(std::vector<u8>(frame_bytes).data());
  auto found = std::make_shared<DirtyFrames>();
  found->since = since, found->since_ps = before_ps_, found->now_ps = now_ps;
  for_each_frame(memory, [&](u32 index, u64 hash) {
    if (index % 64 == 0) found->bits.push_back(0);
    if (hash == (before_.empty() ? zero : before_[index])) return;
    found->bits.back() |= u64{1} << index % 64;
    ++found->count;
  });
  return last_ = std::move(found);
}

}  // namespace xs::viz
