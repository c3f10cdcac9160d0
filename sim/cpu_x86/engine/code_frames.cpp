#include "sim/cpu_x86/engine/code_frames.h"

#include <map>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine.h"

namespace xs::x86 {

CodeFrames::CodeFrames(MemoryPort& memory) {
  u64 next = 0;
  for (const RamRange& r : memory.ram()) {
    ranges_.push_back({r.base, r.size, static_cast<u32>(next), r.host});
    next += r.size >> frame_shift;
  }
  frames_.resize(next + 1);  // the last one is outside()
}

std::shared_ptr<CodeFrames> CodeFrames::of(MemoryPort& memory) {
  static std::map<const MemoryPort*, std::weak_ptr<CodeFrames>> all;
  std::shared_ptr<CodeFrames> found = all[&memory].lock();
  if (!found) {
    found = std::make_shared<CodeFrames>(memory);
    all[&memory] = found;
  }
  return found;
}

u8 CodeFrames::attach(Engine& engine) {
  for (u8 slot = 0; slot < 8; ++slot) {
    if (slot == engines_.size()) engines_.push_back(nullptr);
    if (engines_[slot]) continue;
    engines_[slot] = &engine;
    return slot;
  }
  throw Error("more than 8 x86 cores share one memory");
}

void CodeFrames::detach(u8 slot) {
  engines_[slot] = nullptr;
  const u8 keep = static_cast<u8>(~(1u << slot));
  for (Frame& f : frames_) {
    f.writable &= keep;
    f.executable &= keep;
  }
}

u32 CodeFrames::frame(u64 pa) const {
  for (const Range& r : ranges_)
    if (pa - r.base < r.size) return r.first + static_cast<u32>((pa - r.base) >> frame_shift);
  return none;
}

u64 CodeFrames::address(u32 frame) const {
  for (const Range& r : ranges_)
    if (frame - r.first < (r.size >> frame_shift)) return r.base + (u64{frame - r.first} << frame_shift);
  return 0;
}

void CodeFrames::before_fetch(u32 frame, u8 slot) {
  Frame& f = frames_[frame];
  if (f.writable) {
    for (std::size_t s = 0; s < engines_.size(); ++s)
      if (f.writable >> s & 1) engines_[s]->drop_write_rights();
    f.writable = 0;
  }
  f.executable |= static_cast<u8>(1u << slot);
}

void CodeFrames::before_write(u32 frame, u8 slot) {
  if (frames_[frame].executable) drop_code(frame);
  frames_[frame].writable |= static_cast<u8>(1u << slot);
}

void CodeFrames::host_write(u64 pa, u64 size) {
  if (size == 0) return;
  for (u64 a = pa & ~frame_mask; a < pa + size; a += frame_size) {
    const u32 f = frame(a);
    if (f != none && frames_[f].executable) drop_code(f);
  }
}

void CodeFrames::drop_code(u32 frame) {
  Frame& f = frames_[frame];
  for (std::size_t s = 0; s < engines_.size(); ++s)
    if (f.executable >> s & 1) engines_[s]->drop_code(frame, address(frame));
  f.executable = 0;
  ++f.version;
}

}  // namespace xs::x86
