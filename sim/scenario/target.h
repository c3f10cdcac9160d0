// What the runner drives: our machine, or an oracle that runs the same images (QEMU).
//
//     Runner ──type_operator, run_until, pause──> Target
//     Runner <──TargetListener: bytes, events────   │
//                                                   └── Observation (our machine only)
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/types.h"
#include "sim/observe/event.h"
#include "sim/observe/ownership.h"
#include "sim/platform/machine.h"
#include "sim/scenario/console_log.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

/// Something the hypervisor did, from a mark it published. `kind` as EventPattern::event.
struct Event {
  u64 time_ps = 0;
  std::string kind;
  u32 domid = 0;
  std::string state;  ///< domain-state: the new one; boot: the step's name; unmodelled, dma-refused: what;
                      ///< violation: which invariant, and what is wrong
};

class TargetListener {
 public:
  virtual ~TargetListener() = default;
  virtual void on_serial(std::string_view bytes, u64 time_ps) = 0;
  virtual void on_operator(std::string_view bytes, u64 time_ps) = 0;
  virtual void on_event(const Event& event) = 0;
};

struct CheckResult {
  std::vector<std::string> problems;  ///< one sentence each; empty: all invariants hold
  u64 count = 0;                      ///< all of them, also those not listed
  u64 frames_checked = 0;
  std::vector<std::string> skipped;  ///< checks that were not applied, and why: one sentence each
};

/// The observer as the runner uses it. Valid between run_until() calls.
class Observation {
 public:
  virtual ~Observation() = default;
  virtual observe::OwnershipTable ownership() const = 0;
  virtual std::vector<observe::DomainInfo> domains() const = 0;
  virtual CheckResult check() const = 0;
  virtual void name_domain(u32 domid, const std::string& name) = 0;
  /// Which image the domain runs, by its name as scenarios have it.
  virtual void set_kernel(u32 domid, const std::string& kernel) = 0;
  virtual void step_begin(const std::string& name, u64 time_ps) = 0;
  /// Of the step that has begun.
  virtual void note(observe::NoteKind kind, const std::string& text, u64 time_ps) = 0;
  virtual void step_end(bool passed, u64 time_ps) = 0;
  virtual void console_line(const ConsoleLine& line) = 0;
  virtual std::string p2m_dump(u32 domid) const = 0;
  virtual std::vector<observe::P2mShape> p2m_shapes() const { return {}; }
  virtual std::vector<observe::Exposure> exposures() const { return {}; }
  /// Closes the trace; its hash. Throws Error when the trace could not be written.
  virtual u64 finish(u64 time_ps) = 0;
};

class Target {
 public:
  virtual ~Target() = default;
  /// Loads everything; nothing has run yet afterwards. Throws Error.
  virtual void start(TargetListener& listener) = 0;
  virtual void type_operator(std::string_view bytes) = 0;
  /// A line for the operator's channel from a user who watches; asked for while nothing is being answered
  /// there. Empty: none.
  virtual std::string take_user_line() { return {}; }
  virtual platform::StopReason run_until(u64 deadline_ps) = 0;
  virtual void pause() = 0;
  virtual u64 now_ps() const = 0;
  virtual u32 exit_value() const = 0;
  /// The next `count` reads of dom0's disk fail. Throws Error when the target cannot.
  virtual void fail_disk_reads(u64 count) = 0;
  /// The station on the wire begins to send. Throws Error when there is none.
  virtual void send_from_station(const StationStream& stream) = 0;
  virtual std::map<std::string, u64> counters() const = 0;
  virtual u64 execution_hash() const = 0;
  /// Where every core stands, symbolized, one line each.
  virtual std::vector<std::string> where() const = 0;
  /// A line with a printed "[<address>]", the function's name added; other lines unchanged. The address is
  /// one of the image `kernel` (a name as scenarios have it), of the hypervisor when that is empty.
  virtual std::string annotate(const std::string& line, const std::string& kernel) const = 0;
  /// The run is over, with this exit code.
  virtual void ended(int exit_code) { (void)exit_code; }
  virtual Observation* observation() = 0;  ///< null: nothing is observed
};

}  // namespace xs::scenario
