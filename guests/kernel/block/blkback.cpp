// The backend of virtual disks: backend/vbd/<domain>/<n>.
//
//   ring: a request, checked ──> its pages, mapped by grants ──> sectors of the slice that "params" names
//
// A request is served when the one before it has been answered: a flush has nothing to wait for.
#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/slice.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
struct Back {
  BusDevice bus;
  GrantedPages ring_page;
  blkif_back_ring_t ring;
  Slice slice;
};

// Every number is the frontend's.
bool is_sane(const Slice& slice, const blkif_request_t& r) {
  if (!r.nr_segments || r.nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST) return false;
  if (r.operation == BLKIF_OP_WRITE && !slice.writable) return false;
  u64 sectors = 0;
  for (unsigned i = 0; i < r.nr_segments; i++) {
    if (r.seg[i].first_sect > r.seg[i].last_sect || r.seg[i].last_sect >= sectors_per_page) return false;
    sectors += r.seg[i].last_sect - r.seg[i].first_sect + 1u;
  }
  return r.sector_number <= slice.count && sectors <= slice.count - r.sector_number;
}

// Segments that follow each other without a gap are one piece of memory: pages are mapped side by side.
long move(const Slice& slice, const blkif_request_t& r, u8* pages) {
  const Sectors& holder = slice.holder;
  u64 sector = slice.first + r.sector_number;
  long error = 0;
  for (unsigned i = 0; i < r.nr_segments && !error; i++) {
    u8* at = pages + i * page_bytes + r.seg[i].first_sect * sector_bytes;
    u32 count = r.seg[i].last_sect - r.seg[i].first_sect + 1u;
    for (; i + 1u < r.nr_segments && r.seg[i].last_sect == sectors_per_page - 1 && !r.seg[i + 1].first_sect;
         i++)
      count += r.seg[i + 1].last_sect + 1u;
    error = r.operation == BLKIF_OP_READ ? holder.read(holder.context, sector, count, at)
                                         : holder.write(holder.context, sector, count, at);
    sector += count;
  }
  return error;
}

int16_t transfer(const Back& b, const blkif_request_t& r) {
  if (!is_sane(b.slice, r)) return BLKIF_RSP_ERROR;
  grant_ref_t refs[BLKIF_MAX_SEGMENTS_PER_REQUEST];
  for (unsigned i = 0; i < r.nr_segments; i++) refs[i] = r.seg[i].gref;
  GrantedPages pages;
  if (granted_map(b.bus.other_domain, refs, r.nr_segments, r.operation == BLKIF_OP_READ, pages))
    return BLKIF_RSP_ERROR;
  const long error = move(b.slice, r, static_cast<u8*>(pages.va));
  granted_unmap(pages);
  return error ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

int16_t flush(const Sectors& holder) {
  return holder.flush && holder.flush(holder.context) ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

int16_t serve_request(const Back& b, const blkif_request_t& r) {
  switch (r.operation) {
    case BLKIF_OP_READ:
    case BLKIF_OP_WRITE:
      return transfer(b, r);
    case BLKIF_OP_FLUSH_DISKCACHE:
      return flush(b.slice.holder);
    default:
      return BLKIF_RSP_EOPNOTSUPP;
  }
}

void answer(Back& b, const blkif_request_t& r, int16_t status) {
  *RING_GET_RESPONSE(&b.ring, b.ring.rsp_prod_pvt++) = {r.id, r.operation, status};
  int notify;
  RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&b.ring, notify);
  if (notify) event_send(b.bus.port);
}

// Until the frontend goes away, or claims more requests than the ring can hold. It may go on asking for ever:
// others have a turn after each request.
void run(Back& b) {
  for (;;) {
    b.bus.moved = false;
    if (bus_other_left(b.bus, bus_states(XenbusStateInitialised, XenbusStateConnected))) return;
    int any;
    RING_FINAL_CHECK_FOR_REQUESTS(&b.ring, any);
    if (!any) {
      bus_wait(b.bus);
      continue;
    }
    if (RING_REQUEST_PROD_OVERFLOW(&b.ring, __atomic_load_n(&b.ring.sring->req_prod, __ATOMIC_ACQUIRE)))
      return print_line("block: %s: no ring has so many requests", b.bus.own);
    blkif_request_t request;
    RING_COPY_REQUEST(&b.ring, b.ring.req_cons++, &request);
    answer(b, request, serve_request(b, request));
    thread_yield();
  }
}

bool open_slice(Back& b) {
  char target[store_text_max], mode[8];
  if (store_read_text(b.bus.own, "params", target, sizeof target) ||
      store_read_text(b.bus.own, "mode", mode, sizeof mode) || slice_open(target, b.slice))
    return false;
  b.slice.writable &= !strcmp(mode, "w");
  return true;
}

// "bytes" is this kernel's own: where a file ends.
void describe(const Back& b) {
  store_write_number(b.bus.own, "sectors", b.slice.count);
  store_write_number(b.bus.own, "sector-size", sector_bytes);
  store_write_number(b.bus.own, "info", b.slice.writable ? 0 : VDISK_READONLY);
  store_write_number(b.bus.own, "bytes", b.slice.bytes);
  store_write_number(b.bus.own, "feature-flush-cache", 1);
}

bool connect(Back& b) {
  if (bus_map_ring(b.bus, "ring-ref", b.ring_page)) return false;
  BACK_RING_INIT(&b.ring, static_cast<blkif_sring_t*>(b.ring_page.va), page_bytes);
  return !bus_bind_port(b.bus);
}

void serve_frontend(Back& b) {
  bus_set_state(b.bus, XenbusStateInitWait);
  const XenbusState state = bus_wait_for(b.bus, bus_gone | bus_states(XenbusStateInitialised));
  if (state == XenbusStateInitialised && connect(b)) {
    describe(b);
    bus_set_state(b.bus, XenbusStateConnected);
    run(b);
  } else if (state == XenbusStateInitialised) {
    print_line("block: %s cannot be connected", b.bus.own);
  }
  bus_close_port(b.bus);
  granted_unmap(b.ring_page);
}

void serve(const char* path) {
  auto* b = heap_new<Back>();
  if (!b || bus_open(b->bus, path, "frontend")) return heap_free(b);
  if (open_slice(*b))
    serve_frontend(*b);
  else
    print_line("block: %s is no disk", path);
  bus_leave(b->bus);
  heap_free(b);
}

constexpr BusType type = {"backend/vbd", 2, serve};
}  // namespace

void blkback_start() { bus_watch_for(type); }
