// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv
#pragma once
#include "guests/lib/types.h"

struct Fnv {
  u64 value = 0xcbf29ce484222325;
  void add(const u8* bytes, u64 count) {
    for (u64 i = 0; i < count; i++) value = (value ^ bytes[i]) * 0x100000001b3;
  }
};
