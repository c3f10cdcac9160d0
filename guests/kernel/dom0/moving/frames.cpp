#include "guests/kernel/dom0/moving/frames.h"

#include "guests/kernel/heap.h"
#include "guests/lib/string.h"

MovedFrames::~MovedFrames() {
  heap_free(machine_);
  heap_free(p2m_);
  heap_free(types_);
  heap_free(by_machine_);
}

bool MovedFrames::begin(u32 domain, bool plain, Pfn end) {
  domain_ = domain;
  plain_ = plain;
  end_ = end;
  if (end > moved_frames_most) return false;
  if (plain) return true;
  slots_ = 2;
  while (slots_ < 2 * end) slots_ *= 2;
  machine_ = static_cast<u64*>(heap_alloc(end * sizeof(u64)));
  p2m_ = static_cast<u64*>(heap_alloc(p2m_count() * sizeof(u64)));
  types_ = static_cast<u8*>(heap_alloc(end));
  by_machine_ = static_cast<u32*>(heap_alloc(slots_ * sizeof(u32)));
  if (!machine_ || !p2m_ || !types_ || !by_machine_) return false;
  memset(machine_, 0xff, end * sizeof(u64));
  return true;
}

// The slot that has it, or that it would have.
u32 MovedFrames::slot_of(Mfn mfn) const {
  u32 at = static_cast<u32>(mfn * 0x9e3779b97f4a7c15ull >> 32) & (slots_ - 1);
  while (by_machine_[at] && machine_[by_machine_[at] - 1] != mfn) at = (at + 1) & (slots_ - 1);
  return at;
}

Pfn MovedFrames::guest(Mfn mfn) const {
  if (plain_) return mfn < end_ ? mfn : invalid_frame;
  const u32 found = by_machine_[slot_of(mfn)];
  return found ? found - 1 : invalid_frame;
}

bool MovedFrames::set(Pfn pfn, Mfn mfn) {
  u32& slot = by_machine_[slot_of(mfn)];
  if (slot) return false;
  machine_[pfn] = mfn;
  slot = static_cast<u32>(pfn) + 1;
  return true;
}
