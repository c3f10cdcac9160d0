// The loops of `xenoscope bench ia64`, first in physical mode, then translated. The reader takes the time
// between two lines of a loop; the checksum tells that another simulator did the same. The image also runs
// under HP's Ski: there the console is a call of the simulator.
#include "guests/ia64/lib/bare.h"

using namespace bare;

extern "C" {
u64 loop_alu(u64), loop_mem(u64, u64*, u64), loop_call(u64), loop_rse(u64), loop_copy(u64*, u64*, u64),
    loop_fp(u64), loop_break(u64), loop_miss(u64);
void go_virtual(u64 console_page);
long call_simulator(u64, u64, u64, u64, u64 number);
extern char break_handler[], break_handler_end[], miss_handler[], miss_handler_end[];
}

namespace {

constexpr u64 words = 131072;  // 1 MiB
u64 source[words], target[words];
bool under_ski, translated;

// Ski's calls of the simulator (its ssc.h).
constexpr u64 ssc_console_init = 20, ssc_putchar = 31, ssc_exit = 66;

void put_char(char c) {
  if (under_ski)
    call_simulator(static_cast<u8>(c), 0, 0, 0, ssc_putchar);
  else
    write<u8>(translated ? uart & ~uncached : uart, static_cast<u8>(c));
}
void say(const char* text) {
  for (; *text != 0; ++text) put_char(*text);
}
void say(u64 number) {
  char digits[21];
  unsigned at = 20;
  digits[at] = 0;
  do digits[--at] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  say(digits + at);
}

void begin(const char* name) {
  say("bench begin ");
  say(name);
  say(translated ? " translated\n" : " physical\n");
}
void end(u64 operations, u64 checksum) {
  say("bench end ");
  say(operations);
  say(" ");
  say(checksum);
  say("\n");
}

// The mix of compiled code: hashing, sorting, CRC, a list.

u32 constants[64], state[8];
struct Node {
  Node* next;
  u64 value;
} nodes[4096];

u32 turn(u32 x, int n) { return x >> n | x << (32 - n); }

void hash(const u8* block) {
  u32 w[64], s[8];
  for (int i = 0; i < 16; ++i)
    w[i] = static_cast<u32>(block[4 * i]) << 24 | static_cast<u32>(block[4 * i + 1]) << 16 |
           static_cast<u32>(block[4 * i + 2]) << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; ++i)
    w[i] = w[i - 16] + w[i - 7] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) +
           (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
  for (int i = 0; i < 8; ++i) s[i] = state[i];
  for (int i = 0; i < 64; ++i) {
    const u32 a = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
                  ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
    const u32 b =
        (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (int k = 7; k != 0; --k) s[k] = s[k - 1];
    s[4] += a;
    s[0] = a + b;
  }
  for (int i = 0; i < 8; ++i) state[i] += s[i];
}

void sort(long* a, int n) {
  if (n < 2) return;
  const long pivot = a[n / 2];
  int low = 0, high = n - 1;
  while (low <= high) {
    while (a[low] < pivot) ++low;
    while (a[high] > pivot) --high;
    if (low > high) break;
    const long t = a[low];
    a[low++] = a[high];
    a[high--] = t;
  }
  sort(a, high + 1);
  sort(a + low, n - low);
}

u32 crc(const u8* p, int n) {
  u32 c = ~0u;
  while (n-- != 0) {
    c ^= *p++;
    for (int k = 0; k < 8; ++k) c = c >> 1 ^ ((0u - (c & 1)) & 0xedb88320u);
  }
  return ~c;
}

u64 compiled(u64 rounds) {
  u64 sum = 0;
  u8* bytes = reinterpret_cast<u8*>(source);
  long* values = reinterpret_cast<long*>(target);
  for (u64 round = 0; round < rounds; ++round) {
    for (unsigned i = 0; i < 4096; ++i) bytes[i] = static_cast<u8>(i * 7 + round);
    for (unsigned i = 0; i < 64; ++i) constants[i] = i * 0x9e3779b9u;
    for (unsigned i = 0; i < 64; ++i) hash(bytes + 64 * i);
    for (u64 i = 0; i < 2000; ++i) values[i] = static_cast<long>((i * 1103515245ul + round) & 0xffff);
    sort(values, 2000);
    sum += state[0] + static_cast<u64>(values[1000]) + crc(bytes, 2048);
    for (unsigned i = 0; i < 4096; ++i) nodes[i] = {&nodes[(i * 77 + 1) & 4095], i};
    const Node* node = nodes;
    for (int i = 0; i < 20000; ++i) sum += node->value, node = node->next;
  }
  return sum;
}

void all_loops() {
  constexpr u64 alu = 4'000'000, mem = 32, deep = 200, stacks = 4000, copies = 30, fp = 3'000'000,
                breaks = 1'000'000, misses = 300'000, compiles = 20,
                fib_calls = 635'621,       // of fib(27)
      items = 4096 + 2000 + 2048 + 20000;  // bytes hashed, numbers sorted, bytes summed, list steps
  begin("alu"), end(12 * alu, loop_alu(alu));
  begin("mem"), end(9 * mem * words, loop_mem(mem, source, words));
  begin("call"), end(fib_calls, loop_call(27));
  u64 sum = 0;
  begin("rse");
  for (u64 i = 0; i < stacks; ++i) sum += loop_rse(deep);
  end(stacks * deep, sum);
  begin("copy");
  for (u64 i = 0; i < copies; ++i) sum += loop_copy(source, target, words);
  end(6 * copies * words, sum);
  begin("fp"), end(6 * fp, loop_fp(fp));
  begin("compiled"), end(compiles * items, compiled(compiles));
  begin("break"), end(breaks, loop_break(breaks));
  if (translated) begin("tlb-miss"), end(misses, loop_miss(misses));
}

/// A vector table of our own, below 16 MiB: handlers as short as they can be.
void install_handlers() {
  constexpr u64 table = 0xf00000, alternate_data_tlb = 0x1000;
  memcpy(reinterpret_cast<void*>(table + break_instruction), break_handler,
         static_cast<size_t>(break_handler_end - break_handler));
  memcpy(reinterpret_cast<void*>(table + alternate_data_tlb), miss_handler,
         static_cast<size_t>(miss_handler_end - miss_handler));
  BARE_WRITE("cr.iva", table);
}

u64 version() {
  u64 value;
  asm volatile("mov %0 = cpuid[%1]" : "=r"(value) : "r"(u64{3}));
  return value;
}

}  // namespace

int main() {
  under_ski = version() != 0x1f010504;
  if (under_ski) call_simulator(0, 0, 0, 0, ssc_console_init);
  for (u64 i = 0; i < words; ++i) source[i] = i;
  install_handlers();
  all_loops();
  go_virtual(uart & ~uncached & ~u64{0x3fff});
  translated = true;
  all_loops();
  say("bench all\n");
  if (under_ski) call_simulator(0, 0, 0, 0, ssc_exit);
  // The exit port is not mapped: back to physical data accesses.
  asm volatile("rsm psr.dt;; srlz.d;;" ::: "memory");
  return 0;
}
