// Access: what each privilege level may do with a page of each kind of access rights, dirty and access bits,
// protection keys, accesses that are unaligned, that cross pages, that are big-endian.
// Sources: Intel SDM vol. 2 4.1.1.5 (table 4-2), 4.1.3 (keys), 4.5 (alignment), 5.5, chapter 8; vol. 3 probe;
// vol. 1 3.2.3 (byte order).
#include "guests/ia64/corner/corner.h"

using namespace corner;
using bare::TrapFrame;

namespace {

constexpr u64 data(unsigned n) { return in_region(3, n * page); }
constexpr u64 code(unsigned n) { return in_region(2, n * page); }

// Rights

/// By TLB.ar and TLB.pl, for the levels 3, 2, 1, 0 (table 4-2).
constexpr const char* rights[8][4] = {
    {"---r", "--rr", "-rrr", "rrrr"}, {"---e", "--ee", "-eee", "eeee"}, {"---b", "--bb", "-bbb", "bbbb"},
    {"---a", "--aa", "-aaa", "aaaa"}, {"---b", "--rb", "-rbb", "rbbb"}, {"---a", "--ea", "-eea", "eeea"},
    {"---b", "--ab", "-abb", "abbb"}, {"xxxe", "xxxe", "xxxe", "xxxe"},
};
constexpr bool may_read(char c) { return c == 'r' || c == 'e' || c == 'b' || c == 'a'; }
constexpr bool may_write(char c) { return c == 'b' || c == 'a'; }
constexpr bool may_execute(char c) { return c == 'e' || c == 'a' || c == 'x'; }

bool probed(u64 va, unsigned level, bool write) {
  u64 may = 0;
  if (write)
    asm volatile("probe.w %0 = %1, %2;;" : "=r"(may) : "r"(va), "r"(u64{level}));
  else
    asm volatile("probe.r %0 = %1, %2;;" : "=r"(may) : "r"(va), "r"(u64{level}));
  return may != 0;
}

/// Each really done at that level: a load, a store, a call of the bundle at va.
[[gnu::noinline]] bool done(u64 va, unsigned level, char what) {
  const u64 descriptor[2] = {va, BARE_READ("r1")};
  const auto call = reinterpret_cast<void (*)()>(reinterpret_cast<u64>(descriptor));
  set_level(level);
  if (what == 'r')
    load(va);
  else if (what == 'w')
    store(va + 64, 1);
  else
    call();
  set_level(0);
  if (events == 0) return true;
  const u64 vector = what == 'x' ? instruction_access_rights : data_access_rights;
  const u64 bits = what == 'r' ? isr::r : what == 'w' ? isr::w : isr::x;
  if (last().ifa != (what == 'w' ? va + 64 : va)) events = 100;
  if (!came(vector, bits)) check(false, "another interruption than access rights");
  return false;
}

extern "C" void corner_return();

void access_rights() {
  const u64* bundle = *reinterpret_cast<const u64* const*>(&corner_return);
  store(frame(1), bundle[0]);
  store(frame(1) + 8, bundle[1]);
  const char* const names[] = {
      "read only",         "read, execute",         "read, write",     "read, write, execute",
      "read only / write", "read, execute / write", "write / execute", "execute, promote / read"};
  for (unsigned ar = 0; ar < 8; ++ar) {
    bool probes = true, accesses = true;
    for (unsigned pl = 0; pl < 4; ++pl) {
      insert_data(data(1), {.pa = frame(1), .ar = ar, .pl = pl});
      insert_code(code(1), {.pa = frame(1), .ar = ar, .pl = pl});
      for (unsigned level = 0; level < 4; ++level) {
        const char may = rights[ar][pl][3 - level];
        probes &=
            probed(data(1), level, false) == may_read(may) && probed(data(1), level, true) == may_write(may);
        accesses &= done(data(1), level, 'r') == may_read(may) && done(data(1), level, 'w') == may_write(may);
        accesses &= done(code(1), level, 'x') == may_execute(may);
      }
    }
    bare::print("  access rights ", ar, ": ", names[ar], "\n");
    check(probes, "  probe says so");
    check(accesses, "  loads, stores and fetches of all levels");
  }
}

void dirty_and_accessed() {
  insert_data(data(2), {.pa = frame(2), .dirty = false});
  load(data(2));
  check(quiet(), "a clean page may be read");
  store(data(2), 1);
  check(came(dirty_bit, isr::w), "a store there: dirty bit");
  insert_data(data(2), {.pa = frame(2), .accessed = false, .dirty = false});
  load(data(2));
  check(came(data_access_bit, isr::r), "a page not accessed: access bit");
  react = [](TrapFrame& f) { return f.ipsr |= psr::da, true; };
  store(data(2), 0x77);
  check(events == 1 && load(frame(2)) == 0x77, "PSR.da lets one store pass both");
  store(data(2), 0x78);
  check(events == 2, "and not the next");
  events = 0;
  react = nullptr;
}

// Keys

void set_key(u64 index, u64 value) {
  asm volatile("mov pkr[%0] = %1;;\n srlz.i;;" ::"r"(index), "r"(value) : "memory");
}

void protection_keys() {
  constexpr u64 valid = 1, no_write = 2, no_read = 4, no_execute = 8, key = 0x55;
  insert_data(data(3), {.pa = frame(1)}, page_shift, key);
  insert_code(code(3), {.pa = frame(1)}, page_shift, key);
  const u64 descriptor[2] = {code(3), BARE_READ("r1")};
  const auto call = reinterpret_cast<void (*)()>(reinterpret_cast<u64>(descriptor));
  set_key(0, valid);
  load(data(3));
  check(quiet(), "PSR.pk clear: keys are not looked at");
  change_psr(psr::pk, 0);
  load(data(3));
  check(came(data_key_miss, isr::r), "no register has the page's key: data key miss");
  call();
  check(came(0x1800, isr::x), "of code: instruction key miss");
  set_key(3, key << 8 | valid | no_write);
  load(data(3));
  call();
  check(quiet(), "write disabled: loads and fetches pass");
  store(data(3) + 64, 1);
  check(came(key_permission, isr::w), "and stores do not: key permission");
  set_key(3, key << 8 | valid | no_read);
  load(data(3));
  check(came(key_permission, isr::r), "read disabled");
  store(data(3) + 64, 1);
  check(quiet(), "stores pass then");
  set_key(3, key << 8 | valid | no_execute);
  call();
  check(came(key_permission, isr::x), "execution disabled");
  check(probed(data(3), 0, true), "probe sees the key's rights");
  set_key(3, key << 8 | valid | no_write);
  check(!probed(data(3), 0, true) && quiet(), "and says no without a fault");
  set_key(3, 0);
  probed(data(3), 0, false);
  check(came(data_key_miss, isr::r | isr::na | 2), "without the key it faults: non-access, code 2");
  change_psr(0, psr::pk);
}

// Alignment and byte order

void alignment() {
  constexpr u64 value = 0x1122334455667788;
  insert_data(data(4), {.pa = frame(30)});
  insert_data(data(5), {.pa = frame(40)});
  const u64 across = data(5) - 3;
  store(across, value);
  same(load(across), value, "a store and a load across two pages");
  u64 low = 0, high = 0;
  low = load(frame(31) - 8) >> 40;
  high = load(frame(40)) & 0xffffffffff;
  check(low == (value & 0xffffff) && high == value >> 24, "each part in its own frame");
  purge(data(5));
  store(across, ~value);
  const Event e = last();
  check(came(alternate_data_tlb, isr::w) && (e.ifa & ~(page - 1)) == data(5),
        "the second page missing: IFA is there");
  check(load(frame(31) - 8) >> 40 == low && (load(frame(40)) & 0xffffffffff) == high,
        "and nothing was stored");
  react = [](TrapFrame& f) { return insert_data(f.ifa & ~(page - 1), {.pa = frame(40)}), true; };
  store(across, ~value);
  react = nullptr;
  check(events == 1 && load(across) == ~value, "once it is there, all is");
  events = 0;
  change_psr(psr::ac, 0);
  load(data(4) + 1);
  check(came(unaligned, isr::r), "PSR.ac: unaligned reference");
  load(data(4) + 8);
  check(quiet(), "aligned ones pass");
  change_psr(0, psr::ac);
  u64 old = 0;
  asm volatile("fetchadd4.acq %0 = [%1], 1;;" : "+r"(old) : "r"(data(4) + 2) : "memory");
  check(came(unaligned, isr::r | isr::w), "a semaphore must be aligned, PSR.ac or not");
  asm volatile("ld16 %0 = [%1];;" : "+r"(old) : "r"(data(4) + 8) : "memory");
  check(came(unaligned, isr::r), "16 bytes, too");
}

#define BIG_ENDIAN(text) "sum 2;;\n" text ";;\n rum 2;;\n"

void byte_order() {
  constexpr u64 value = 0x1122334455667788, turned = 0x8877665544332211;
  const u64 at = frame(50);
  u64 got[4] = {};
  store(at, value);
  store(at + 8, value + 1);
  asm volatile(BIG_ENDIAN("ld8 %0 = [%4]\n ld4 %1 = [%4]\n ld2 %2 = [%4]\n ld1 %3 = [%4]")
               : "=&r"(got[0]), "=&r"(got[1]), "=&r"(got[2]), "=&r"(got[3])
               : "r"(at)
               : "memory");
  check(got[0] == turned && got[1] == turned >> 32 && got[2] == turned >> 48 && got[3] == turned >> 56,
        "loads of 8, 4, 2 and 1 bytes");
  asm volatile(BIG_ENDIAN("st8 [%0] = %2\n st4 [%1] = %2")::"r"(at), "r"(at + 8), "r"(value) : "memory");
  check(load(at) == turned && (load(at + 8) & 0xffffffff) == 0x88776655, "stores");
  store(at, turned);
  asm volatile(BIG_ENDIAN("fetchadd8.acq %0 = [%1], 1") : "=r"(got[0]) : "r"(at) : "memory");
  check(got[0] == value && load(at) == __builtin_bswap64(value + 1), "a semaphore");
  store(at, value);
  store(at + 8, value + 1);
  asm volatile(BIG_ENDIAN("ld16 %0, ar.csd = [%2]") "mov %1 = ar.csd;;"
               : "=&r"(got[0]), "=&r"(got[1])
               : "r"(at)
               : "memory");
  check(got[0] == turned && got[1] == __builtin_bswap64(value + 1), "16 bytes: two words, each in its order");
  asm volatile(BIG_ENDIAN("ldfp8 f6, f7 = [%2]") "getf.sig %0 = f6\n getf.sig %1 = f7;;"
               : "=&r"(got[0]), "=&r"(got[1])
               : "r"(at)
               : "f6", "f7", "memory");
  check(got[0] == turned && got[1] == __builtin_bswap64(value + 1), "a pair of floating-point registers");
  asm volatile(BIG_ENDIAN("ld8 %0 = [%1]") : "=r"(got[0]) : "r"(at + 3) : "memory");
  same(got[0], __builtin_bswap64(load(at + 3)), "an unaligned load");
  check(quiet(), "without interruptions");
}

}  // namespace

int main() {
  start("corner-access");
  access_rights();
  dirty_and_accessed();
  protection_keys();
  alignment();
  byte_order();
  return report("corner-access");
}
