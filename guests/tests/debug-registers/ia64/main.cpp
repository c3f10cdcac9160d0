// Breakpoint registers: the machine's are not a guest's.
//
// A breakpoint that a guest could set would be met by the hypervisor, too, and by other guests: that must not
// be possible. A domain on IA-64 has none that count (docs/ia64-domains.md): moves to and from DBR, IBR, PMC
// and PMD are done without an effect, reads give 0, PSR.db stays clear, and nothing is reported however they
// are set. Registers that the machine has not are not there.
#include "guests/tests/lib/test.h"
#include "privileged.h"

const char test_name[] = "debug-registers";

namespace {
constexpr u64 psr_db = 1 << 24, everything = ~0ull >> 1;
volatile unsigned traps;

bool on_trap(TrapFrame*) {
  traps = traps + 1;
  return false;
}

#define TABLE(name)                                                                  \
  u64 read_##name(u64 n) {                                                           \
    u64 value;                                                                       \
    asm volatile("mov %0 = " #name "[%1];;" : "=r"(value) : "r"(n));                 \
    return value;                                                                    \
  }                                                                                  \
  void write_##name(u64 n, u64 value) {                                              \
    asm volatile("mov " #name "[%0] = %1;; srlz.d;; srlz.i;;" ::"r"(n), "r"(value)); \
  }
TABLE(dbr)
TABLE(ibr)
TABLE(pmc)

volatile u64 watched;
[[gnu::noinline]] void watched_code() { watched = watched + 1; }

// Reads, writes and fetches at every level, of these two.
void set_breakpoints() {
  constexpr u64 loads_and_stores = u64{3} << 62, all_levels = u64{0xf} << 56, exactly = (u64{1} << 56) - 1;
  write_dbr(0, reinterpret_cast<u64>(&watched));
  write_dbr(1, loads_and_stores | all_levels | exactly);
  write_ibr(0, *reinterpret_cast<u64*>(watched_code));
  write_ibr(1, loads_and_stores | all_levels | exactly);
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  for (u64 n = 0; n < 8; n++) {
    write_dbr(n, everything);
    write_ibr(n, everything);
    test_check(!read_dbr(n) && !read_ibr(n), "dbr%lu is 0x%lx, ibr%lu 0x%lx", n, read_dbr(n), n, read_ibr(n));
  }
  write_pmc(4, everything);
  test_equal("a performance monitor", static_cast<s64>(read_pmc(4)), 0);
  set_breakpoints();
  asm volatile("mov psr.l = %0;; srlz.d;; srlz.i;;" ::"r"((read_psr() & 0xffffffff) | psr_db) : "memory");
  test_equal("PSR.db", static_cast<s64>(read_psr() & psr_db), 0);
  watched_code();
  hypercall_xen_version(XENVER_version, nullptr);  // nor does the hypervisor meet them
  test_equal("calls of the watched code", static_cast<s64>(watched), 1);
  test_equal("debug faults", traps, 0);
}
