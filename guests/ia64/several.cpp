// Several processors: firmware wakes them (SAL_SET_VECTORS and a message to each that the MADT names), each
// finds its number in cr.lid, adds to one counter with semaphores, answers a message from the first one, and
// goes back to firmware, from where it is woken once more.
#include "guests/ia64/lib/firmware.h"

using namespace bare;

namespace {

constexpr u64 wake_vector = 0x60, rounds = 1000;
constexpr u64 patience = 2000000;  // cycles

u64 added, present, woken;

u64 fetch_add(u64& where, u64 what) { return __atomic_fetch_add(&where, what, __ATOMIC_SEQ_CST); }
u64 load(const u64& where) { return __atomic_load_n(&where, __ATOMIC_SEQ_CST); }

void work() {
  for (u64 i = 0; i < rounds; ++i) fetch_add(added, i & 1 ? 3 : 1);
  fetch_add(present, 1);
}

}  // namespace

void other_main(u64 id) {
  BARE_WRITE("cr.tpr", 0);
  work();
  while (acknowledge() != wake_vector) {
  }
  end_of_interrupt();
  fetch_add(woken, u64{1} << 8 * id);
}

namespace {

/// All others have done everything `times` times.
bool everybody(u64 others, u64 times) {
  u64 expected = 0;
  work();
  for (const u64 end = itc() + patience; load(present) != (others + 1) * times && itc() < end;) {
  }
  for (u64 id = 1; id <= others; ++id) {
    write<u64>(interrupt_block | id << 12, wake_vector);
    expected |= times << 8 * id;
  }
  for (const u64 end = itc() + patience; load(woken) != expected && itc() < end;) {
  }
  return load(woken) == expected && load(added) == (others + 1) * times * rounds * 2;
}

}  // namespace

int main() {
  const u64 others = wake_others();
  const bool once = everybody(others, 1), right = once && wake_others() == others && everybody(others, 2);
  print("processors: ");
  put_decimal(others + 1);
  print(right ? ", all counted and woken\n" : ", WRONG\n");
  return right ? 0 : 1;
}
