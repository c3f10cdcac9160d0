#include "guests/kernel/dom0/disk_read.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/thread.h"
#include "guests/kernel/virtio/virtio_block.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"

namespace {
constexpr unsigned buffer_pages = 32;
constexpr u32 buffer_sectors = buffer_pages * page_bytes / sector_bytes;
static_assert(buffer_pages <= model_batch);

struct Reading {
  u64 ns, wrong;
  DiskCounts counts;
};

// The first word of each sector says which one it is, and in which buffer it was.
u64& word_of(u8* buffer, u32 sector) { return *reinterpret_cast<u64*>(buffer + sector * sector_bytes); }

long write_all(u8* buffer) {
  long error = 0;
  for (u64 at = 0; at < data_disk.count && !error; at += buffer_sectors) {
    const auto n = static_cast<u32>(min_of<u64>(buffer_sectors, data_disk.count - at));
    for (u32 i = 0; i < n; i++) word_of(buffer, i) = reinterpret_cast<u64>(buffer) + at + i;
    error = data_disk.write(data_disk.context, at, n, buffer);
  }
  return error;
}

long read_all(u8* buffer, Reading& r) {
  r = {};
  const DiskCounts before = virtio_block_counts();
  long error = 0;
  for (u64 at = 0; at < data_disk.count && !error; at += buffer_sectors) {
    const auto n = static_cast<u32>(min_of<u64>(buffer_sectors, data_disk.count - at));
    const u64 begin = now_ns();
    error = data_disk.read(data_disk.context, at, n, buffer);
    r.ns += now_ns() - begin;
    for (u32 i = 0; i < n; i++) r.wrong += word_of(buffer, i) != reinterpret_cast<u64>(buffer) + at + i;
  }
  const DiskCounts& after = virtio_block_counts();
  r.counts = {after.requests - before.requests, after.descriptors - before.descriptors};
  return error;
}

void measure(const char* what, u8* buffer, Status& status) {
  Reading r;
  long error = write_all(buffer);
  if (!error) error = read_all(buffer, r);
  if (error) return status.fail(error, "the disk fails");
  const u64 bytes = data_disk.count * sector_bytes;
  print_line("disk-read: %s: %lu KiB in %lu requests of %lu descriptors, %lu ns per MiB, %lu wrong", what,
             bytes / KiB, r.counts.requests, r.counts.descriptors, r.ns * (MiB / KiB) / (bytes / KiB),
             r.wrong);
}

// Gives the frames back and takes as many, every second one first: neighbours are none in the machine, as a
// balloon leaves memory. False: other frames have come, or fewer, and the buffer is no more.
bool scatter(Pfn first) {
  Pfn was[buffer_pages], list[buffer_pages];
  for (unsigned i = 0; i < buffer_pages; i++)
    list[i] = was[i] = first + 2 * i % buffer_pages + 2 * i / buffer_pages;
  const u64 given = model_release(list, buffer_pages).done;
  const u64 taken = model_accept(list, static_cast<unsigned>(given)).done;
  bool same = taken == buffer_pages;
  for (unsigned i = 0; i < buffer_pages; i++) same = same && list[i] == was[i];
  if (same) return true;
  for (unsigned i = 0; i < buffer_pages; i++)
    frames_mark(was[i], i < given ? FrameState::Absent : FrameState::Free);
  for (unsigned i = 0; i < taken; i++) frames_mark(list[i], FrameState::Free);
  balloon_look();
  return false;
}

void read_scattered(Status& status) {
  const Pfn first = frames_alloc(buffer_pages);
  if (first == invalid_frame) return status.fail(-XEN_ENOMEM, "no memory for a buffer");
  if (!scatter(first)) return print_line("disk-read: scattered: frames here are as they are");
  measure("scattered", static_cast<u8*>(frame_va(first)), status);
  frames_free(first);
}
}  // namespace

void do_disk_read(const CommandLine&, Status& status) {
  static u8* contiguous;  // for ever
  if (!data_disk.write) return status.fail(-XEN_ENXIO, "dom0 has no disk for data");
  read_scattered(status);
  if (!contiguous) contiguous = static_cast<u8*>(memory_model->device_pages(buffer_pages));
  if (!contiguous) return status.fail(-XEN_ENOMEM, "no memory in one piece");
  measure("contiguous", contiguous, status);
}
