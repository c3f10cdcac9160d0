// What only the machine itself can tell, at one instant: plain data, made by the simulation's thread when it
// is asked for. A replay has none.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/types.h"
#include "viz/model/dirty.h"
#include "viz/model/translation.h"

namespace xs::viz {

struct RegisterValue {
  std::string name;
  u64 value = 0;
};

struct CodeLine {
  u64 address = 0;
  std::string text;    ///< as a disassembler prints it
  std::string symbol;  ///< "memory_op+0x12" at the first line and wherever a function begins
};

struct CpuImage {
  u32 dv = 0;          ///< who runs; observe::idle_dv: nobody
  bool guest = false;  ///< in guest code, not the hypervisor's
  u64 pc = 0;
  std::vector<RegisterValue> registers;
  std::vector<CodeLine> code;  ///< from some instructions before pc on
};

struct FrameCounts {
  u64 mfn = 0;
  u64 type_count = 0, general_count = 0;
  bool allocated = false;
};

struct FrameContent : FrameCounts {
  std::vector<u8> bytes;                      ///< empty: not DRAM
  bool table = false;                         ///< of a type that hardware or the hypervisor reads as a table
  std::vector<TableEntryImage> entries = {};  ///< its used ones
};

/// What is asked for.
struct ImageWish {
  std::optional<u64> frame;  ///< MFN
  bool cpus = false;
  std::optional<TranslationWish> translation = {};
  /// Dirty frames: 0 since power-on; another number: since that number was first asked for.
  std::optional<u32> dirty = {};
  std::optional<u64> counts = {};  ///< MFN
  bool operator==(const ImageWish&) const = default;
};

struct MachineImage {
  u64 time_ps = 0;
  std::vector<CpuImage> cpus;
  std::optional<FrameContent> frame;
  std::shared_ptr<const TranslationImage> translation;  ///< large, and never changed: shared by all who look
  std::optional<FrameCounts> counts = {};
  std::shared_ptr<const DirtyFrames> dirty = {};  ///< as of the last time that the machine stood still
};

/// How the run stands.
enum class RunState : u8 { replay, running, paused, ended };
struct RunStatus {
  RunState state = RunState::replay;
  std::string text;  ///< why it is paused, how it ended
  int exit_code = 0;
};

enum class RunStep : u8 { instruction, hypercall, change };
/// What makes a running simulation pause.
struct Breakpoint {
  enum class On : u8 { frame_owner, p2m_entry, domain_state, caption, step_end, time, grant };
  On on = On::frame_owner;
  std::optional<u64>
      number;  ///< MFN; GFN; enum xs_domain_state; of the step, from 1; ps; reference; none: any
  std::optional<u32> domid;  ///< whose; granter or user; none: any
  bool enabled = true;
  bool operator==(const Breakpoint&) const = default;
};

/// The simulation as a view may use it; calls return at once.
class RunControl {
 public:
  virtual ~RunControl() = default;
  virtual RunStatus status() const = 0;
  virtual void pause() = 0;
  /// `speed`: simulated seconds a second at most; 0: as fast as it can.
  virtual void run(double speed) = 0;
  virtual void step(RunStep what) = 0;
  virtual void set_breakpoints(std::vector<Breakpoint> breakpoints) = 0;
  /// One line on the operator's channel.
  virtual void type(const std::string& line) = 0;
  virtual void wish(const ImageWish& wish) = 0;
  /// The newest there is.
  virtual MachineImage image() const = 0;
};

}  // namespace xs::viz
