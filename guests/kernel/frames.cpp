#include "guests/kernel/frames.h"

#include "arch_cpu.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
FrameInfo* info;
FrameCounts counts;
Pfn hint;  // single frames are searched from here on

// Memory in several places may have gaps between frames that follow each other in number.
bool follows(Pfn p) {
  return static_cast<u8*>(frame_va(p)) == static_cast<u8*>(frame_va(p - 1)) + page_bytes;
}

bool is_here(FrameState state) { return state == FrameState::Free || state == FrameState::Used; }

Pfn find_run(unsigned count, unsigned alignment, Pfn from, Pfn to) {
  unsigned run = 0;
  for (Pfn p = from; p < to; p++) {
    if (run != 0 && !follows(p)) run = 0;
    if (run == 0 && p % alignment != 0) continue;
    run = info[p].state == FrameState::Free ? run + 1 : 0;
    if (run == count) return p + 1 - count;
  }
  return invalid_frame;
}
}  // namespace

// The table itself lies right behind the frames that are taken already.
void frames_init(const BootFrames& boot) {
  u64 pages = div_up(boot.limit * sizeof(FrameInfo), page_bytes);
  Pfn end = boot.end_taken + pages;
  if (end >= boot.given) panic("no room for the frame table");
  info = static_cast<FrameInfo*>(frame_va(boot.end_taken));
  memset(info, 0, pages * page_bytes);
  counts = {boot.given + boot.extra, 0, boot.limit, boot.extra, 0};
  for (Pfn p = 0; p < boot.given; p++) info[p].state = FrameState::Used;
  frames_give(end, boot.given - end);
  if (boot.first_taken > 1)
    frames_give(1, boot.first_taken - 1);  // frame 0 stays unused: a null by mistake shows
}

void frames_give(Pfn first, u64 count) {
  for (Pfn p = first; p < first + count; p++) {
    if (info[p].state != FrameState::Used) panic("frame %lx given twice", p);
    info[p] = {FrameState::Free, 0, 0};
  }
  counts.free += count;
}

Pfn frames_alloc(unsigned count, unsigned alignment) {
  Pfn first = find_run(count, alignment, hint, counts.limit);
  if (first == invalid_frame) first = find_run(count, alignment, 0, min_of<Pfn>(hint + count, counts.limit));
  if (first == invalid_frame) return invalid_frame;
  for (unsigned i = 0; i < count; i++) info[first + i] = {FrameState::Used, 0, 0};
  info[first].run = static_cast<u16>(count);
  counts.free -= count;
  hint = first + count;
  return first;
}

void frames_free(Pfn first) {
  u64 count = first < counts.limit ? info[first].run : 0;
  if (!count) panic("free of frame %lx, which begins no allocation", first);
  frames_give(first, count);
  if (first < hint) hint = first;
}

FrameInfo& frame_info(Pfn pfn) { return info[pfn]; }

// From the top: low frames are the ones the kernel itself keeps asking for.
unsigned frames_take_free(Pfn* list, unsigned max) {
  unsigned n = 0;
  for (Pfn p = counts.limit; p-- && n < max;)
    if (info[p].state == FrameState::Free) {
      info[p] = {FrameState::Used, 0, 1};
      list[n++] = p;
    }
  counts.free -= n;
  return n;
}

unsigned frames_find_absent(Pfn* list, unsigned max) {
  unsigned n = 0;
  for (Pfn p = 0; p < counts.limit && n < max; p++)
    if (info[p].state == FrameState::Absent) list[n++] = p;
  return n;
}

Pfn frames_find_absent_block(unsigned count) {
  for (Pfn first = 0; first + count <= counts.limit; first += count) {
    unsigned n = 0;
    while (n < count && info[first + n].state == FrameState::Absent) n++;
    if (n == count) return first;
  }
  return invalid_frame;
}

void frames_mark(Pfn pfn, FrameState state) {
  FrameState old = info[pfn].state;
  if (old == state) return;
  counts.owned -= is_here(old);
  counts.free -= old == FrameState::Free;
  counts.promised -= old == FrameState::Promised;
  counts.owned += is_here(state);
  counts.promised += state == FrameState::Promised;
  counts.free += state == FrameState::Free;
  info[pfn] = {state, 0, 0};
}

FrameCounts frame_counts() { return counts; }
