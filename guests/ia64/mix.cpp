// A mixture of C++ that checks itself against known results: hashing, sorting, strings, lists, divisions,
// floating point, deep recursion (the register stack spills and fills), variable arguments, pointers to
// functions, system-level breaks. What it proves is that compiled code runs as its compiler meant it.
#include <stdarg.h>

#include "guests/ia64/lib/bare.h"

using namespace bare;

namespace {

unsigned checks, failures;

void same(const char* what, u64 got, u64 expected) {
  ++checks;
  if (got == expected) return;
  ++failures;
  print("  WRONG ", what, ": ", got, ", expected ", expected, "\n");
}

/// Numbers that look random, the same each time (Marsaglia's xorshift64*).
struct Numbers {
  u64 state = 88172645463325252;
  u64 next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717;
  }
};

u32 crc32(const u8* data, u64 size) {
  u32 crc = ~u32{0};
  for (u64 i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

// FIPS 180-4, 4.1.2 and 6.2; the constants are the fractional parts of cube and square roots of primes.
constexpr u32 round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr u32 rotated(u32 x, unsigned n) { return x >> n | x << (32 - n); }

void sha256_block(u32 (&h)[8], const u8* block) {
  u32 w[64];
  for (unsigned i = 0; i < 16; ++i)
    w[i] =
        u32{block[4 * i]} << 24 | u32{block[4 * i + 1]} << 16 | u32{block[4 * i + 2]} << 8 | block[4 * i + 3];
  for (unsigned i = 16; i < 64; ++i) {
    const u32 s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    const u32 s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  u32 v[8];
  for (unsigned i = 0; i < 8; ++i) v[i] = h[i];
  for (unsigned i = 0; i < 64; ++i) {
    const u32 s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
    const u32 t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + w[i];
    const u32 s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
    const u32 t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    for (unsigned k = 7; k > 0; --k) v[k] = v[k - 1];
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (unsigned i = 0; i < 8; ++i) h[i] += v[i];
}

void hashing() {
  const char text[] = "123456789";
  same("crc32 of 123456789", crc32(reinterpret_cast<const u8*>(text), 9), 0xcbf43926);
  u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  u8 block[64] = {'a', 'b', 'c', 0x80};
  block[63] = 24;
  sha256_block(h, block);
  same("sha256 of abc, first word", h[0], 0xba7816bf);
  same("sha256 of abc, last word", h[7], 0xf20015ad);
}

using Less = bool (*)(u64, u64);
bool smaller(u64 a, u64 b) { return a < b; }
bool greater(u64 a, u64 b) { return a > b; }

void sort(u64* first, u64* last, Less less) {
  if (last - first < 2) return;
  const u64 pivot = first[(last - first) / 2];
  u64 *low = first, *high = last - 1;
  while (low <= high) {
    while (less(*low, pivot)) ++low;
    while (less(pivot, *high)) --high;
    if (low > high) break;
    const u64 t = *low;
    *low++ = *high;
    *high-- = t;
  }
  sort(first, high + 1, less);
  sort(low, last, less);
}

void sorting() {
  constexpr unsigned count = 2000;
  static u64 values[count];
  Numbers numbers;
  u64 sum = 0;
  for (u64& v : values) sum += v = numbers.next();
  constexpr Less orders[] = {smaller, greater};
  for (const Less less : orders) {
    sort(values, values + count, less);
    unsigned wrong = 0;
    u64 now = values[0];
    for (unsigned i = 1; i < count; ++i) wrong += less(values[i], values[i - 1]), now += values[i];
    same("sorted", wrong, 0);
    same("nothing lost", now, sum);
  }
}

void strings() {
  static char text[300];
  for (unsigned i = 0; i < 299; ++i) text[i] = static_cast<char>('a' + i % 26);
  static char copy[300];
  memcpy(copy, text, sizeof text);
  same("memcmp of equal texts", static_cast<u64>(memcmp(copy, text, sizeof text)), 0);
  memmove(copy + 3, copy, 200);
  same("overlapping move", static_cast<u8>(copy[202]), 'a' + 199 % 26);
  memset(copy, 'x', 17);
  same("memset ends", static_cast<u8>(copy[16]) << 8 | static_cast<u8>(copy[17]), 'x' << 8 | ('a' + 14));
}

struct Node {
  Node* next;
  u64 value;
};

void lists() {
  static Node nodes[500];
  Node* head = nullptr;
  for (Node& n : nodes) n = {head, static_cast<u64>(&n - nodes)}, head = &n;
  Node* reversed = nullptr;
  while (head != nullptr) {
    Node* next = head->next;
    head->next = reversed;
    reversed = head;
    head = next;
  }
  u64 order = 0, at = 0;
  for (const Node* n = reversed; n != nullptr; n = n->next) order += n->value == at++;
  same("a list reversed twice", order, 500);
}

void divisions() {
  Numbers numbers;
  u64 wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    const u64 a = numbers.next(), b = (numbers.next() >> (i % 63)) | 1;
    wrong += a / b * b + a % b != a || a % b >= b;
    const auto sa = static_cast<long>(a), sb = static_cast<long>(b | 1);
    wrong += sa / sb * sb + sa % sb != sa;
    const u32 c = static_cast<u32>(a), d = static_cast<u32>(b);
    wrong += c / d * d + c % d != c;
  }
  same("quotient * divisor + remainder", wrong, 0);
  volatile long least = static_cast<long>(u64{1} << 63);
  same("most negative number by 10", static_cast<u64>(least / 10), static_cast<u64>(-922337203685477580L));
}

u64 bits(double d) {
  u64 value;
  memcpy(&value, &d, sizeof value);
  return value;
}

void floating_point() {
  volatile double one = 1, three = 3, ten = 10, two = 2;
  same("1/3", bits(one / three), 0x3fd5555555555555);
  same("0.1 + 0.2", bits(one / ten + two / ten), 0x3fd3333333333334);
  double x = 1;
  for (int i = 0; i < 6; ++i)
    x = (x + two / x) / 2;  // Newton's iteration stops one place below the square root of 2
  same("Newton's iteration", bits(x), 0x3ff6a09e667f3bcc);
  float f = 0;
  for (int i = 1; i <= 1000; ++i) f += 1.0f / static_cast<float>(i);
  same("harmonic series in single precision", static_cast<u64>(f * 100000), 748547);
  same("conversion to integer truncates", static_cast<u64>(static_cast<long>(-three * 1.25)),
       static_cast<u64>(-3L));
}

u64 ackermann(u64 m, u64 n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

[[gnu::noinline]] u64 add_all(int count, ...) {
  va_list list;
  va_start(list, count);
  u64 sum = 0;
  for (int i = 0; i < count; ++i) sum += va_arg(list, u64);
  va_end(list);
  return sum;
}

bool count_breaks(TrapFrame& frame) {
  if (frame.vector != break_instruction) return false;
  frame.gr[7] += frame.iim;  // r8
  frame.skip();
  return true;
}

void calls() {
  same("ackermann(2, 300)", ackermann(2, 300), 603);
  same("twelve variable arguments",
       add_all(12, 1UL, 2UL, 3UL, 4UL, 5UL, 6UL, 7UL, 8UL, 9UL, 10UL, 11UL, 12UL), 78);
  on_interruption = count_breaks;
  register u64 r8 asm("r8") = 1;
  asm volatile("break.m 0x100;; break.i 0x2000;; break.b 0x30000;;" : "+r"(r8));
  same("breaks in every kind of slot", r8, 0x32101);
}

}  // namespace

int main() {
  hashing();
  sorting();
  strings();
  lists();
  divisions();
  floating_point();
  calls();
  print("mix: ");
  put_decimal(checks);
  print(" checks, ");
  put_decimal(failures);
  print(" wrong\n");
  return failures != 0;
}
