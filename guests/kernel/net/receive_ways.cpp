// copy, flip and exchange. Those that donate have a stock: donated.cpp.
#include "guests/kernel/balloon.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/net/receive.h"
#include "guests/lib/string.h"
#include "hypervisor/abi/grants.h"

namespace {
bool begin() { return true; }
void end() {}

// Its contents are for the backend to see.
unsigned take_cleared(RxOffer* offers, unsigned count) {
  unsigned n = 0;
  for (; n < count; n++) {
    const Pfn frame = frames_alloc();
    if (frame == invalid_frame) break;
    memset(frame_va(frame), 0, page_bytes);
    offers[n] = {frame, model_machine(frame), no_grant};
  }
  return n;
}

void free_all(const RxOffer* offers, unsigned count) {
  for (unsigned i = 0; i < count; i++) frames_free(offers[i].frame);
}

// --- copy ------------------------------------------------------------------------------------------------
grant_ref_t grant_frame(domid_t backend, const RxOffer& offer) {
  return grant_access(backend, offer.number, false);
}
RxOutcome collect_frame(RxOffer& offer) {
  return grant_end_access(offer.ref) ? RxOutcome::came : RxOutcome::held;
}
void nothing_changes(const RxOffer*, unsigned) {}

// --- flip ------------------------------------------------------------------------------------------------
// Frames that are to be replaced are given back first; what the hypervisor does not take is not offered.
unsigned give_back(RxOffer* offers, unsigned count) {
  Pfn frames[net_batch] = {};
  unsigned n = 0;
  while (n < count && (frames[n] = frames_alloc()) != invalid_frame) n++;
  const unsigned done = n ? static_cast<unsigned>(model_release(frames, n).done) : 0;
  for (unsigned i = 0; i < done; i++) {
    frames_mark(frames[i], FrameState::Promised);
    offers[i] = {frames[i], 0, no_grant};
  }
  for (unsigned i = done; i < n; i++) frames_free(frames[i]);
  return done;
}

// The balloon may fill them again.
void forget_places(const RxOffer* offers, unsigned count) {
  for (unsigned i = 0; i < count; i++) frames_mark(offers[i].frame, FrameState::Absent);
}

// --- exchange --------------------------------------------------------------------------------------------
unsigned take_out(RxOffer* offers, unsigned count) {
  const unsigned n = take_cleared(offers, count);
  Pfn frames[net_batch];
  u64 numbers[net_batch];
  for (unsigned i = 0; i < n; i++) frames[i] = offers[i].frame;
  if (n) memory_model->grants->offer(frames, numbers, n);
  for (unsigned i = 0; i < n; i++) offers[i].number = numbers[i];
  return n;
}

grant_ref_t grant_exchange(domid_t backend, const RxOffer& offer) {
  return grant_transfer_ref(backend, offer.number, XS_GTF_EXCHANGE);
}

void put_back(const RxOffer* offers, unsigned count) {
  rx_adopt(offers, count);
  free_all(offers, count);
}

// What was mapped nowhere, and known by its number alone, has been left behind; the balloon may fill the
// place.
void leave_behind(const RxOffer* offers, unsigned count) {
  if (memory_model->grants->offered_stays) return free_all(offers, count);
  for (unsigned i = 0; i < count; i++) frames_mark(offers[i].frame, FrameState::Absent);
  balloon_look();
}
}  // namespace

grant_ref_t rx_grant_place(domid_t backend, const RxOffer& offer) {
  return grant_transfer_ref(backend, memory_model->grants->accept_as(offer.frame));
}

RxOutcome rx_collect_transfer(RxOffer& offer) {
  const u64 number = grant_end_transfer(offer.ref);
  if (number == invalid_frame) return RxOutcome::nothing;
  offer.number = number;
  return RxOutcome::came;
}

// As if they had been allocated one by one.
void rx_adopt(const RxOffer* offers, unsigned count) {
  Pfn frames[net_batch];
  u64 numbers[net_batch];
  for (unsigned i = 0; i < count; i++) frames[i] = offers[i].frame, numbers[i] = offers[i].number;
  if (count) memory_model->grants->adopt(frames, numbers, count);
  for (unsigned i = 0; i < count; i++) {
    frames_mark(frames[i], FrameState::Used);
    frame_info(frames[i]).run = 1;
  }
}

constexpr ReceiveWay receive_copy = {"copy",       Receive::copy, begin,         end,
                                     take_cleared, grant_frame,   collect_frame, nothing_changes,
                                     free_all,     free_all,      packet_of,     frames_free};
constexpr ReceiveWay receive_flip = {
    "flip",   Receive::flip, begin,         end,       give_back,  rx_grant_place, rx_collect_transfer,
    rx_adopt, forget_places, forget_places, packet_of, frames_free};
constexpr ReceiveWay receive_exchange = {
    "exchange",          Receive::exchange, begin,    end,          take_out,  grant_exchange,
    rx_collect_transfer, rx_adopt,          put_back, leave_behind, packet_of, frames_free};

namespace {
constexpr const ReceiveWay* ways[] = {&receive_copy, &receive_flip, &receive_donate_copy,
                                      &receive_donate_free, &receive_exchange};
}

const ReceiveWay* receive_way(const char* name) {
  for (const ReceiveWay* way : ways)
    if (!strcmp(way->name, name)) return way;
  return nullptr;
}
