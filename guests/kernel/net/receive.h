// The ways in which packets reach a frontend (`receive=` of network-attach), and the frontend's part of each.
//
//                 the frontend offers            the backend                    a packet's page afterwards
//   copy          a frame to write to            GNTTABOP_copy                  the frontend's own
//   flip          a place, for a frame that it   GNTTABOP_transfer, and takes   the frontend's
//                 gives back for it              another frame at once
//   donate-copy   a place, of a stock            XS_GNTTABOP_donate, and takes  copied out, given back with
//                                                frames when a batch is gone    others when they are a batch
//   donate-free   the same                       the same                       the same, when it is freed
//   exchange      a frame, cleared               XS_GNTTABOP_exchange           the frontend's
//
// What the backend must know is in the frontend's directory: request-rx-copy, -donate, -exchange; none: flip.
#pragma once
#include "guests/kernel/net/packet.h"
#include "guests/lib/grant.h"

enum class Receive : u8 { copy, flip, donate, exchange };

constexpr unsigned net_batch = 32;  // packets that are dealt with together

// Offered to the backend, for one packet.
struct RxOffer {
  Pfn frame;        // this frame, or what will be its number
  u64 number;       // by which hypercalls know it while it is mapped nowhere
  grant_ref_t ref;  // no_grant: none
};

enum class RxOutcome : u8 {
  came,    // the frame is here
  held,    // the backend has not let go of it
  nothing  // ... and nothing will come
};

struct ReceiveWay {
  const char* name;
  Receive how;
  bool (*begin)();  // for one interface more, or no more
  void (*end)();
  // Fills in frame and number of up to `count` offers; how many.
  unsigned (*prepare)(RxOffer* offers, unsigned count);
  grant_ref_t (*grant)(domid_t backend, const RxOffer& offer);
  RxOutcome (*collect)(RxOffer& offer);
  // Frames that have come are this kernel's like others; offers that came to nothing are undone.
  void (*arrived)(const RxOffer* offers, unsigned count);
  void (*withdraw)(const RxOffer* offers, unsigned count);
  // The same of offers of another domain, which this one has been: numbers mean nothing any more.
  void (*lose)(const RxOffer* offers, unsigned count);
  // Around a frame with contents, or what is copied out of it; null: no memory.
  Packet* (*packet)(Pfn frame, u32 offset, u32 length);
  void (*discard)(Pfn frame);
};

extern const ReceiveWay receive_copy, receive_flip, receive_donate_copy, receive_donate_free,
    receive_exchange;
const ReceiveWay* receive_way(const char* name);  // null: there is none of that name

// Where a frame comes to, by whichever operation.
grant_ref_t rx_grant_place(domid_t backend, const RxOffer& offer);
RxOutcome rx_collect_transfer(RxOffer& offer);
void rx_adopt(const RxOffer* offers, unsigned count);
