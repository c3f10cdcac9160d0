// The frontend of a virtual disk: device/vbd/<n>.
//
//   thread ──Job──> slots, each a request: its frames are granted ──ring──> backend
//   thread <──woken when its last slot is answered── driver's thread <──────── ring
//
// A backend that closes has refused the disk: who waits is told. One whose domain dies says nothing; requests
// without an answer stay in their slots and are sent to the backend that the toolstack names next.
#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/block.h"
#include "guests/kernel/block/misuse.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned most_pages = BLKIF_MAX_SEGMENTS_PER_REQUEST;
constexpr unsigned slots = 8;
static_assert(slots <= block_ring_slots);

// What one thread waits for.
struct Job {
  u8 operation;
  unsigned pending;
  int16_t status;  // the last answer that is not BLKIF_RSP_OKAY
  WaitQueue done;
};

// A request and its frames; data is copied, so that a backend that keeps frames gets no others.
struct Slot {
  u8* data;
  grant_ref_t refs[most_pages];
  unsigned pages;  // granted
  Job* job;        // null: free
  u8* to;          // where a read is awaited
  u32 bytes;
  blkif_request_t request;  // but for the references
};

struct Front : BlockDisk {
  u32 number;  // "virtual-device"
  BusDevice bus;
  SharedPage ring_page;
  blkif_front_ring_t ring;
  Slot slots[::slots];
  WaitQueue slot_free;
  bool connected, lost;
};

BlockDisk* disks;
WaitQueue disks_changed;

// False: the backend still uses the frames, which are therefore not this kernel's to use again.
bool end_grants(Slot& s) {
  bool all = true;
  for (unsigned i = 0; i < s.pages; i++) all &= grant_end_access(s.refs[i]);
  s.pages = 0;
  if (!all) s.data = nullptr;
  return all;
}

void finish(Front& f, Slot& s, int16_t status) {
  Job& job = *s.job;
  if (!end_grants(s)) status = BLKIF_RSP_ERROR;
  if (status == BLKIF_RSP_OKAY && s.to) memcpy(s.to, s.data, s.bytes);
  if (status != BLKIF_RSP_OKAY) job.status = status;
  s.job = nullptr;
  if (!--job.pending) wake_all(job.done);
  wake_all(f.slot_free);
}

Slot* take_slot(Front& f) {
  for (;;) {
    bool any = false;
    for (Slot& s : f.slots) {
      if (f.lost) return nullptr;
      if (s.data && !s.job) return &s;
      any |= s.data != nullptr;
    }
    if (!any) return nullptr;
    wait_on(f.slot_free);
  }
}

bool grant_frames(Front& f, Slot& s, bool readonly) {
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

bool send(Front& f, Slot& s) {
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

// From here on the slot is its job's.
void begin(Front& f, Slot& s, Job& job, const blkif_request_t& request) {
  s.job = &job;
  s.request = request;
  job.pending++;
  if (f.connected && !send(f, s)) finish(f, s, BLKIF_RSP_ERROR);
}

blkif_request_t request_of(const Front& f, const Slot& s, u8 operation, u64 sector) {
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

bool submit(Front& f, Job& job, u64 sector, u32 bytes, const u8* from, u8* to) {
  Slot* const s = take_slot(f);
  if (!s) return false;
  s->bytes = bytes;
  s->to = to;
  if (from) memcpy(s->data, from, bytes);
  begin(f, *s, job, request_of(f, *s, job.operation, sector));
  return true;
}

long wait_for(Job& job) {
  while (job.pending) wait_on(job.done);
  if (job.status == BLKIF_RSP_OKAY) return 0;
  return job.status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP : -XEN_EIO;
}

// `from` or `to` is where the data is, of a flush neither.
long perform(BlockDisk& disk, u8 operation, u64 first, u32 count, const u8* from, u8* to) {
  auto& f = static_cast<Front&>(disk);
  constexpr u32 most = most_pages * sectors_per_page;
  if (first > disk.sectors || count > disk.sectors - first) return -XEN_EINVAL;
  Job job{operation, 0, BLKIF_RSP_OKAY, {}};
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

void take_answers(Front& f) {
  int more;
  do {
    const RING_IDX end = __atomic_load_n(&f.ring.sring->rsp_prod, __ATOMIC_ACQUIRE);
    if (RING_RESPONSE_PROD_OVERFLOW(&f.ring, end)) return;
    for (; f.ring.rsp_cons != end; f.ring.rsp_cons++) {
      const blkif_response_t r = *RING_GET_RESPONSE(&f.ring, f.ring.rsp_cons);
      if (r.id < slots && f.slots[r.id].job) finish(f, f.slots[r.id], r.status);
    }
    RING_FINAL_CHECK_FOR_RESPONSES(&f.ring, more);
  } while (more);
}

// --- life ------------------------------------------------------------------------------------------------
bool prepare(Front& f) {
  if (granted_start()) return false;
  for (Slot& s : f.slots) {
    const Pfn first = frames_alloc(most_pages);
    if (first == invalid_frame) return false;
    s.data = static_cast<u8*>(frame_va(first));
  }
  return true;
}

bool offer_ring(Front& f) {
  f.ring_page = share_page(f.bus.other_domain);
  if (!f.ring_page.va || bus_offer_port(f.bus)) return false;
  auto* ring = static_cast<blkif_sring_t*>(f.ring_page.va);
  SHARED_RING_INIT(ring);
  FRONT_RING_INIT(&f.ring, ring, page_bytes);
  return true;
}

// Of the first backend: what the disk is. Others must have the same.
bool read_geometry(Front& f, bool first) {
  u64 sectors, info = VDISK_READONLY;
  if (store_read_number(f.bus.other, "sectors", sectors)) return false;
  store_read_number(f.bus.other, "info", info);
  const bool writable = !(info & VDISK_READONLY);
  if (!first) return sectors == f.sectors && writable == f.writable;
  f.sectors = sectors;
  f.writable = writable;
  if (store_read_number(f.bus.other, "bytes", f.bytes)) f.bytes = f.sectors * sector_bytes;
  return true;
}

bool connect(Front& f, bool first) {
  if (bus_wait_for(f.bus, bus_gone | bus_states(XenbusStateInitWait)) != XenbusStateInitWait) return false;
  if ((first && !prepare(f)) || !offer_ring(f)) return false;
  const StoreNumber numbers[] = {{"ring-ref", f.ring_page.ref}, {"event-channel", f.bus.port}};
  if (store_write_together(f.bus.own, numbers, count_of(numbers))) return false;
  bus_set_state(f.bus, XenbusStateInitialised);
  if (bus_wait_for(f.bus, bus_gone | bus_states(XenbusStateConnected)) != XenbusStateConnected) return false;
  if (!read_geometry(f, first)) return false;
  bus_set_state(f.bus, XenbusStateConnected);
  f.connected = true;
  return true;
}

void announce(Front& f) {
  BlockDisk** last = &disks;
  while (*last) last = &(*last)->next;
  *last = &f;
  wake_all(disks_changed);
  print_line("block: %s is connected to domain %u, %lu sectors, %s", f.name, f.bus.other_domain, f.sectors,
             f.writable ? "read-write" : "read-only");
}

// Until the backend is there no more.
void run(Front& f) {
  while (!bus_other_left(f.bus, bus_states(XenbusStateConnected))) {
    f.bus.moved = false;
    take_answers(f);
    bus_wait(f.bus);
  }
  take_answers(f);
  f.connected = false;
}

// What the last backend could use is this domain's alone again. Its domain may take a while to die.
void take_back(Front& f) {
  bus_close_port(f.bus);
  for (Slot& s : f.slots)
    while (s.pages)
      if (grant_end_access(s.refs[s.pages - 1]))
        s.pages--;
      else
        sleep_ns(ns_per_ms);
  while (!unshare_page(f.ring_page)) sleep_ns(ns_per_ms);
}

void send_again(Front& f) {
  unsigned count = 0;
  for (Slot& s : f.slots) {
    if (!s.job) continue;
    count++;
    if (!send(f, s)) finish(f, s, BLKIF_RSP_ERROR);
  }
  print_line("block: %s is connected to domain %u, %u requests sent again", f.name, f.bus.other_domain,
             count);
}

// False: the backend has refused the disk.
bool connect_again(Front& f) {
  do {
    if (bus_states(XenbusStateClosing, XenbusStateClosed) >> bus_other_state(f.bus) & 1) return false;
    print_line("block: %s waits for another backend", f.name);
    bus_reopen(f.bus, "backend");
    take_back(f);
  } while (!connect(f, false));
  send_again(f);
  return true;
}

// Who waits is told. What can be had back goes back; the disk itself stays, for whoever knows it.
void lose(Front& f) {
  f.lost = true;
  bus_close_port(f.bus);
  for (Slot& s : f.slots) {
    if (s.job) finish(f, s, BLKIF_RSP_ERROR);
    if (s.data) frames_free(va_frame(s.data));
    s.data = nullptr;
  }
  wake_all(f.slot_free);
  unshare_page(f.ring_page);
  bus_set_state(f.bus, XenbusStateClosed);
  bus_close(f.bus);
}

void serve(const char* path) {
  auto* f = heap_new<Front>();
  if (!f || bus_open(f->bus, path, "backend")) return heap_free(f);
  u64 number = 0;
  store_read_number(path, "virtual-device", number);
  disk_name(static_cast<u32>(number), f->name);
  f->number = static_cast<u32>(number);
  const bool connected = connect(*f, true);
  if (connected) {
    announce(*f);
    do run(*f);
    while (connect_again(*f));
  }
  print_line("block: %s %s", f->name, connected ? "has lost its backend" : "cannot be connected");
  lose(*f);
  if (!connected) heap_free(f);
}

constexpr BusType type = {"device/vbd", 1, serve};
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
  Job job{request.operation, 0, BLKIF_RSP_OKAY, {}};
  Slot* const s = take_slot(f);
  if (!s) return -XEN_EIO;
  s->to = nullptr;
  s->bytes = 0;
  begin(f, *s, job, request);
  return wait_for(job);
}

bool block_overrun(BlockDisk& disk, u64 deadline_ns) {
  auto& f = static_cast<Front&>(disk);
  __atomic_store_n(&f.ring.sring->req_prod, f.ring.req_prod_pvt + block_ring_slots + 1, __ATOMIC_RELEASE);
  event_send(f.bus.port);
  while (!f.lost && wait_on(f.slot_free, deadline_ns)) {
  }
  return f.lost;
}

u32 block_backend(const BlockDisk& disk) { return static_cast<const Front&>(disk).bus.other_domain; }

long block_flush(BlockDisk& disk) { return perform(disk, BLKIF_OP_FLUSH_DISKCACHE, 0, 0, nullptr, nullptr); }

void blkfront_start() { bus_watch_for(type); }
