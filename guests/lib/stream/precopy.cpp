#include "guests/lib/stream/precopy.h"

#include "guests/lib/string.h"

namespace stream {
namespace {
constexpr PrecopyPolicy policies[] = {{"xen3.0", 29, 3, 50, true, true},
                                      {"modern", 5, 0, 50, false, false},
                                      {"stop-and-copy", 0, 0, 0, false, false}};
}

const PrecopyPolicy* precopy_policy(const char* name) {
  for (const PrecopyPolicy& p : policies)
    if (!strcmp(p.name, name)) return &p;
  return nullptr;
}

const char* precopy_end_name(PrecopyEnd end) {
  static const char* const names[] = {"-", "few pages are left", "enough rounds", "enough memory sent"};
  return names[static_cast<unsigned>(end)];
}

PrecopyEnd Precopy::after(const PrecopyRound& round) {
  rounds++;
  sent += round.sent;
  const u64 left = policy.judges_sent ? round.sent + round.skipped : round.dirty;
  if (left < policy.threshold) return PrecopyEnd::threshold;
  if (rounds >= policy.rounds) return PrecopyEnd::rounds;
  if (policy.factor && sent > policy.factor * pages) return PrecopyEnd::factor;
  return PrecopyEnd::none;
}

}  // namespace stream
