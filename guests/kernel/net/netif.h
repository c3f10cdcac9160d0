// The rings of a network interface (xen/io/netif.h), as both ends have them.
#pragma once
#include "guests/kernel/net/receive.h"
#include "guests/kernel/xenbus/ring.h"

#include <xen/io/netif.h>

constexpr unsigned net_ring_slots = __CONST_RING_SIZE(netif_rx, page_bytes);
void netfront_start();
// This kernel is the backend of others' interfaces; `domain` is its own number.
void netback_start(u32 domain);
