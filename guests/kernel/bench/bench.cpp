#include "guests/kernel/bench/bench.h"

#include "guests/kernel/platform.h"
#include "guests/kernel/process.h"
#include "guests/kernel/user/bench.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
void measure(const BenchOperation& operation, u64 rounds) {
  for (u64 round = 0; round <= rounds; round++)  // the first warms up
    for (u64 count : bench_counts) {
      print_line("bench begin %s", operation.name);
      operation.run(count);
      print_line("bench end %lu", count);
    }
}

void ping(u64 count) {
  while (count--) platform.ping();
}
}  // namespace

void do_bench(const CommandLine& c, Status& status) {
  constexpr u64 most_rounds = 1000;
  u64 rounds = 5;
  if (c.count > 2 || (c.count == 2 && (!parse_number(c.words[1], rounds) || !rounds || rounds > most_rounds)))
    return status.fail(-XEN_EINVAL, "usage: %s %s, at most %lu", bench_verb.name, bench_verb.usage,
                       most_rounds);
  print_line("bench ready");
  if (platform.ping) measure({"hypercall", ping}, rounds);
  for (const BenchOperation* o = arch_bench_operations(platform.ping); o->name; o++) measure(*o, rounds);
  Process* user = process_start("bench", rounds);
  if (!user) return status.fail(-XEN_ENOMEM, "the process cannot be started");
  process_join(user->id);
  print_line("bench done");
}
