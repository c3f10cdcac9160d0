// The kinds of hostile calls: how each is made up, and what it may answer.
#pragma once
#include "guests/tests/hypercall-fuzz/world.h"

struct Call {
  u64 number;
  u64 arg[5];
};

// Sets of results, as the ABI's headers document them: errors by name, 0 always.
constexpr u64 error_bit(int error) { return 1ull << (error == XEN_EOPNOTSUPP ? 0 : error); }
template <typename... Errors>
constexpr u64 errors(Errors... e) {
  return (error_bit(e) | ... | 0);
}

struct CallKind {
  const char* name;
  u64 number;
  unsigned weight;
  u64 errors;  // set of errors that it may give; ~0: its result is a value, any at all
  s64 most;    // the largest other result
  void (*make)(Call& call);
  // What has to follow at once; null: nothing.
  void (*after)(const Call& call, long result);
};

struct CallTable {
  const CallKind* kinds;
  unsigned count;
};
// A table per file calls_*.cpp.
extern const CallTable memory_calls, table_calls, event_calls, vcpu_calls, processor_calls, tool_calls,
    grant_calls, other_calls;

// Any kind by weight; `nested`: one that may stand in a multicall.
unsigned kind_count();
const CallKind& kind(unsigned index);
unsigned any_kind(bool nested);

// Makes the call. It comes back whatever becomes of the processor's state: see enter.S.
long make_call(const Call& call);
// Deals with exceptions that hostile calls cause; installed by main.
bool recover(TrapFrame* frame);
// Reads or writes a word that may not be there; false when it faulted.
bool touch(u64 address, bool write);
bool set_bits(u64 address, u64 bits);
extern unsigned exceptions_met;

// Counts and judges a result.
void note_result(unsigned kind, long result);
void print_results();
