// The rings of a network interface (xen/io/netif.h), as both ends have them.
#pragma once
#include "guests/kernel/xenbus/ring.h"

#include <xen/io/netif.h>

// How packets reach the frontend, told by it in xenstore: "request-rx-copy" 1 or 0.
enum class Receive : u8 {
  copy,  // the backend copies into a frame that is granted (GNTTABOP_copy)
  flip   // a frame changes hands (GNTTABOP_transfer); the frontend has given one back for it before
};

constexpr unsigned net_ring_slots = __CONST_RING_SIZE(netif_rx, page_bytes);
void netfront_start();
// This kernel is the backend of others' interfaces; `domain` is its own number.
void netback_start(u32 domain);
