// Live migration, the source's part: memory goes while the domain runs, round after round, then it suspends,
// and the rest follows (stream/precopy.h, connection.h).
//
//   setup ─> active: rounds ─> device: suspended, the last round, registers ─> completed
//              └───────────────────────┴──> failed, cancelled: it goes on here
#pragma once
#include "guests/kernel/dom0/domain_list.h"
#include "guests/kernel/operator/verbs.h"
#include "guests/lib/stream/precopy.h"

enum class MigrationState : u8 { none, setup, active, device, completed, failed, cancelled };

struct MigrationRound : stream::PrecopyRound {
  u64 bytes = 0, ns = 0;
  u64 later = 0;  // pages that could not be read as they were changing
};

// Of the last migration out of this dom0; named as in QEMU's query-migrate where that has them.
struct MigrationStatistics {
  MigrationState state;
  u32 domain;
  char name[32];
  u64 began_ns, connected_ns, suspended_ns, ended_ns;  // 0: not yet
  u64 pages;                                           // the domain's
  u64 downtime_ns;
  u32 syncs;  // times that the dirty bitmap was asked for
  u64 bytes;  // of the stream, so far
  u64 precopy_bytes;
  u64 sent, skipped, later;  // pages, of all rounds
  u64 remaining;             // pages
  stream::PrecopyEnd end;
  u32 rounds;
  u64 dirty_rate;  // pages per second, while memory was sent last with the domain running
};
extern MigrationStatistics migration_statistics;

// `count` in so much time, as so many a second.
u64 per_second(u64 count, u64 ns);

void do_migrate(const CommandLine& c, Status& status);
void do_migrate_cancel(const CommandLine& c, Status& status);
void do_query_migrate(const CommandLine& c, Status& status);
constexpr Verb migrate_verb = {"migrate", any_number,
                               "<domain> <address> [policy=xen3.0|modern|stop-and-copy] [iterations=<n>] "
                               "[factor=<n>] [threshold=<pages>] [bytes_per_s=<n>] [detach=1]",
                               do_migrate};
constexpr Verb migrate_cancel_verb = {"migrate-cancel", 1, "<domain>", do_migrate_cancel};
constexpr Verb query_migrate_verb = {"query-migrate", 0, "", do_query_migrate};

// Takes domains that come from other hosts, from now on.
void migration_listen();
