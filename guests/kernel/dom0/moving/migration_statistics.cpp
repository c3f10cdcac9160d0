// What is told of migrations.
#include "guests/kernel/dom0/moving/migration.h"
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/thread.h"

MigrationStatistics migration_statistics;

namespace {
const char* name_of(MigrationState state) {
  static const char* const names[] = {"none",      "setup",  "active",   "device",
                                      "completed", "failed", "cancelled"};
  return names[static_cast<unsigned>(state)];
}

constexpr u64 page = 4096;

// A number of thousandths, as QEMU's milliseconds with the microseconds behind.
void print_ms(const char* what, u64 ns) {
  operator_print("%s: %lu.%03lu", what, ns / 1000000, ns / 1000 % 1000);
}

}  // namespace

u64 per_second(u64 count, u64 ns) { return ns ? count * 1000 / (ns / 1000000 ? ns / 1000000 : 1) : 0; }

void do_query_migrate(const CommandLine&, Status&) {
  const MigrationStatistics& s = migration_statistics;
  operator_print("status: %s", name_of(s.state));
  if (s.state == MigrationState::none) return;
  const u64 end = s.ended_ns ? s.ended_ns : now_ns();
  const u64 copying = s.connected_ns ? end - s.connected_ns : 0;
  operator_print("domain: %u %s", s.domain, s.name);
  print_ms("total-time", end - s.began_ns);
  print_ms("setup-time", s.connected_ns ? s.connected_ns - s.began_ns : 0);
  if (s.state == MigrationState::completed) print_ms("downtime", s.downtime_ns);
  operator_print("ram/transferred: %lu", s.bytes);
  operator_print("ram/remaining: %lu", s.remaining * page);
  operator_print("ram/total: %lu", s.pages * page);
  operator_print("ram/duplicate: 0");
  operator_print("ram/skipped: %lu", s.skipped);
  operator_print("ram/normal: %lu", s.sent);
  operator_print("ram/normal-bytes: %lu", s.sent * page);
  operator_print("ram/dirty-sync-count: %u", s.syncs);
  operator_print("ram/page-size: %lu", page);
  operator_print("ram/precopy-bytes: %lu", s.precopy_bytes);
  operator_print("ram/downtime-bytes: %lu", s.suspended_ns ? s.bytes - s.precopy_bytes : 0);
  operator_print("ram/mbps: %lu", per_second(s.bytes * 8 / 1000, copying) / 1000);
  operator_print("ram/pages-per-second: %lu", per_second(s.sent, copying));
  operator_print("ram/dirty-pages-rate: %lu", s.dirty_rate);
}
