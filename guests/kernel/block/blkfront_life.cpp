// The frontend of a virtual disk: device/vbd/<n>, from its first backend to its end.
//
// A backend that closes has refused the disk: who waits is told. One whose domain dies says nothing; requests
// without an answer stay in their slots and are sent to the backend that the toolstack names next.
#include "guests/kernel/block/front.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/lib/console.h"
#include "guests/lib/string.h"

namespace {
bool prepare(Front& f) {
  if (granted_start()) return false;
  for (FrontSlot& s : f.slots) {
    const Pfn first = frames_alloc(front_most_pages);
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
  if (!read_geometry(f, first)) {
    f.refused = true;  // it is another disk
    return false;
  }
  bus_set_state(f.bus, XenbusStateConnected);
  f.connected = true;
  return true;
}

void announce(Front& f) {
  front_add(f);
  print_line("block: %s is connected to domain %u, %lu sectors, %s", f.name, f.bus.other_domain, f.sectors,
             f.writable ? "read-write" : "read-only");
}

// Until the backend is there no more.
void run(Front& f) {
  while (!bus_other_left(f.bus, bus_states(XenbusStateConnected)) && !f.bus.orphaned) {
    f.bus.moved = false;
    front_take_answers(f);
    bus_wait(f.bus);
  }
  // What another domain was answered may have come while its memory was copied: nothing of it counts.
  if (!f.bus.orphaned) front_take_answers(f);
  f.connected = false;
}

// What the last backend could use is this domain's alone again. Its domain may take a while to die.
void take_back(Front& f) {
  bus_close_port(f.bus);
  for (FrontSlot& s : f.slots)
    while (s.pages)
      if (grant_end_access(s.refs[s.pages - 1]))
        s.pages--;
      else
        sleep_ns(ns_per_ms);
  while (!unshare_page(f.ring_page)) sleep_ns(ns_per_ms);
}

void send_again(Front& f) {
  unsigned count = 0;
  for (FrontSlot& s : f.slots) {
    if (!s.job) continue;
    count++;
    if (!front_send(f, s)) front_finish(f, s, BLKIF_RSP_ERROR);
  }
  print_line("block: %s is connected to domain %u, %u requests sent again", f.name, f.bus.other_domain,
             count);
}

// False: the backend has refused the disk, or has another one.
bool connect_again(Front& f) {
  do {
    if (f.refused || bus_states(XenbusStateClosing, XenbusStateClosed) >> bus_other_state(f.bus) & 1)
      return false;
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
  for (FrontSlot& s : f.slots) {
    if (s.job) front_finish(f, s, BLKIF_RSP_ERROR);
    if (s.data) frames_free(va_frame(s.data));
    s.data = nullptr;
  }
  wake_all(f.slot_free);
  unshare_page(f.ring_page);
  bus_set_closed(f.bus, "backend");
  bus_close(f.bus);
}
}  // namespace

void front_serve(const char* path) {
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
