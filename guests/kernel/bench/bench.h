// What the shortest request of each kind costs here: the verb `bench`, the same natively, as dom0 and as
// domU.
//
//   bench ready
//   bench begin <name>
//   bench end <operations>      each operation, few and twice as many, in rounds
//   bench done
//
// Nothing is measured here: whoever runs the machine reads its counters when these lines come out. What the
// lines themselves cost is the same for few and for many operations.
#pragma once
#include "guests/kernel/operator/verbs.h"

void do_bench(const CommandLine& c, Status& status);
constexpr Verb bench_verb = {"bench", any_number, "[<rounds>]", do_bench};

struct BenchOperation {
  const char* name;
  void (*run)(u64 count);  // so many times
};
// Privileged operations in each way that this kernel can do them; the last one has no name.
const BenchOperation* arch_bench_operations(bool in_domain);
