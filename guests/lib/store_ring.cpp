#include "guests/lib/store_ring.h"

u32 StoreStream::readable() const {
  return __atomic_load_n(producer, __ATOMIC_ACQUIRE) - __atomic_load_n(consumer, __ATOMIC_ACQUIRE);
}

u32 StoreStream::writable() const {
  u32 used = readable();
  return used > XENSTORE_RING_SIZE ? 0 : XENSTORE_RING_SIZE - used;
}

u32 StoreStream::read(void* to, u32 length) {
  if (broken()) return 0;
  u32 n = min_of(length, readable());
  u32 at = *consumer;
  for (u32 i = 0; i < n; i++) static_cast<char*>(to)[i] = bytes[MASK_XENSTORE_IDX(at + i)];
  __atomic_store_n(consumer, at + n, __ATOMIC_RELEASE);
  return n;
}

u32 StoreStream::write(const void* from, u32 length) {
  u32 n = min_of(length, writable());
  u32 at = *producer;
  for (u32 i = 0; i < n; i++) bytes[MASK_XENSTORE_IDX(at + i)] = static_cast<const char*>(from)[i];
  __atomic_store_n(producer, at + n, __ATOMIC_RELEASE);
  return n;
}
