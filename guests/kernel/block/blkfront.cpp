// The frontend of a virtual disk: requests. What becomes of the device itself: blkfront_life.cpp.
#include "guests/kernel/block/front.h"
#include "guests/kernel/block/misuse.h"
#include "guests/kernel/frames.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
BlockDisk* disks;
WaitQueue disks_changed;

// False: the backend still uses the frames, which are therefore not this kernel's to use again.
bool end_grants(FrontSlot& s) {
  bool all = true;
  for (unsigned i = 0; i < s.pages; i++) all &= grant_end_access(s.refs[i]);
  s.pages = 0;
  if (!all) s.data = nullptr;
  return all;
}
}  // namespace

void front_finish(Front& f, FrontSlot& s, int16_t status) {
  FrontJob& job = *s.job;
  if (!end_grants(s)) status = BLKIF_RSP_ERROR;
  if (status == BLKIF_RSP_OKAY && s.to) memcpy(s.to, s.data, s.bytes);
  if (status != BLKIF_RSP_OKAY) job.status = status;
  s.job = nullptr;
  if (!--job.pending) wake_all(job.done);
  wake_all(f.slot_free);
}

namespace {
FrontSlot* take_slot(Front& f) {
  for (;;) {
    bool any = false;
    for (FrontSlot& s : f.slots) {
      if (f.lost) return nullptr;
      if (s.data && !s.job) return &s;
      any |= s.data != nullptr;
    }
    if (!any) return nullptr;
    wait_on(f.slot_free);
  }
}

bool grant_frames(Front& f, FrontSlot& s, bool readonly) {
  const auto backend = static_cast<domid_t>(f.bus.other_domain);
  for (unsigned wanted = div_up(s.bytes, page_bytes); s.pages < wanted; s.pages++) {
    const Pfn frame = va_frame(s.data + s.pages * page_bytes);
    s.refs[s.pages] = grant_access(backend, model_machine(frame), readonly);
    if (s.refs[s.pages] != no_grant) continue;
    end_grants(s);
    return false;
  }
  return true;
}
}  // namespace

bool front_send(Front& f, FrontSlot& s) {
  if (!grant_frames(f, s, s.request.operation != BLKIF_OP_READ)) return false;
  blkif_request_t& r = *RING_GET_REQUEST(&f.ring, f.ring.req_prod_pvt++);
  r = s.request;
  r.id = static_cast<u64>(&s - f.slots);
  for (unsigned i = 0; i < s.pages; i++) r.seg[i].gref = s.refs[i];
  int notify;
  RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&f.ring, notify);
  if (notify) event_send(f.bus.port);
  return true;
}

namespace {
// From here on the slot is its job's.
void begin(Front& f, FrontSlot& s, FrontJob& job, const blkif_request_t& request) {
  s.job = &job;
  s.request = request;
  job.pending++;
  if (f.connected && !front_send(f, s)) front_finish(f, s, BLKIF_RSP_ERROR);
}

blkif_request_t request_of(const Front& f, const FrontSlot& s, u8 operation, u64 sector) {
  blkif_request_t r{};
  r.operation = operation;
  r.nr_segments = static_cast<u8>(div_up(s.bytes, page_bytes));
  r.handle = static_cast<blkif_vdev_t>(f.number);
  r.sector_number = sector;
  for (unsigned i = 0; i < r.nr_segments; i++) {
    const u64 sectors = min_of<u64>((s.bytes - i * page_bytes) / sector_bytes, sectors_per_page);
    r.seg[i] = {no_grant, 0, static_cast<u8>(sectors - 1)};
  }
  return r;
}

bool submit(Front& f, FrontJob& job, u64 sector, u32 bytes, const u8* from, u8* to) {
  FrontSlot* const s = take_slot(f);
  if (!s) return false;
  s->bytes = bytes;
  s->to = to;
  if (from) memcpy(s->data, from, bytes);
  begin(f, *s, job, request_of(f, *s, job.operation, sector));
  return true;
}

long wait_for(FrontJob& job) {
  while (job.pending) wait_on(job.done);
  if (job.status == BLKIF_RSP_OKAY) return 0;
  return job.status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP : -XEN_EIO;
}

// `from` or `to` is where the data is, of a flush neither.
long perform(BlockDisk& disk, u8 operation, u64 first, u32 count, const u8* from, u8* to) {
  auto& f = static_cast<Front&>(disk);
  constexpr u32 most = front_most_pages * sectors_per_page;
  if (first > disk.sectors || count > disk.sectors - first) return -XEN_EINVAL;
  FrontJob job{operation, 0, BLKIF_RSP_OKAY, {}};
  u32 at = 0;
  do {
    const u32 n = min_of(count - at, most);
    const u64 offset = at * sector_bytes;
    if (!submit(f, job, first + at, static_cast<u32>(n * sector_bytes), from ? from + offset : nullptr,
                to ? to + offset : nullptr))
      job.status = BLKIF_RSP_ERROR;
    at += n;
  } while (at < count && job.status == BLKIF_RSP_OKAY);
  return wait_for(job);
}
}  // namespace

void front_take_answers(Front& f) {
  int more;
  do {
    const RING_IDX end = __atomic_load_n(&f.ring.sring->rsp_prod, __ATOMIC_ACQUIRE);
    if (RING_RESPONSE_PROD_OVERFLOW(&f.ring, end)) return;
    for (; f.ring.rsp_cons != end; f.ring.rsp_cons++) {
      const blkif_response_t r = *RING_GET_RESPONSE(&f.ring, f.ring.rsp_cons);
      if (r.id < front_slots && f.slots[r.id].job) front_finish(f, f.slots[r.id], r.status);
    }
    RING_FINAL_CHECK_FOR_RESPONSES(&f.ring, more);
  } while (more);
}

void front_add(Front& f) {
  BlockDisk** last = &disks;
  while (*last) last = &(*last)->next;
  *last = &f;
  wake_all(disks_changed);
}

namespace {
constexpr BusType type = {"device/vbd", 1, front_serve};
}  // namespace

BlockDisk* block_find(const char* name, u64 deadline_ns) {
  for (;;) {
    for (BlockDisk* d = disks; d; d = d->next)
      if (!name || !strcmp(d->name, name)) return d;
    if (!wait_on(disks_changed, deadline_ns)) return nullptr;
  }
}

long block_read(BlockDisk& disk, u64 first, u32 count, void* to) {
  return perform(disk, BLKIF_OP_READ, first, count, nullptr, static_cast<u8*>(to));
}
long block_write(BlockDisk& disk, u64 first, u32 count, const void* from) {
  if (!disk.writable) return -XEN_EROFS;
  return perform(disk, BLKIF_OP_WRITE, first, count, static_cast<const u8*>(from), nullptr);
}
long block_send(BlockDisk& disk, const blkif_request_t& request) {
  auto& f = static_cast<Front&>(disk);
  FrontJob job{request.operation, 0, BLKIF_RSP_OKAY, {}};
  FrontSlot* const s = take_slot(f);
  if (!s) return -XEN_EIO;
  s->to = nullptr;
  s->bytes = 0;
  begin(f, *s, job, request);
  return wait_for(job);
}

bool block_overrun(BlockDisk& disk, u64 deadline_ns) {
  auto& f = static_cast<Front&>(disk);
  if (!f.connected) return false;
  __atomic_store_n(&f.ring.sring->req_prod, f.ring.req_prod_pvt + block_ring_slots + 1, __ATOMIC_RELEASE);
  event_send(f.bus.port);
  while (!f.lost && wait_on(f.slot_free, deadline_ns)) {
  }
  return f.lost;
}

u32 block_backend(const BlockDisk& disk) { return static_cast<const Front&>(disk).bus.other_domain; }

long block_flush(BlockDisk& disk) { return perform(disk, BLKIF_OP_FLUSH_DISKCACHE, 0, 0, nullptr, nullptr); }

void blkfront_start() { bus_watch_for(type); }
