// Byte streams of xenstore's shared page (xen/io/xs_wire.h). Indices count up freely; the other side may be
// hostile, so every distance is checked.
#pragma once
#include "guests/lib/types.h"

#include <xen/io/xs_wire.h>

// One direction: producer and consumer index over a 1024-byte buffer.
struct StoreStream {
  char* bytes;
  XENSTORE_RING_IDX* producer;
  XENSTORE_RING_IDX* consumer;

  u32 readable() const;  // more than the ring holds: the other side broke the protocol
  u32 writable() const;
  u32 read(void* to, u32 length);
  u32 write(const void* from, u32 length);
  bool broken() const { return readable() > XENSTORE_RING_SIZE; }
};

inline StoreStream store_requests(xenstore_domain_interface* page) {
  return {page->req, &page->req_prod, &page->req_cons};
}
inline StoreStream store_responses(xenstore_domain_interface* page) {
  return {page->rsp, &page->rsp_prod, &page->rsp_cons};
}
