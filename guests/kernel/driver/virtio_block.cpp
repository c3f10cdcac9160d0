// virtio block devices: one request at a time, to and from the caller's memory where the device reaches it,
// else through bounce frames that all disks share. What is in one piece in the machine is one descriptor of a
// request, and the more of it there is the more fits into one. VIRTIO 1.2 section 5.2. One source for three
// objects (block_driver.h): what it asks of memory is driver_memory.h's.
#include "guests/kernel/driver/block_driver.h"

#include "driver_memory.h"
#include "guests/kernel/heap.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

#include <linux/virtio_blk.h>
#include <linux/virtio_mmio.h>

namespace DRIVER_FLAVOUR {
namespace {
constexpr unsigned data_frames = 8;
constexpr u32 bounce_bytes = data_frames * page_bytes, most_bytes = 32 * page_bytes;
constexpr u64 request_timeout_ns = 10 * ns_per_s;
constexpr u32 feature_read_only = 1u << VIRTIO_BLK_F_RO, feature_flush = 1u << VIRTIO_BLK_F_FLUSH;

// Header and status live in the first frame, the data in the others.
struct RequestPage {
  virtio_blk_outhdr header;
  u8 status;
};

// Memory that devices reach is scarce in some memory models.
struct Bounce {
  RequestPage* request;
  u8* data[data_frames];
  bool in_use;
  WaitQueue turn;
};
Bounce bounce{};
DiskCounts counts;

struct Disk {
  VirtioDevice* device;
  VirtioQueue queue;
  bool stopped;
};

struct BounceTurn {
  BounceTurn() {
    while (bounce.in_use) wait_on(bounce.turn);
    bounce.in_use = true;
  }
  // Whoever waits has the next turn: a long transfer is many of them.
  ~BounceTurn() {
    bounce.in_use = false;
    if (!bounce.turn.first) return;
    wake_all(bounce.turn);
    thread_yield();
  }
};

bool allocate_bounce() {
  if (bounce.request) return true;
  for (u8*& page : bounce.data)
    if (!devices_reach_all && !(page = static_cast<u8*>(device_page()))) return false;
  bounce.request = static_cast<RequestPage*>(device_page());
  return bounce.request;
}

// What a request's sectors go to or come from, by pieces of the machine's memory.
struct Pieces {
  VirtioBuffer list[data_frames + 1];  // as many pages as bounce frames, and the caller's may begin anywhere
  unsigned count = 0;

  bool add(u64 machine, u32 bytes, bool device_writes) {
    if (count && list[count - 1].machine + list[count - 1].length == machine)
      list[count - 1].length += bytes;
    else if (count < count_of(list))
      list[count++] = {machine, bytes, device_writes};
    else
      return false;
    return true;
  }
};

// The caller's own memory as far as the device reaches it and there are descriptors: how many bytes of it,
// whole sectors.
u32 pieces_of(const u8* memory, u32 bytes, bool device_writes, Pieces& p) {
  u32 at = 0;
  for (u32 size; at < bytes; at += size) {
    size = min_of(bytes - at, static_cast<u32>(page_bytes - reinterpret_cast<u64>(memory + at) % page_bytes));
    const u64 address = device_address(memory + at);
    if ((!devices_reach_all && !address) || !p.add(address, size, device_writes)) break;
  }
  const u32 part = at % sector_bytes;
  if (part) p.list[p.count - 1].length -= part;
  return at - part;
}

u32 pieces_of_bounce(u32 bytes, bool device_writes, Pieces& p) {
  p.count = 0;
  bytes = min_of(bytes, bounce_bytes);
  for (u32 at = 0; at < bytes; at += page_bytes)
    p.add(device_address(bounce.data[at / page_bytes]), min_of<u32>(bytes - at, page_bytes), device_writes);
  return bytes;
}

void submit(Disk& d, u32 type, u64 sector, const Pieces& data) {
  VirtioBuffer buffers[count_of(data.list) + 2];
  unsigned n = 0;
  bounce.request->header = {type, 0, sector};
  bounce.request->status = 0xff;
  buffers[n++] = {device_address(&bounce.request->header), sizeof bounce.request->header, false};
  for (unsigned i = 0; i < data.count; i++) buffers[n++] = data.list[i];
  buffers[n++] = {device_address(&bounce.request->status), 1, true};
  counts.requests++;
  counts.descriptors += n;
  virtio_submit(d.queue, 0, buffers, n);
}

long wait_for_answer(Disk& d) {
  unsigned first;
  u32 length;
  u64 deadline = now_ns() + request_timeout_ns;
  while (!virtio_collect(d.queue, first, length)) {
    if (now_ns() > deadline) {
      // It may still answer, into frames that are somebody else's by then.
      virtio_stop(*d.device);
      d.stopped = true;
      return -XEN_ETIMEDOUT;
    }
    virtio_wait(*d.device);
  }
  return __atomic_load_n(&bounce.request->status, __ATOMIC_ACQUIRE) == VIRTIO_BLK_S_OK ? 0 : -XEN_EIO;
}

long request(Disk& d, u32 type, u64 sector, const Pieces& data) {
  if (d.stopped) return -XEN_EIO;
  submit(d, type, sector, data);
  return wait_for_answer(d);
}

// `bytes`: at most, and then how many it was.
long read_chunk(Disk& d, u64 sector, u32& bytes, u8* to) {
  BounceTurn turn;
  Pieces data;
  const u32 reached = pieces_of(to, bytes, true, data);
  bytes = reached ? reached : pieces_of_bounce(bytes, true, data);
  if (long error = request(d, VIRTIO_BLK_T_IN, sector, data)) return error;
  for (u32 at = 0; !reached && at < bytes; at += page_bytes)
    memcpy(to + at, bounce.data[at / page_bytes], min_of<u32>(bytes - at, page_bytes));
  return 0;
}

long write_chunk(Disk& d, u64 sector, u32& bytes, const u8* from) {
  BounceTurn turn;
  Pieces data;
  const u32 reached = pieces_of(from, bytes, false, data);
  bytes = reached ? reached : pieces_of_bounce(bytes, false, data);
  for (u32 at = 0; !reached && at < bytes; at += page_bytes)
    memcpy(bounce.data[at / page_bytes], from + at, min_of<u32>(bytes - at, page_bytes));
  return request(d, VIRTIO_BLK_T_OUT, sector, data);
}

template <typename Byte>
long in_chunks(long (*move)(Disk&, u64, u32&, Byte*), void* disk, u64 first, u32 count, Byte* memory) {
  long error = 0;
  for (u64 end = first + count; first < end && !error;) {
    auto bytes = static_cast<u32>(min_of<u64>((end - first) * sector_bytes, most_bytes));
    error = move(*static_cast<Disk*>(disk), first, bytes, memory);
    first += bytes / sector_bytes;
    memory += bytes;
  }
  return error;
}

long read_sectors(void* disk, u64 first, u32 count, void* to) {
  return in_chunks(read_chunk, disk, first, count, static_cast<u8*>(to));
}

long write_sectors(void* disk, u64 first, u32 count, const void* from) {
  return in_chunks(write_chunk, disk, first, count, static_cast<const u8*>(from));
}

long flush_disk(void* disk) {
  BounceTurn turn;
  return request(*static_cast<Disk*>(disk), VIRTIO_BLK_T_FLUSH, 0, {});
}

VirtioPage queue_page() {
  void* page = device_page();
  return {page, page ? device_address(page) : 0};
}

long use(VirtioDevice& device, Sectors& sectors) {
  auto* d = heap_new<Disk>();
  if (!d) return -XEN_ENOMEM;
  d->device = &device;
  long error = virtio_start(device, &d->queue, 1, feature_read_only | feature_flush, queue_page);
  if (!error && !allocate_bounce()) error = -XEN_ENOMEM;
  if (error) {
    virtio_stop(device);
    heap_free(d);
    return error;
  }
  const u64 capacity =
      virtio_read(device, VIRTIO_MMIO_CONFIG) | u64{virtio_read(device, VIRTIO_MMIO_CONFIG + 4)} << 32;
  sectors = {read_sectors, device.features & feature_read_only ? nullptr : write_sectors,
             device.features & feature_flush ? flush_disk : nullptr, d, capacity};
  return 0;
}

long misuse(const Sectors& disk, u64 machine, bool device_writes) {
  Disk& d = *static_cast<Disk*>(disk.context);
  BounceTurn turn;
  Pieces data;
  data.list[data.count++] = {machine, sector_bytes, device_writes};
  return request(d, device_writes ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT, 0, data);
}
}  // namespace

const BlockDriver virtio_block = {flavour, usable, use, misuse, &counts};
}  // namespace DRIVER_FLAVOUR
