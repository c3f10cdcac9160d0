// receive=donate-copy, donate-free: pages come with packets and go back through the balloon, a batch at a
// time.
//
//   place ──XS_GNTTABOP_donate──> Used ──done with──> returned ──a batch: decrease_reservation──> place
//
// Places are numbers of frames (Promised). The stock is made by giving frames back, so that this domain never
// has more than it may: what is not here is promised, or on its way back.
#include "guests/kernel/balloon.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/net/netif.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned most_interfaces = 4;
// A ring that is full of offers, while a batch is on its way back.
constexpr unsigned places_each = net_ring_slots + model_batch;

Pfn places[most_interfaces * places_each + model_batch];
unsigned place_count;
Pfn returned[model_batch];
unsigned returned_count;
unsigned interfaces;

void release(const Pfn* frames, unsigned count) {
  const ModelResult r = model_release(frames, count);
  for (unsigned i = 0; i < count; i++) {
    if (i >= r.done) {
      frames_free(frames[i]);
      continue;
    }
    frames_mark(frames[i], FrameState::Promised);
    places[place_count++] = frames[i];
  }
}

// Frames again. Those that the hypervisor has no memory for now are left to the balloon.
void fill_places(unsigned count) {
  for (unsigned n; count && place_count; count -= n) {
    n = min_of(min_of(count, place_count), model_batch);
    place_count -= n;
    const ModelResult r = model_accept(places + place_count, n);
    for (unsigned i = 0; i < n; i++)
      frames_mark(places[place_count + i], i < r.done ? FrameState::Free : FrameState::Absent);
    if (r.done < n) balloon_look();
  }
}

bool begin() {
  if (interfaces == most_interfaces) return false;
  interfaces++;
  const unsigned before = place_count;
  while (place_count - before < places_each) {
    Pfn frames[model_batch];
    const unsigned n = frames_take_free(frames, min_of(places_each - (place_count - before), model_batch));
    const unsigned had = place_count;
    release(frames, n);
    if (place_count == had) break;  // it will do with fewer
  }
  return place_count != before;
}

void end() {
  if (--interfaces == 0)
    while (returned_count) frames_free(returned[--returned_count]);
  fill_places(interfaces ? places_each : place_count);
}

unsigned take_places(RxOffer* offers, unsigned count) {
  const unsigned n = min_of(count, place_count);
  for (unsigned i = 0; i < n; i++) offers[i] = {places[--place_count], 0, no_grant};
  return n;
}

void put_places(const RxOffer* offers, unsigned count) {
  for (unsigned i = 0; i < count; i++) places[place_count++] = offers[i].frame;
}

void give_back(Pfn frame) {
  if (!interfaces) return frames_free(frame);
  returned[returned_count++] = frame;
  if (returned_count < model_batch) return;
  returned_count = 0;
  release(returned, model_batch);
}

Packet* copied_out(Pfn frame, u32 offset, u32 length) {
  Packet* p = packet_new(length);
  if (p) memcpy(p->bytes(), static_cast<u8*>(frame_va(frame)) + offset, length);
  if (p) give_back(frame);
  return p;
}

Packet* hooked(Pfn frame, u32 offset, u32 length) {
  Packet* p = packet_of(frame, offset, length);
  if (p) p->give_back = give_back;
  return p;
}
}  // namespace

constexpr ReceiveWay receive_donate_copy = {
    "donate-copy",       Receive::donate, begin,      end,        take_places, rx_grant_place,
    rx_collect_transfer, rx_adopt,        put_places, put_places, copied_out,  give_back};
constexpr ReceiveWay receive_donate_free = {
    "donate-free",       Receive::donate, begin,      end,        take_places, rx_grant_place,
    rx_collect_transfer, rx_adopt,        put_places, put_places, hooked,      give_back};
