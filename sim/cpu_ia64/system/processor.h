// Everything of one core that an instruction can touch: registers, register stack, MMU, ALAT, interruptions.
// Semantics (exec/) work on it, and so would a translator to host code; it knows neither of them.
//
//     exec ──> Processor ── r          registers, as plain data
//                │          stack      frames, RSE            ── its memory: RegisterStackMemory, below
//                │          mmu        translation            ── MemoryPort (walker)
//                │          alat       advanced loads
//                │          data       host addresses of granted pages
//                │          sapic      interrupts
//                └─ pending: the interruption that stopped an instruction
//
// What may be refused returns false, with `pending` filled in; nothing has changed then but what the manual
// lets a faulting instruction change.
#pragma once
#include <array>
#include <functional>
#include <string>

#include "sim/core/memory_port.h"
#include "sim/core/timing_model.h"
#include "sim/cpu_ia64/float/status.h"
#include "sim/cpu_ia64/system/alat.h"
#include "sim/cpu_ia64/system/core_bus.h"
#include "sim/cpu_ia64/system/data_cache.h"
#include "sim/cpu_ia64/system/interruption.h"
#include "sim/cpu_ia64/system/modes.h"
#include "sim/cpu_ia64/system/register_stack.h"
#include "sim/cpu_ia64/system/registers.h"
#include "sim/cpu_ia64/system/sapic.h"
#include "sim/mmu/vhpt_ia64/mmu_ia64.h"

namespace xs::ia64 {

struct Slot;

/// No mode is this one.
inline constexpr u64 no_mode = ~u64{0};

/// What an observer is told of; all before it takes effect outside of the processor.
class ProcessorWitness {
 public:
  virtual ~ProcessorWitness() = default;
  /// The instruction behind `tap` executes next, and nothing will refuse it.
  virtual void tapped(const Slot& tap) = 0;
  /// A TLB has a new translation, of the page at `va`.
  virtual void inserted(u64 va, const mmu::ia64::Translation& page) = 0;
};

/// What decoded code tells about itself.
struct CodePlace {
  u64 va = 0;
  /// The value of Processor::code_mode with which it may be entered, and PSR.ri: the mode that it was decoded
  /// in, the epoch in which va was last seen to lead to it.
  u64 entry_mode = no_mode;
  bool deferral = false;  ///< ITLB.ed of its page
};

struct ProcessorConfig {
  unsigned id = 0;  ///< local SAPIC id; eid is 0
  TimingModel timing;
  mmu::ia64::TlbSize instruction_tlb, data_tlb;
};

/// Why an access is made: decides ISR and what may be deferred.
struct DataAccess {
  u64 va = 0;
  unsigned size = 8;
  unsigned element = 0;  ///< bytes of one item, when there are several: byte order is theirs
  u8 rights = mmu::ia64::right_read;
  bool speculative = false;  ///< .s, .sa: deferred conditions end in Reach::deferred
  bool non_access = false;   ///< lfetch.fault, fc, probe.fault, tpa, tak: ISR.na and its code
  bool rse = false;
  bool aligned = false;    ///< must be, whatever PSR.ac says
  bool cacheable = false;  ///< must be: semaphores, 16-byte accesses
  u8 code = 0;
};
enum class Reach : u8 { granted, deferred, refused };

class Processor : private RegisterStackMemory, private mmu::ia64::TlbSink {
 public:
  Processor(const ProcessorConfig& config, MemoryPort& memory, CoreBus& bus, SapicBus& sapics);

  // Derived from PSR and CFM; the setters below keep them.
  u64 code_mode = 0;      ///< what decoded code depends on, attention, epoch (modes.h)
  u64 code_standing = 0;  ///< of code_mode what stays whatever PSR is: epoch, and attention for good reasons
  u64 handlers_psr = 0;   ///< what DCR puts into the PSR of handlers
  u64 data_mode = 0;      ///< mode bits of DataCache keys
  u64 rse_mode = 0;       ///< the same of the register stack's own accesses
  u32 rotation = 0;       ///< sor, rrb.gr and rrb.fr; 0: nothing rotates
  u32 frame = 32;         ///< both of them: rotation << 8 | frame_top
  u8 frame_top = 32;      ///< first register behind the frame

  bool any_nat = false;    ///< some NaT bit of a general register may be set
  bool branched = false;   ///< since somebody last set it to false
  bool executing = false;  ///< decoded code runs: the run loop is not looking

  // Time, in cycles: `left` of the slice that the run loop has granted. Blocks take theirs at their entry.
  i64 left = 0;
  u64 slice_end = 0;     ///< cycle count at which `left` is 0
  u64 extra_cycles = 0;  ///< of cycles(): all that is not one instruction's plain cost
  u64 cycles() const { return slice_end - static_cast<u64>(left); }
  void take(u64 cycles) { left -= static_cast<i64>(cycles), extra_cycles += cycles; }

  // What is being executed (exec/dispatch.h).
  CodePlace* block = nullptr;
  const Slot* stopped_at = nullptr;  ///< the slot that was refused, or that traps
  u64 last_bundle = 0;               ///< IIPA of an interruption at the next instruction

  Interruption pending;
  Registers r;
  RegisterStack stack;
  Sapic sapic;
  /// Code is executed nowhere and never from here on: the run ends, with this to say.
  std::string stop_reason;
  void stop(std::string why);
  /// A debugger wants a look after each block, and with `watch` at each data access.
  void set_debugged(bool on);
  std::function<void(const DataAccess&)> watch;
  void set_watch(std::function<void(const DataAccess&)> on_access);
  ProcessorWitness* witness = nullptr;  ///< null: nobody
  const ProcessorConfig config;
  MemoryPort& memory;
  CoreBus& bus;
  SapicBus& sapics;
  mmu::ia64::Mmu mmu;
  Alat alat;
  DataCache data;
  /// Decoded code by address, the one met last: where a branch looks before it asks the run loop. Never null.
  static constexpr u64 jump_entries = 4096;
  std::array<CodePlace*, jump_entries> jumps{};
  CodePlace*& jump(u64 ip, unsigned ri) { return jumps[(ip >> 4 ^ u64{ri} << 10) & (jump_entries - 1)]; }

  /// Bits of code_mode that make no block match: the run loop has something to look at.
  static constexpr u64 attention = mode_attention;
  void call_attention() { code_mode |= attention; }
  /// The running block ends behind the slot that runs: the run loop must look, or what the block was
  /// decoded from is good no more. Until srlz.i a processor may go on with what it has fetched (SDM vol. 2
  /// 3.2.1, 4.4.3), and how far that reaches is its own choice. Ours: not at all, for a run that is cut there
  /// fetches anew.
  void leave_block();

  void set_psr(u64 value) {
    change_psr(value);
    review();
  }
  void set_frame(FrameMarker marker);  ///< rotating bases; sizes as well, by alloc and returns
  void frame_changed();                ///< after the stack changed it
  void rotate_predicates(unsigned from, unsigned to);  ///< rrb.pr
  u64 physical_predicates() const;                     ///< as mov from pr shows them: rrb.pr counts as 0
  void set_physical_predicates(u64 value);
  void settle_nats();  ///< clears any_nat when it is no longer true

  // Refusals: note the interruption, return false.
  bool refuse(const Interruption& what) { return pending = what, false; }
  bool general_exception(u64 code);
  bool nat_consumption(u64 access);  ///< ISR bits of the access, with its code when non-access
  bool disabled_fp(bool high);
  bool reserved_register() { return general_exception(isr::reserved_register); }

  // Data memory, whatever its size, alignment and byte order: memory.cpp.
  /// Translates and judges; `pa` is that of the first byte, `host` its place when it is DRAM.
  Reach reach(const DataAccess& access, u64& pa, u8*& host);
  Reach load(const DataAccess& access, u64& value);  ///< up to 8 bytes
  /// 10 or 16 bytes; `low` is what stands at the lower address of a little-endian item.
  Reach load_wide(const DataAccess& access, u64& low, u64& high);
  bool store(const DataAccess& access, u64 value);
  bool store_wide(const DataAccess& access, u64 low, u64 high);
  /// By the TLB and the VHPT whatever PSR.dt says: tpa, probe.fault; at a level of its own.
  bool look_up(const DataAccess& access, unsigned level, u64& pa);
  /// probe: false where it faults; whether the rights are there is the answer.
  bool probe(const DataAccess& access, unsigned level, bool& allowed);
  /// tak: the protection key of a translation that is present, in its place in ITIR; 1: there is none.
  u64 access_key(u64 va);
  u64 last_pa = 0;             ///< of the first byte of the last access that was granted
  bool last_cacheable = true;  ///< its memory attribute allows speculation and semaphores

  // Registers with rules: registers.cpp.
  bool read_application(unsigned number, u64& value);
  bool write_application(unsigned number, u64 value);
  bool read_control(unsigned number, u64& value);
  bool write_control(unsigned number, u64 value);
  u64 itc() const;

  // Interruptions: delivery.h, interruptions.cpp.
  /// Enters the handler of `pending`: `bundle` and `slot` are where it happened.
  void deliver(u64 bundle, unsigned slot);
  /// rfi: what goes first when IFS is valid, or IPSR asks for what is not there; false: it was refused.
  bool uncover();
  unsigned return_from_interruption();  ///< to the slot of that number, which PSR.ri does not name
  u64 returns = 0;                      ///< how many of them
  /// An external one that PSR.i and TPR let through.
  bool interrupt_pending() const { return (r.psr & psr::i) != 0 && sapic.deliverable() != Sapic::none; }

  /// Where the bundle at `va` lies; `deferral`: ITLB.ed.
  bool fetch(u64 va, u64& pa, bool& deferral);
  /// Recomputes `attention` after anything that the run loop looks at has changed. Most modes have nothing to
  /// look at, and interruptions come and go through them.
  void review() {
    code_mode = (r.psr & code_mode_bits) | code_standing;
    if (stack.incomplete() || careful() || interrupt_pending()) [[unlikely]]
      call_attention();
  }
  /// Instructions are to be executed one by one, with a look around after each.
  bool careful() const {
    constexpr u64 always = psr::ss | psr::tb | psr::one_instruction;
    if ((r.psr & (always | psr::db)) == 0) [[likely]]
      return false;
    return (r.psr & always) != 0 || (r.ibr[1] | r.ibr[3] | r.ibr[5] | r.ibr[7]) >> 63 != 0;
  }
  u64 timer_cycle() const { return timer_cycle_; }  ///< when ITC reaches ITM; ~0
  void timer_expired();
  /// By a store to block_halt; until an interrupt is pending that TPR lets through, whatever PSR.i says
  /// (PAL_HALT_LIGHT, SDM vol. 2 11.10.3).
  bool halted = false;
  /// An interrupt has been requested.
  void interrupt_requested() {
    if (sapic.deliverable() != Sapic::none) halted = false;
    review();
  }

 private:
  /// Without a look at what the run loop wants to look at.
  void change_psr(u64 value) {
    constexpr u64 access = psr::cpl | psr::dt | psr::rt | psr::pk | psr::be | psr::da | psr::db;
    const u64 changed = r.psr ^ value;
    r.psr = value;
    if ((changed & access) != 0) set_access_modes();
  }
  void new_epoch();
  bool store(u64 address, u64 value) override;
  bool load(u64 address, u64& value) override;
  u8* place(u64 address, bool write) override;
  void revoked(bool fetch, u64 offset, unsigned shift) override;
  void inserted(u64 va, const mmu::ia64::Translation& page) override {
    if (witness) witness->inserted(va, page);
  }

  bool refuse_data(const DataAccess& a, u64 conditions, u64 vhpt_address);
  bool refuse_fetch(u64 va, u64 conditions, u64 vhpt_address);
  mmu::ia64::Answer ask(const DataAccess& a, unsigned level);
  u64 deferred_conditions() const;
  bool data_breakpoint(const DataAccess& a) const;
  void keep(u64 va, u64 pa, u64 mode, u8 rights, u8* host);
  bool move_bytes(bool write, u64 va, u64 pa, u8* host, u8* bytes, unsigned size);
  bool interrupt_block_access(bool write, u64 pa, u8* bytes, unsigned size);
  void firmware_store(u64 offset, u64 value);
  Reach transfer(const DataAccess& a, bool write, u8* bytes);
  bool big_endian(const DataAccess& a) const;
  void order_bytes(const DataAccess& a, u8* bytes) const;
  u64 mode_of(bool rse) const {
    const u64 level = rse ? r.rsc >> 2 & 3 : r.cpl();
    const bool translated = (r.psr & (rse ? psr::rt : psr::dt)) != 0;
    const bool big = rse ? (r.rsc >> 4 & 1) != 0 : (r.psr & psr::be) != 0;
    const bool slow = big || (r.psr & (psr::da | psr::db)) != 0 || watch;
    return level << 4 | u64{translated} << 6 | u64{(r.psr & psr::pk) != 0} << 7 | u64{slow} * DataCache::slow;
  }
  [[gnu::always_inline]] void set_access_modes() {
    data_mode = mode_of(false);
    rse_mode = mode_of(true);
  }
  void set_timer();

  u64 itc_offset_ = 0;
  u64 timer_cycle_ = ~u64{0};
};

}  // namespace xs::ia64
