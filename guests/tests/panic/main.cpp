// A guest that panics on purpose, some calls deep: it proves that the console shows who called whom.
//
// Whoever debugs a crash of a guest has nothing but its last words. This guest goes down three functions that
// are not inlined and panics in the last: "panic: on purpose, at depth 3" is followed by one return address
// each for outermost, middle and innermost, and by those of the library around them; the domain's shutdown
// reason is "crash". It says no "Test result".
#include "guests/lib/panic.h"
#include "guests/tests/lib/test.h"

const char test_name[] = "panic";

namespace {
// The statement behind each call keeps it from becoming a jump, which would leave no frame.
volatile unsigned returns;

[[gnu::noinline]] void innermost(unsigned depth) { panic("on purpose, at depth %u", depth); }

[[gnu::noinline]] void middle(unsigned depth) {
  if (returns == 0) innermost(depth + 1);
  returns = returns + 1;
}

[[gnu::noinline]] void outermost(unsigned depth) {
  middle(depth + 1);
  returns = returns + 1;
}
}  // namespace

void test_main() { outermost(1); }
