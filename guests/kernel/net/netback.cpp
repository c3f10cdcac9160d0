// The backend of network interfaces: backend/vif/<domain>/<n>, each a port of this kernel's bridge.
//
//   tx ring: the frontend's packet is copied into a frame of ours (GNTTABOP_copy) ──> bridge
//   rx ring: bridge ──> the frontend, by copy or with the packet's frame (hand_over.h)
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/net/hand_over.h"
#include "guests/kernel/net/interface.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/console.h"

namespace {
constexpr unsigned batch = net_batch;
constexpr char batch_key[] =
    "batch";  // of the backend's directory: packets that it hands over at once, at most

struct Back : NetPort {
  BusDevice bus;
  GrantedPages tx_page, rx_page;
  netif_tx_back_ring_t tx;
  netif_rx_back_ring_t rx;
  Receive receive;
  unsigned handed_over;  // at once, at most
  PacketQueue waiting;
};

// From the bridge, towards the frontend.
void send(NetPort& port, Packet* packet) {
  auto& b = static_cast<Back&>(port);
  if (!b.waiting.put(packet)) {
    b.dropped++;
    return packet_free(packet);
  }
  bus_wake(b.bus);
}

// --- from the frontend -----------------------------------------------------------------------------------
struct Arrival {
  netif_tx_request_t request;
  Packet* packet;
};

bool is_sane(const netif_tx_request_t& r) {
  return r.size >= sizeof(Ethernet) && r.offset < page_bytes && r.size <= page_bytes - r.offset && !r.flags;
}

unsigned collect(Back& b, Arrival (&arrivals)[batch]) {
  unsigned n = 0;
  const RING_IDX end = __atomic_load_n(&b.tx.sring->req_prod, __ATOMIC_ACQUIRE);
  for (; n < batch && b.tx.req_cons != end && !RING_REQUEST_PROD_OVERFLOW(&b.tx, end); n++) {
    RING_COPY_REQUEST(&b.tx, b.tx.req_cons++, &arrivals[n].request);
    arrivals[n].packet = is_sane(arrivals[n].request) ? packet_new(arrivals[n].request.size) : nullptr;
  }
  return n;
}

void copy_in(const Back& b, const Arrival (&arrivals)[batch], unsigned count, gnttab_copy_t (&ops)[batch]) {
  unsigned used = 0;
  for (unsigned i = 0; i < count; i++) {
    if (!arrivals[i].packet) continue;
    const netif_tx_request_t& r = arrivals[i].request;
    gnttab_copy_t& op = ops[used++];
    op = {};
    op.source.u.ref = r.gref;
    op.source.domid = static_cast<domid_t>(b.bus.other_domain);
    op.source.offset = r.offset;
    op.dest.u.gmfn = model_machine(arrivals[i].packet->frame);
    op.dest.domid = DOMID_SELF;
    op.len = r.size;
    op.flags = GNTCOPY_source_gref;
  }
  if (used) hypercall_grant_table_op(GNTTABOP_copy, ops, used);
}

bool take_from_frontend(Back& b) {
  Arrival arrivals[batch];
  static gnttab_copy_t ops[batch];  // one backend at a time: nothing blocks between filling and reading
  const unsigned count = collect(b, arrivals);
  if (!count) return false;
  copy_in(b, arrivals, count, ops);
  for (unsigned i = 0, used = 0; i < count; i++) {
    const Arrival& a = arrivals[i];
    const bool good = a.packet && ops[used].status == GNTST_okay;
    used += a.packet != nullptr;
    auto* response = RING_GET_RESPONSE(&b.tx, b.tx.rsp_prod_pvt++);
    *response = {a.request.id, static_cast<int16_t>(good ? NETIF_RSP_OKAY : NETIF_RSP_ERROR)};
    if (good)
      bridge_pass(b, a.packet);
    else if (a.packet)
      packet_free(a.packet);
    b.dropped += !good;
  }
  int notify;
  RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&b.tx, notify);
  if (notify) event_send(b.bus.port);
  return true;
}

// --- towards the frontend --------------------------------------------------------------------------------
unsigned pair_up(Back& b, Departure (&departures)[batch]) {
  unsigned n = 0;
  const RING_IDX end = __atomic_load_n(&b.rx.sring->req_prod, __ATOMIC_ACQUIRE);
  for (; n < b.handed_over && b.waiting.count && b.rx.req_cons != end &&
         !RING_REQUEST_PROD_OVERFLOW(&b.rx, end);
       n++) {
    RING_COPY_REQUEST(&b.rx, b.rx.req_cons++, &departures[n].request);
    departures[n].packet = b.waiting.take();
    departures[n].done = false;
  }
  return n;
}

bool give_to_frontend(Back& b) {
  Departure departures[batch];
  const unsigned count = pair_up(b, departures);
  if (!count) return false;
  u16 lengths[batch], offsets[batch];
  for (unsigned i = 0; i < count; i++) {
    lengths[i] = static_cast<u16>(departures[i].packet->length);
    // A copy begins where the frame does; a frame that goes itself is as it is.
    offsets[i] = b.receive == Receive::copy ? 0 : static_cast<u16>(departures[i].packet->offset);
  }
  hand_over(b.receive, static_cast<domid_t>(b.bus.other_domain), departures, count);
  for (unsigned i = 0; i < count; i++) {
    const bool done = departures[i].done;
    *RING_GET_RESPONSE(&b.rx, b.rx.rsp_prod_pvt++) = {
        departures[i].request.id, offsets[i], 0, static_cast<int16_t>(done ? lengths[i] : NETIF_RSP_ERROR)};
    b.dropped += !done;
  }
  int notify;
  RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&b.rx, notify);
  if (notify) event_send(b.bus.port);
  return true;
}

// --- life ------------------------------------------------------------------------------------------------
Receive requested(const char* frontend) {
  u64 yes = 0;
  if (!store_read_number(frontend, "request-rx-copy", yes) && yes) return Receive::copy;
  if (!store_read_number(frontend, "request-rx-donate", yes) && yes) return Receive::donate;
  if (!store_read_number(frontend, "request-rx-exchange", yes) && yes) return Receive::exchange;
  return Receive::flip;
}

unsigned batch_of(const char* directory) {
  u64 wanted = 0;
  const bool given = !store_read_number(directory, batch_key, wanted) && wanted;
  return given ? static_cast<unsigned>(min_of(wanted, u64{batch})) : batch;
}

bool connect(Back& b) {
  b.receive = requested(b.bus.other);
  b.handed_over = batch_of(b.bus.own);
  if (bus_map_ring(b.bus, "tx-ring-ref", b.tx_page) || bus_map_ring(b.bus, "rx-ring-ref", b.rx_page))
    return false;
  BACK_RING_INIT(&b.tx, static_cast<netif_tx_sring_t*>(b.tx_page.va), page_bytes);
  BACK_RING_INIT(&b.rx, static_cast<netif_rx_sring_t*>(b.rx_page.va), page_bytes);
  return !bus_bind_port(b.bus);
}

void disconnect(Back& b) {
  bus_close_port(b.bus);
  granted_unmap(b.tx_page);
  granted_unmap(b.rx_page);
  while (Packet* p = b.waiting.take()) packet_free(p);
}

// From here on the frontend sends an event when it asks for something; it may have done so just before.
bool asked_meanwhile(Back& b) {
  int tx, rx = 0;
  RING_FINAL_CHECK_FOR_REQUESTS(&b.tx, tx);
  if (b.waiting.count) RING_FINAL_CHECK_FOR_REQUESTS(&b.rx, rx);
  return tx || rx;
}

// More requests than the ring can hold: nobody could ever serve them, and there would always be some.
template <typename Ring>
bool is_overrun(const Ring& ring) {
  return RING_REQUEST_PROD_OVERFLOW(&ring, __atomic_load_n(&ring.sring->req_prod, __ATOMIC_ACQUIRE));
}

void run(Back& b) {
  for (;;) {
    b.bus.moved = false;
    if (is_overrun(b.tx) || is_overrun(b.rx))
      return print_line("net: %s: no ring has so many requests", b.bus.own);
    bool any = take_from_frontend(b);
    any |= give_to_frontend(b);
    if (bus_other_left(b.bus, bus_states(XenbusStateConnected))) return;
    if (any || asked_meanwhile(b))
      thread_yield();  // a frontend on another CPU could keep us busy for ever
    else
      bus_wait(b.bus);
  }
}

constexpr const char* features[] = {"feature-rx-copy", "feature-rx-flip", "feature-rx-donate",
                                    "feature-rx-exchange"};

void serve(const char* path) {
  auto* b = heap_new<Back>();
  if (!b || bus_open(b->bus, path, "frontend")) return heap_free(b);
  b->NetPort::send = send;
  u64 host;
  if (store_read_number(path, "host", host)) host = b->bus.other_domain;
  station_of(static_cast<u32>(host), b->station);
  for (const char* key : features) store_write_number(path, key, 1);
  bus_set_state(b->bus, XenbusStateInitWait);
  const XenbusState state = bus_wait_for(b->bus, bus_gone | bus_states(XenbusStateConnected));
  if (state == XenbusStateConnected) {
    if (connect(*b)) {
      bridge_add(*b);
      bus_set_state(b->bus, XenbusStateConnected);
      run(*b);
      // What it sent just before it left: one ring's worth, since it may go on sending.
      for (unsigned n = 0; n < net_ring_slots && take_from_frontend(*b); n += batch) {
      }
      bridge_remove(*b);
    } else {
      print_line("net: %s cannot be connected", path);
    }
    disconnect(*b);
  }
  bus_leave(b->bus);
  heap_free(b);
}

constexpr BusType type = {"backend/vif", 2, serve};

// This kernel's own stack is a port like the others.
void to_own_stack(NetPort&, Packet* packet) { stack_receive(packet); }
NetPort own_side;  // what the bridge sees of the stack
NetPort stack_side;
void from_own_stack(NetPort&, Packet* packet) { bridge_pass(own_side, packet); }
}  // namespace

void netback_start(u32 domain) {
  station_of(domain, own_side.station);
  station_of(domain, stack_side.station);
  own_side.send = to_own_stack;
  stack_side.send = from_own_stack;
  bridge_add(own_side);
  stack_use(domain, stack_side);
  bus_watch_for(type);
}
