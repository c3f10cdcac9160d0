#include "guests/kernel/balloon.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"

namespace {
constexpr u64 frame_kib = page_bytes / KiB;
constexpr u64 retry_ns = 500 * ns_per_ms;  // memory may become free in the guest, or in the machine

u64 target_frames;
u64 target_changes;
WaitQueue changed;
BalloonReport report;

struct Step {
  u64 moved;
  long error;
};

// A promised frame may come at any time.
u64 counted() { return frame_counts().owned + frame_counts().promised; }

Step shrink(u64 frames) {
  Pfn list[model_batch];
  const u64 spare = balloon_spare_kib() / frame_kib;
  unsigned n = frames_take_free(list, static_cast<unsigned>(min_of(min_of(frames, spare), u64{model_batch})));
  if (!n) return {0, -XEN_EBUSY};
  ModelResult r = model_release(list, n);
  for (unsigned i = 0; i < n; i++) frames_mark(list[i], i < r.done ? FrameState::Absent : FrameState::Free);
  return {r.done, r.error};
}

// A large piece where one fits; what the machine or the model has not in one piece comes frame by frame.
Step grow_by_extent(u64 frames) {
  const bool fits = memory_model->accept_extent && frames >= model_extent;
  const Pfn first = fits ? frames_find_absent_block(model_extent) : invalid_frame;
  if (first == invalid_frame) return {0, -XEN_ENOSPC};
  const ModelResult r = memory_model->accept_extent(first);
  for (unsigned i = 0; i < r.done; i++) frames_mark(first + i, FrameState::Free);
  return {r.done, r.error};
}

Step grow(u64 frames) {
  if (const Step large = grow_by_extent(frames); large.moved) return {large.moved, 0};
  Pfn list[model_batch];
  unsigned n = frames_find_absent(list, static_cast<unsigned>(min_of(frames, u64{model_batch})));
  if (!n) return {0, -XEN_ENOSPC};
  ModelResult r = model_accept(list, n);
  for (unsigned i = 0; i < r.done; i++) frames_mark(list[i], FrameState::Free);
  return {r.done, r.error};
}

const char* why(long error) {
  switch (-error) {
    case XEN_EBUSY:
      return "no more free frames in this guest";
    case XEN_ENOSPC:
      return "no frame number left to fill";
    case XEN_ENOMEM:
      return "the hypervisor has no memory for this domain";
    default:
      return errno_name(error);
  }
}

// One attempt; returns the error that ended it, 0 when the target is reached.
long approach_target() {
  for (;;) {
    const u64 size = counted();
    if (size == target_frames) return 0;
    Step s = size > target_frames ? shrink(size - target_frames) : grow(target_frames - size);
    if (s.moved && report) report(balloon_actual_kib(), balloon_target_kib());
    if (s.error) return s.error;
    thread_yield();  // batches are small: the rest of the guest goes on meanwhile
  }
}

void balloon_thread(void*) {
  u64 told = 0;  // change count for which the outcome was printed
  for (;;) {
    u64 change = target_changes;
    u64 before = balloon_actual_kib();
    long error = approach_target();
    u64 actual = balloon_actual_kib();
    if (error && told != change)
      print_line("balloon: %lu KiB, target %lu KiB: %s", actual, balloon_target_kib(), why(error));
    else if (!error && actual != before)
      print_line("balloon: %lu KiB, target reached", actual);
    told = change;
    if (report) report(actual, balloon_target_kib());
    if (target_changes == change) wait_on(changed, error ? now_ns() + retry_ns : no_deadline);
  }
}
}  // namespace

void balloon_start(BalloonReport r) {
  report = r;
  target_frames = frame_counts().owned;
  if (!thread_create("balloon", balloon_thread, nullptr)) panic("no memory for the balloon thread");
}

void balloon_set_target(u64 kib) {
  if (kib > balloon_limit_kib())
    print_line("balloon: target %lu KiB: this kernel's tables end at %lu KiB", kib, balloon_limit_kib());
  target_frames = min_of(kib / frame_kib, frame_counts().limit + frame_counts().extra);
  balloon_look();
}

void balloon_look() {
  target_changes++;
  wake_all(changed);
}

u64 balloon_lacks() { return target_frames - min_of(target_frames, counted()); }

u64 balloon_target_kib() { return target_frames * frame_kib; }
u64 balloon_actual_kib() { return frame_counts().owned * frame_kib; }
u64 balloon_spare_kib() {
  const u64 free = frame_counts().free * frame_kib;
  return free - min_of(free, balloon_reserve_kib);
}
u64 balloon_limit_kib() { return (frame_counts().limit + frame_counts().extra) * frame_kib; }
