// The backend's part of each way to receive (receive.h).
#pragma once
#include "guests/kernel/net/netif.h"

struct Departure {
  netif_rx_request_t request;
  Packet* packet;
  bool done;
};

// Packets, or their frames, go to `domain` by the references of its requests; `done` says which have. The
// packets are used up. At most net_batch.
void hand_over(Receive how, domid_t domain, Departure* departures, unsigned count);
