// What programs spend their time with, in equal parts: sort, hash table, matrix, CRC, search tree, indirect
// calls. The same machine code runs natively and on a bare Unicorn: it touches its own arrays only.
#include "tests/bench/x86/mark.h"
#include "tests/isa/lib/main.h"

namespace {

using isa::u32;
using isa::u64;
using isa::u8;

constexpr u32 sorted = 4096, buckets = 8192, side = 40, text_bytes = 24576, nodes = 2048, calls = 20000;

u64 state;
u64 next() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state >> 20;
}

u32 values[sorted];
u64 sort() {
  for (u32& v : values) v = static_cast<u32>(next());
  for (u32 gap = sorted / 2; gap > 0; gap /= 2)
    for (u32 i = gap; i < sorted; ++i) {
      const u32 v = values[i];
      u32 j = i;
      for (; j >= gap && values[j - gap] > v; j -= gap) values[j] = values[j - gap];
      values[j] = v;
    }
  return values[sorted / 2];
}

u64 keys[buckets];
u64 hash() {
  u64 found = 0;
  for (u64& k : keys) k = 0;
  for (u32 i = 0; i < buckets / 2; ++i) {
    const u64 key = next() | 1;
    u64 at = key * 0x9e3779b97f4a7c15u >> 51;
    while (keys[at] != 0 && keys[at] != key) at = (at + 1) % buckets;
    keys[at] = key;
  }
  for (u32 i = 0; i < buckets; ++i) found += keys[next() * 0x9e3779b97f4a7c15u >> 51] != 0;
  return found;
}

u64 left[side][side], right[side][side], product[side][side];
u64 matrix() {
  for (u32 i = 0; i < side; ++i)
    for (u32 j = 0; j < side; ++j) left[i][j] = next(), right[i][j] = next();
  for (u32 i = 0; i < side; ++i)
    for (u32 j = 0; j < side; ++j) {
      u64 sum = 0;
      for (u32 k = 0; k < side; ++k) sum += left[i][k] * right[k][j];
      product[i][j] = sum;
    }
  return product[side - 1][side - 1];
}

u32 crc_table[256];
u8 text[text_bytes];
u64 crc() {
  for (u32 i = 0; i < 256; ++i) {
    u32 c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    crc_table[i] = c;
  }
  for (u8& byte : text) byte = static_cast<u8>(next());
  u32 c = ~0u;
  for (const u8 byte : text) c = crc_table[(c ^ byte) & 0xff] ^ c >> 8;
  return c;
}

struct Node {
  u64 key;
  Node* child[2];
} tree[nodes];
u64 search_tree() {
  for (u32 i = 0; i < nodes; ++i) tree[i] = {next(), {nullptr, nullptr}};
  u64 depth = 0;
  for (u32 i = 1; i < nodes; ++i) {
    Node* at = tree;
    for (;; ++depth) {
      Node*& down = at->child[tree[i].key > at->key];
      if (down == nullptr) {
        down = &tree[i];
        break;
      }
      at = down;
    }
  }
  return depth;
}

using Function = u64 (*)(u64);
u64 add(u64 x) { return x + 7; }
u64 twist(u64 x) { return x ^ x << 13; }
u64 spread(u64 x) { return x * 31; }
u64 fold(u64 x) { return x ^ x >> 7; }
Function const functions[4] = {add, twist, spread, fold};
u64 indirect() {
  u64 x = next();
  for (u32 i = 0; i < calls; ++i) x = functions[x & 3](x) + i;
  return x;
}

}  // namespace

extern "C" const u64 bench_rounds = 24;

extern "C" u64 bench_compute(u64 count) {
  state = 1;
  u64 sum = 0;
  for (u64 i = 0; i < count; ++i)
    sum = sum * 3 + (sort() ^ hash() ^ matrix() ^ crc() ^ search_tree() ^ indirect());
  return sum;
}

void isa_main() {
  isa::bench_begin();
  const u64 sum = bench_compute(bench_rounds);
  isa::bench_end(bench_rounds, sum);
}
