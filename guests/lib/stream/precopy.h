// When a live migration stops copying memory of a domain that runs, and suspends it for the rest. A round
// sends what the one before has left dirty, the first one everything.
//
//   xen3.0         29 rounds, or more than 3 times the domain's memory sent, or fewer than 50 pages sent and
//                  skipped in a round; skips what is dirty again by the time its turn comes
//   modern         5 rounds, or fewer than 50 pages dirty after a round
//   stop-and-copy  none
//
// Source: xc_domain_save.c of Xen 3.0; xg_sr_save.c of Xen 4.17 (simple_precopy_policy).
#pragma once
#include "guests/lib/types.h"

namespace stream {

struct PrecopyPolicy {
  const char* name;
  u32 rounds;        // at most
  u32 factor;        // of the domain's pages, sent at most; 0: no limit
  u32 threshold;     // fewer pages than this are the last round's
  bool judges_sent;  // pages that the round took up, not those that it left dirty
  bool skips;        // pages that are dirty again already
};

// Null: there is none of that name.
const PrecopyPolicy* precopy_policy(const char* name);

struct PrecopyRound {
  u64 sent = 0, skipped = 0;
  u64 dirty = 0;  // once it was over
};

enum class PrecopyEnd { none, threshold, rounds, factor };
const char* precopy_end_name(PrecopyEnd end);

struct Precopy {
  PrecopyPolicy policy;
  u64 pages;  // the domain's
  u32 rounds = 0;
  u64 sent = 0;

  bool begins() const { return policy.rounds; }
  // A round is over: does that end it?
  PrecopyEnd after(const PrecopyRound& round);
};

}  // namespace stream
