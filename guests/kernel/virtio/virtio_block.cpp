// virtio block device, read only: one request at a time, through bounce frames. VIRTIO 1.2 section 5.2.
#include "guests/kernel/virtio/virtio_block.h"

#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/archive.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

#include <linux/virtio_blk.h>
#include <linux/virtio_mmio.h>

namespace {
constexpr unsigned data_frames = 8;
constexpr u32 sectors_per_request = data_frames * page_bytes / sector_bytes;
constexpr u64 request_timeout_ns = 10 * ns_per_s;

// Header and status live in the first frame, the data in the others.
struct RequestPage {
  virtio_blk_outhdr header;
  u8 status;
};

struct Disk {
  VirtioDevice* device;
  VirtioQueue queue;
  RequestPage* request;
  u8* data[data_frames];
  bool in_use;
  WaitQueue turn;
};
Disk disk{};

bool allocate_frames() {
  for (unsigned i = 0; i <= data_frames; i++) {
    void* page = memory_model->device_page();
    if (!page) return false;
    if (i < data_frames)
      disk.data[i] = static_cast<u8*>(page);
    else
      disk.request = static_cast<RequestPage*>(page);
  }
  return true;
}

void submit_read(u64 sector, u32 bytes) {
  VirtioBuffer buffers[data_frames + 2];
  unsigned n = 0;
  disk.request->header = {VIRTIO_BLK_T_IN, 0, sector};
  disk.request->status = 0xff;
  buffers[n++] = {machine_address(&disk.request->header), sizeof disk.request->header, false};
  for (u32 at = 0; at < bytes; at += page_bytes)
    buffers[n++] = {machine_address(disk.data[at / page_bytes]), min_of<u32>(bytes - at, page_bytes), true};
  buffers[n++] = {machine_address(&disk.request->status), 1, true};
  virtio_submit(disk.queue, 0, buffers, n);
}

long wait_for_answer() {
  unsigned first;
  u32 length;
  u64 deadline = now_ns() + request_timeout_ns;
  while (!virtio_collect(disk.queue, first, length)) {
    if (now_ns() > deadline) return -XEN_ETIMEDOUT;
    virtio_wait(*disk.device);
  }
  return __atomic_load_n(&disk.request->status, __ATOMIC_ACQUIRE) == VIRTIO_BLK_S_OK ? 0 : -XEN_EIO;
}

long read_chunk(u64 sector, u32 count, u8* to) {
  u32 bytes = count * sector_bytes;
  submit_read(sector, bytes);
  if (long error = wait_for_answer()) return error;
  for (u32 at = 0; at < bytes; at += page_bytes)
    memcpy(to + at, disk.data[at / page_bytes], min_of<u32>(bytes - at, page_bytes));
  return 0;
}

long read_sectors(void*, u64 first, u32 count, void* to) {
  while (disk.in_use) wait_on(disk.turn);
  disk.in_use = true;
  long error = 0;
  for (u32 at = 0; at < count && !error; at += sectors_per_request)
    error = read_chunk(first + at, min_of(count - at, sectors_per_request),
                       static_cast<u8*>(to) + u64{at} * sector_bytes);
  disk.in_use = false;
  wake_all(disk.turn);
  return error;
}
}  // namespace

long virtio_block_use(VirtioDevice& device) {
  disk.device = &device;
  if (long error = virtio_start(device, &disk.queue, 1)) return error;
  if (!allocate_frames()) return -XEN_ENOMEM;
  u64 capacity = virtio_read(device, VIRTIO_MMIO_CONFIG) | u64{virtio_read(device, VIRTIO_MMIO_CONFIG + 4)}
                                                               << 32;
  archive_use({read_sectors, nullptr, capacity});
  return 0;
}
