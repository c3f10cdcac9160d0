// memcpy, memmove, memset, eight bytes at a time where both sides allow.
#include "hypervisor/common/lib.h"

namespace {

using Word = hv::u64;
bool aligned(const void* a, const void* b) {
  return ((reinterpret_cast<Word>(a) | reinterpret_cast<Word>(b)) & 7) == 0;
}

}  // namespace

// Not to be turned into calls of themselves.
#pragma GCC optimize("no-tree-loop-distribute-patterns")

void* memcpy(void* to, const void* from, size_t bytes) {
  auto* t = static_cast<hv::u8*>(to);
  auto* f = static_cast<const hv::u8*>(from);
  if (aligned(t, f))
    for (; bytes >= 8; bytes -= 8, t += 8, f += 8)
      *reinterpret_cast<Word*>(t) = *reinterpret_cast<const Word*>(f);
  for (; bytes != 0; --bytes) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
  auto* t = static_cast<hv::u8*>(to);
  auto* f = static_cast<const hv::u8*>(from);
  if (t <= f || t >= f + bytes) return memcpy(to, from, bytes);
  while (bytes-- != 0) t[bytes] = f[bytes];
  return to;
}

void* memset(void* to, int value, size_t bytes) {
  auto* t = static_cast<hv::u8*>(to);
  const Word pattern = 0x0101010101010101 * static_cast<hv::u8>(value);
  for (; bytes != 0 && (reinterpret_cast<Word>(t) & 7) != 0; --bytes) *t++ = static_cast<hv::u8>(value);
  for (; bytes >= 8; bytes -= 8, t += 8) *reinterpret_cast<Word*>(t) = pattern;
  for (; bytes != 0; --bytes) *t++ = static_cast<hv::u8>(value);
  return to;
}
