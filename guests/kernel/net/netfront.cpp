// The frontend of a network interface: device/vif/<n>.
//
//   stack ──send──> tx ring: a granted packet each ──> backend
//   stack <──────── rx ring: granted frames, or places for them (receive.h) <── backend
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/net/netif.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/console.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned batch = net_batch;

// A packet on its way to the backend.
struct TxSlot {
  Packet* packet;
  grant_ref_t ref;  // no_grant: not in use
};

struct Front : NetPort {
  BusDevice bus;
  SharedPage tx_page, rx_page;
  netif_tx_front_ring_t tx;
  netif_rx_front_ring_t rx;
  const ReceiveWay* way;
  bool begun;  // the way knows of this interface
  PacketQueue waiting;
  TxSlot tx_slots[net_ring_slots];
  RxOffer rx_slots[net_ring_slots];
};

void send(NetPort& port, Packet* packet) {
  auto& f = static_cast<Front&>(port);
  if (!f.waiting.put(packet)) {
    f.dropped++;
    return packet_free(packet);
  }
  bus_wake(f.bus);
}

TxSlot* free_slot(TxSlot (&slots)[net_ring_slots]) {
  for (TxSlot& s : slots)
    if (s.ref == no_grant) return &s;
  return nullptr;
}

bool transmit(Front& f) {
  int notify;
  bool any = false;
  while (f.waiting.count && !RING_FULL(&f.tx)) {
    TxSlot* slot = free_slot(f.tx_slots);
    if (!slot) break;  // answered, but not yet let go
    Packet* p = f.waiting.first;
    slot->ref = grant_access(static_cast<domid_t>(f.bus.other_domain), model_machine(p->frame), true);
    if (slot->ref == no_grant) break;
    slot->packet = f.waiting.take();
    auto* request = RING_GET_REQUEST(&f.tx, f.tx.req_prod_pvt++);
    *request = {slot->ref, static_cast<u16>(p->offset), 0, static_cast<u16>(slot - f.tx_slots),
                static_cast<u16>(p->length)};
    any = true;
  }
  if (!any) return false;
  RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&f.tx, notify);
  if (notify) event_send(f.bus.port);
  return true;
}

// The ring's producer of responses; what answers more than has been asked is nothing that one could wait for.
template <typename Ring>
RING_IDX responses_end(const Ring& ring) {
  const RING_IDX end = __atomic_load_n(&ring.sring->rsp_prod, __ATOMIC_ACQUIRE);
  return end - ring.rsp_cons <= ring.req_prod_pvt - ring.rsp_cons ? end : ring.rsp_cons;
}

bool reap_transmitted(Front& f) {
  bool any = false;
  int more;
  do {
    const RING_IDX end = responses_end(f.tx);
    for (; f.tx.rsp_cons != end; f.tx.rsp_cons++, any = true) {
      const u16 id = RING_GET_RESPONSE(&f.tx, f.tx.rsp_cons)->id;
      if (id >= net_ring_slots || f.tx_slots[id].ref == no_grant || !grant_end_access(f.tx_slots[id].ref))
        continue;
      packet_free(f.tx_slots[id].packet);
      f.tx_slots[id] = {nullptr, no_grant};
    }
    RING_FINAL_CHECK_FOR_RESPONSES(&f.tx, more);
  } while (more);
  return any;
}

bool refill(Front& f) {
  RxOffer* slots[batch];
  RxOffer offers[batch];
  const unsigned room = min_of(static_cast<unsigned>(RING_FREE_REQUESTS(&f.rx)), batch);
  unsigned count = 0;
  for (unsigned i = 0; i < net_ring_slots && count < room; i++)
    if (f.rx_slots[i].ref == no_grant) slots[count++] = &f.rx_slots[i];
  count = f.way->prepare(offers, count);
  bool any = false;
  for (unsigned i = 0; i < count; i++) {
    offers[i].ref = f.way->grant(static_cast<domid_t>(f.bus.other_domain), offers[i]);
    if (offers[i].ref == no_grant) {  // other devices have them all
      f.way->withdraw(&offers[i], 1);
      continue;
    }
    *slots[i] = offers[i];
    any = true;
    *RING_GET_REQUEST(&f.rx, f.rx.req_prod_pvt++) = {static_cast<u16>(slots[i] - f.rx_slots), 0,
                                                     offers[i].ref};
  }
  if (!any) return false;
  int notify;
  RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&f.rx, notify);
  if (notify) event_send(f.bus.port);
  return true;
}

struct Received {
  netif_rx_response_t response;
  Pfn frame;
};

// The frames that responses are about, ours again; invalid_frame: the backend has kept, or lost one.
void take_back(Front& f, Received* received, unsigned count) {
  RxOffer came[batch], lost[batch];
  unsigned came_count = 0, lost_count = 0;
  for (unsigned i = 0; i < count; i++) {
    RxOffer& offer = f.rx_slots[received[i].response.id];
    const RxOutcome outcome = f.way->collect(offer);
    received[i].frame = outcome == RxOutcome::came ? offer.frame : invalid_frame;
    if (outcome == RxOutcome::held) continue;  // and the slot stays as it is
    (outcome == RxOutcome::came ? came[came_count++] : lost[lost_count++]) = offer;
    offer.ref = no_grant;
  }
  if (came_count) f.way->arrived(came, came_count);
  if (lost_count) f.way->withdraw(lost, lost_count);
}

void deliver(Front& f, const Received& r) {
  if (r.frame == invalid_frame) return;
  const auto [id, offset, flags, status] = r.response;
  const bool sane = status > 0 && offset < page_bytes && status <= static_cast<s64>(page_bytes - offset);
  Packet* p = sane ? f.way->packet(r.frame, offset, static_cast<u32>(status)) : nullptr;
  if (!p) {
    f.dropped++;
    return f.way->discard(r.frame);
  }
  f.received++;
  stack_receive(p);
}

bool is_awaited(const Front& f, u16 id) { return id < net_ring_slots && f.rx_slots[id].ref != no_grant; }

bool named_before(const Received* received, unsigned count, u16 id) {
  for (unsigned i = 0; i < count; i++)
    if (received[i].response.id == id) return true;
  return false;
}

bool take_received(Front& f) {
  Received received[batch];
  unsigned count = 0;
  int more;
  const RING_IDX end = responses_end(f.rx);
  const RING_IDX begin = f.rx.rsp_cons;
  for (; f.rx.rsp_cons != end && count < batch; f.rx.rsp_cons++) {
    received[count].response = *RING_GET_RESPONSE(&f.rx, f.rx.rsp_cons);
    const u16 id = received[count].response.id;
    if (is_awaited(f, id) && !named_before(received, count, id)) count++;
  }
  take_back(f, received, count);
  for (unsigned i = 0; i < count; i++) deliver(f, received[i]);
  if (f.rx.rsp_cons != begin) return true;
  RING_FINAL_CHECK_FOR_RESPONSES(&f.rx, more);
  return more;
}

const ReceiveWay* wanted_way(const char* own) {
  char name[16] = "copy";
  store_read_text(own, "receive", name, sizeof name);
  const ReceiveWay* const way = receive_way(name);
  return way ? way : &receive_copy;
}

bool prepare(Front& f) {
  if (granted_start()) return false;
  f.way = wanted_way(f.bus.own);
  if (!(f.begun = f.way->begin())) return false;
  f.tx_page = share_page(f.bus.other_domain);
  f.rx_page = share_page(f.bus.other_domain);
  if (!f.tx_page.va || !f.rx_page.va || bus_offer_port(f.bus)) return false;
  auto* tx = static_cast<netif_tx_sring_t*>(f.tx_page.va);
  auto* rx = static_cast<netif_rx_sring_t*>(f.rx_page.va);
  SHARED_RING_INIT(tx);
  SHARED_RING_INIT(rx);
  FRONT_RING_INIT(&f.tx, tx, page_bytes);
  FRONT_RING_INIT(&f.rx, rx, page_bytes);
  return true;
}

bool tell_backend(Front& f) {
  const StoreNumber numbers[] = {{"tx-ring-ref", f.tx_page.ref},
                                 {"rx-ring-ref", f.rx_page.ref},
                                 {"event-channel", f.bus.port},
                                 {"request-rx-copy", f.way->how == Receive::copy},
                                 {"request-rx-donate", f.way->how == Receive::donate},
                                 {"request-rx-exchange", f.way->how == Receive::exchange}};
  if (store_write_together(f.bus.own, numbers, count_of(numbers))) return false;
  refill(f);
  bus_set_state(f.bus, XenbusStateConnected);
  return true;
}

// Until the backend goes away.
void run(Front& f) {
  while (!f.bus.orphaned) {
    f.bus.moved = false;
    bool any = reap_transmitted(f);
    any |= transmit(f);
    any |= take_received(f);
    any |= refill(f);
    if (bus_other_left(f.bus, bus_states(XenbusStateConnected))) return;
    any ? thread_yield() : bus_wait(f.bus);  // the other end must not keep us from everything else
  }
}

void leave_offers(Front& f) {
  for (RxOffer& offer : f.rx_slots) {
    const RxOutcome outcome = offer.ref == no_grant ? RxOutcome::held : f.way->collect(offer);
    if (outcome == RxOutcome::held) continue;
    if (outcome == RxOutcome::nothing) {
      (f.bus.orphaned ? f.way->lose : f.way->withdraw)(&offer, 1);
      continue;
    }
    f.way->arrived(&offer, 1);
    f.way->discard(offer.frame);
  }
  if (f.begun) f.way->end();
}

// What the backend still uses stays as it is, for ever; nothing else does.
void leave(Front& f) {
  stack_leave(f);
  bus_close_port(f.bus);
  while (Packet* p = f.waiting.take()) packet_free(p);
  for (TxSlot& s : f.tx_slots)
    if (s.ref != no_grant && grant_end_access(s.ref)) packet_free(s.packet);
  leave_offers(f);
  unshare_page(f.tx_page);
  unshare_page(f.rx_page);
  bus_set_closed(f.bus, "backend");
  bus_close(f.bus);
  heap_free(&f);
}

bool connect(Front& f) {
  if (bus_wait_for(f.bus, bus_gone | bus_states(XenbusStateInitWait)) != XenbusStateInitWait) return false;
  if (!prepare(f) || !tell_backend(f)) return print_line("net: %s: no memory", f.bus.own), false;
  return bus_wait_for(f.bus, bus_gone | bus_states(XenbusStateConnected)) == XenbusStateConnected;
}

// What its station and address are made of: what the toolstack says, or this domain's own number.
bool host_of(const char* path, u32& host) {
  u64 told;
  if (store_read_number(path, "host", told)) return bus_own_domain(host);
  host = static_cast<u32>(told);
  return true;
}

void serve(const char* path) {
  u32 domain;
  auto* f = host_of(path, domain) ? heap_new<Front>() : nullptr;
  if (!f || bus_open(f->bus, path, "backend")) return heap_free(f);
  for (unsigned i = 0; i < net_ring_slots; i++) f->tx_slots[i].ref = f->rx_slots[i].ref = no_grant;
  f->send = send;
  station_of(domain, f->station);
  if (connect(*f)) {
    stack_use(domain, *f);
    print_line("net: %s is connected to domain %u, received by %s", path, f->bus.other_domain, f->way->name);
    run(*f);
  }
  leave(*f);
  print_line("net: %s has lost its backend", path);
}

constexpr BusType type = {"device/vif", 1, serve};
}  // namespace

void netfront_start() { bus_watch_for(type); }
