// One scenario, as the runner needs it: parameters substituted, loops unrolled, every number checked.
//
//     Scenario ─┬─ machine, hypervisor, dom0      what is booted
//               ├─ domains[]                      what `create` steps refer to
//               ├─ limits                         when to give up
//               └─ steps[] ── Step ── Command | Wait | Fault | Expect
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/platform/network/network_config.h"
#include "sim/scenario/json_source.h"

namespace xs::scenario {

inline constexpr u64 ps_per_ms = 1'000'000'000;
inline constexpr u64 ps_per_s = 1000 * ps_per_ms;

/// Bounds on a number; all that are set must hold.
struct Range {
  std::optional<double> equals, at_least, at_most;
  bool holds(double v) const;
  std::string text() const;  ///< "at least 3 and at most 5"
};

/// What happens when the domain crashes (xl.cfg's on_crash). `fail` (no on_crash key) ends the run, exit 6.
enum class OnCrash { fail, destroy, preserve };

struct DomainConfig {  // keys and units as xl.cfg
  std::string name, type = "pv", kernel = "kernel", extra, model = "direct";
  u64 vcpus = 1, memory_mib = 64, maxmem_mib = 64;
  u64 shadow_mib = 0;  ///< 0: what the toolstack reckons
  OnCrash on_crash = OnCrash::fail;
};

struct Dom0Config {
  std::string kernel = "kernel", cmdline, model = "direct", pmt, superpages, driver;
  u64 memory_mib = 0;                 ///< 0: the hypervisor's default, all but 16 MiB
  std::string autoballoon = "auto";   ///< or on, off; auto: when it has all memory
  u64 disk_mib = 0;                   ///< of its data disk; 0: none
  std::string disk_file;              ///< the host's, that stays; empty: it ends with the run
  std::optional<unsigned> disk_slot;  ///< ... and where it is; none: in the next slot
};

struct Limits {
  u64 simulated_ps = 60 * ps_per_s;
  u64 wall_s = 300;
};

/// Text looked for on a console: a literal, or an ECMAScript regular expression matched per line.
struct TextPattern {
  std::string text;
  bool regex = false;
};

/// A trace event by its name: domain-created, domain-ready, domain-state, boot, panic. Empty fields match
/// all.
struct EventPattern {
  std::string event, domain, state;
};

/// One line for the operator channel. `status` is what the answer's status line must begin with.
struct Command {
  std::string verb;    ///< create, mem-set, ...
  std::string domain;  ///< name as in domains[], "" when the verb has none
  std::string line;    ///< what is typed
};

struct WaitConsole {
  std::string source;  ///< xen, operator, dom<N>, or a domain's name
  TextPattern pattern;
};
struct WaitTime {
  u64 ps = 0;
};
struct WaitEvent {
  EventPattern pattern;
};
struct WaitMemory {
  std::string domain;
  Range mib;
};
struct Wait {
  std::variant<WaitConsole, WaitTime, WaitEvent, WaitMemory> what;
  u64 within_ps = 10 * ps_per_s;
};

struct FaultGarbage {
  std::string text;  ///< typed on the operator channel as one line
};
struct FaultNoise {
  u64 bytes = 0;  ///< seeded random bytes, no line end among them, typed as one line
};
struct FaultKill {
  std::string domain;
  u64 after_ps = 0;
};
struct FaultDisk {
  u64 count = 0;  ///< the next `count` disk reads fail
};
/// The station on the wire sends datagrams, whether somebody takes them or not.
using StationStream = platform::StreamOrder;
using Fault = std::variant<FaultGarbage, FaultNoise, FaultKill, FaultDisk>;

struct ExpectCounter {
  std::string counter;
  Range range;
};
struct ExpectOwnership {
  std::string owner;  ///< xen, free, dom<N>, or a domain's name
  std::string type;   ///< frame type, "" = all
  bool in_mib = false;
  Range range;
};
struct ExpectConsole {
  std::string source;
  TextPattern pattern;
  bool present = true;
};
struct ExpectEvent {
  EventPattern pattern;
  Range count;
};
struct ExpectAnswer {
  TextPattern pattern;  ///< among the lines of the last command's answer
};
struct Expectation {
  std::variant<ExpectCounter, ExpectOwnership, ExpectConsole, ExpectEvent, ExpectAnswer> what;
  std::string pointer;  ///< where it is written
};
using Expect = std::vector<Expectation>;

/// For who watches the step in the visualizer.
struct Guide {
  std::string caption;  ///< some sentences
  std::string view;     ///< what to look at: "tab=p2m domain=web colour=type"; words of docs/scenarios.md
};

struct Step {
  std::string name;     ///< for people; made up from the action when the file gives none
  std::string pointer;  ///< JSON pointer of the step in the file
  Position position;
  std::variant<Command, Wait, Fault, Expect, StationStream> action;
  std::optional<std::string> status;  ///< expected answer of a command: "0" or an errno name
  Guide guide;
};

struct Scenario {
  std::string file, name, description;
  u64 seed = 1;
  std::string machine_json = "{}";  ///< for xs::platform::parse_machine_json
  Position machine_position;
  u64 cpus = 1;  ///< of machine_json
  std::string hypervisor_kernel = "hypervisor", hypervisor_cmdline;
  Dom0Config dom0;
  std::vector<DomainConfig> domains;
  Limits limits;
  Guide boot_guide;
  std::vector<Step> steps;  ///< the final "expect" list is the last step

  const DomainConfig* domain(const std::string& name) const;
};

/// Parameter values from the command line (--set name=value), which override the file's defaults.
using Settings = std::map<std::string, std::string>;

/// Parses, validates against the schema, substitutes, unrolls. `arch` is that of the machine it will run on
/// ("x86_64", "ia64"). Throws Error (file:line:column: path: ...).
Scenario load_scenario(const std::string& file, const Settings& settings, const std::string& arch);
Scenario load_scenario(const JsonSource& source, const Settings& settings, const std::string& arch);

}  // namespace xs::scenario
