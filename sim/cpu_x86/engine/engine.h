// The execution engine: stock Unicorn behind an interface without Unicorn types. It runs translated blocks,
// counts instructions and cycles, and stops in front of every instruction that needs our model.
//
//     Core --run()--> Engine --block hook--> budget, instruction counts          (blocks.cpp)
//      ^                |------ TLB fill --> Core::fill, W^X per frame            (fill.cpp)
//      |                |------ MMIO, IN/OUT -> Core::mmio_*, port_*               (fill.cpp, setup.cpp)
//      +--- EngineExit -+------ intercept --> sensitive instruction or exception  (guest_mode.cpp)
//                       '--------- most of them: Core::intercept, without an exit (in_place.cpp)
//
// Sensitive instructions are found by Unicorn itself: the engine runs for ever inside SVM guest mode with all
// intercepts on, so each of them stops in front of the instruction with its exact RIP (AMD64 APM vol. 2,
// chapter 15; exit codes appendix C). Segments and hidden flags are written through the saved-context bytes,
// whose layout is checked at start-up (calibrate.cpp).
#pragma once
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/core/timing_model.h"
#include "sim/core/types.h"
#include "sim/cpu_x86/engine/code_frames.h"
#include "sim/mmu/mmu.h"

namespace xs::x86 {

/// The first sixteen as instructions number them.
enum class Reg : u8 {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rflags,
  cr0,
  cr2,
  cr3,
  cr4,
  fs_base,
  gs_base
};

/// x87 and SSE state for debuggers; `stack` and `xmm` have an index.
enum class Fpu : u8 {
  stack,
  xmm,
  mxcsr,
  control,
  status,
  tag,
  instruction_segment,
  instruction_offset,
  operand_segment,
  operand_offset,
  opcode
};

enum SegmentIndex : u8 { seg_es, seg_cs, seg_ss, seg_ds, seg_fs, seg_gs, segment_count };

/// A segment register with its hidden part. `attributes` is the descriptor's second doubleword (limit and
/// base bits included as in memory: SDM vol. 3A figure 3-8), of which type, S, DPL, P, L, D/B, G are used.
struct Segment {
  u16 selector = 0;
  u64 base = 0;
  u32 limit = 0;
  u32 attributes = 0;
};

/// GDTR, IDTR (selector unused), LDTR, TR.
struct TableRegister {
  u16 selector = 0;
  u64 base = 0;
  u32 limit = 0;
};
enum class Table : u8 { gdt, idt, ldt, task };

/// Everything that changes at the entry of a handler, applied at once.
struct HandlerEntry {
  Segment cs;
  bool load_ss = false;
  Segment ss;
  u64 rsp = 0;
  u64 rip = 0;
  u32 clear_rflags = 0;  ///< bits of RFLAGS to clear (TF, IF, NT, RF, VM)
};

struct EngineExit {
  enum class Kind : u8 {
    limit,      ///< the cycle limit is reached
    attention,  ///< EngineClient::attention() said `now`
    careful,    ///< the next block holds an instruction that needs a look before it runs: step it
    intercept,  ///< `code` = SVM exit code; nothing of the instruction at RIP was executed
    fault,      ///< a fill was refused; RIP at the instruction (fetch: at the block)
    syscall,    ///< in front of SYSCALL; `code` = its length, 0: not known
    sysenter,   ///< in front of SYSENTER
    stepped,    ///< step(), step_in_block(): one instruction was executed
    code_stop,  ///< in front of an instruction of set_code_stops(); its block ends here
    held        ///< a debugger's stop, in front of an instruction inside a block: see step_in_block()
  };
  Kind kind = Kind::limit;
  u32 code = 0;
  u32 error_code = 0;  ///< intercepted exception
  u64 va = 0;          ///< fault: exact linear address
  mmu::AccessKind access = mmu::AccessKind::read;
};

struct FillAnswer {
  bool ok = false;
  u64 pa = 0;
  bool write = false, execute = false;
  bool global = false;  ///< kept by load_cr3()
  bool user = false;    ///< granted to CPL 3 itself, not to an implicit supervisor access
  bool hold = false;    ///< refused by a debugger: the run stops with `held` in place of `fault`
  bool unread = false;  ///< a fetch's page that loads shall ask for again
};

/// What the client wants in front of an instruction of Engine::set_code_stops().
enum class CodeStop : u8 {
  none,
  give_back,  ///< stop, the rest of the block is not charged
  hold        ///< stop and keep the block: step_in_block() executes the rest of it
};

/// `now` stops in front of the block; `later` asks again at the next one; `none` ends the request.
enum class Attention : u8 { none, later, now };

/// What the engine asks while it runs. No call may wait or unwind.
class EngineClient {
 public:
  virtual ~EngineClient() = default;
  /// Page-granular: `va` has its low 12 bits clear.
  virtual FillAnswer fill(u64 va, mmu::AccessKind kind, bool user) = 0;
  /// Translation by the present tables, no check, no side effect.
  virtual bool probe(u64 va, u64& pa) = 0;
  virtual u64 mmio_read(u64 pa, unsigned size) = 0;
  virtual void mmio_write(u64 pa, unsigned size, u64 value) = 0;
  virtual u32 port_read(u16 port, unsigned size) = 0;
  virtual void port_write(u16 port, unsigned size, u32 value) = 0;
  virtual void tap(u64 pc) = 0;
  /// An intercept or SYSCALL, dealt with on the spot with all registers as after run(). False: the core must
  /// look at something before it goes on, and run() returns `attention`.
  virtual bool intercept(const EngineExit& exit) = 0;
  /// In front of an IRET: intercept() could execute it. Changes nothing.
  virtual bool simple_iret() = 0;
  /// Called in front of each block while Engine::request_attention() is in force.
  virtual Attention attention() = 0;
  /// In front of the instruction at linear address `linear`, one of set_code_stops().
  virtual CodeStop code_stop(u64 linear) = 0;
  /// An IRET is about to execute (its own fault is still possible).
  virtual void iret() = 0;
  /// watch_flags() is on, and the block about to run ends by loading RFLAGS.AC.
  virtual void loads_flags() = 0;
  /// `exact` fidelity: one call per data access and one per executed block (fetch), with exact first byte.
  virtual void access(u64 va, u64 size, mmu::AccessKind kind, bool user) = 0;
};

struct EngineConfig {
  TimingModel timing;
  std::span<const u64> taps;
  bool see_every_access = false;  ///< calls EngineClient::access
  bool stop_at_aligned = false;   ///< `careful` for blocks with operands that must be aligned (MOVAPS)
  u32 code_buffer_mib = 1024;
  bool in_place = true;  ///< false: as with a Unicorn whose state is not found, by copies of it alone
};

class Engine {
 public:
  /// Throws Error when this build of Unicorn does not behave as calibrated.
  Engine(const EngineConfig& config, MemoryPort& memory, CodeFrames& frames, EngineClient& client);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Runs blocks until `cycle_limit` (absolute, on cycles()) or another reason to stop. A block that is
  /// longer than what the limit leaves is cut: its instructions up to the limit run as a block of their own.
  EngineExit run(u64 cycle_limit);
  /// Executes exactly one instruction (one iteration of a REP string instruction).
  EngineExit step();
  /// Executes one instruction and accounts for it as run() would: a block is charged when it begins, and
  /// nothing (limit, attention) is looked at before it ends. A run that is continued by this from a `held`
  /// stop, or made of this alone, takes the same course as one by run(). Returns `stepped` or any of run()'s
  /// reasons.
  EngineExit step_in_block(u64 cycle_limit);
  /// A block has begun and is continued by step_in_block(); neither run() nor step() may be called.
  bool in_block() const;
  /// If there is one, ends it in front of the next instruction; the charge for the rest is taken back.
  void give_back_block();
  /// EngineClient::code_stop is asked in front of the instructions at these linear addresses (ascending). Not
  /// from inside a callback. step() does not ask.
  void set_code_stops(const std::vector<u64>& linear);

  u64 rip() const;
  void set_rip(u64 value);
  u64 reg(Reg r) const { return live_ && r < Reg::rflags ? live_[static_cast<unsigned>(r)] : slow_reg(r); }
  /// RFLAGS without the arithmetic flags and DF, which take longer to read: TF, IF, IOPL, NT, RF, VM, AC, ID.
  u64 control_flags() const;
  void set_reg(Reg r, u64 value) {
    if (live_ && r < Reg::rflags)
      live_[static_cast<unsigned>(r)] = value;
    else
      set_slow_reg(r, value);
  }
  /// 10 bytes for `stack`, 16 for `xmm`, up to 4 for the others.
  void read_fpu(Fpu which, unsigned index, std::span<u8> out) const;
  void write_fpu(Fpu which, unsigned index, std::span<const u8> in);
  Segment segment(SegmentIndex i) const;
  void load_segment(SegmentIndex i, const Segment& s);
  TableRegister table(Table t) const;
  void set_table(Table t, const TableRegister& r);
  unsigned cpl() const;
  bool code64() const;
  unsigned code_bits() const;  ///< 16, 32 or 64: size of the running code segment
  /// One instruction of interrupt shadow is pending (after STI or MOV SS).
  bool shadow() const;
  void clear_shadow();
  void enter_handler(const HandlerEntry& e);
  /// Whether an instruction stops the engine, by its SVM exit code: svm::exit_iret, svm::exit_tr_write.
  void intercept(unsigned exit_code, bool on);
  /// Whether EngineClient::intercept() may be called inside run().
  void allow_in_place(bool on);
  /// Blocks with port instructions are stopped at (`careful`) whatever the privilege.
  void watch_ports(bool on);
  void watch_flags(bool on);
  /// INIT state: real mode at `selector`:0 (SDM vol. 3A table 9-1), general registers cleared.
  void reset_real_mode(u16 selector);
  /// 32-bit protected mode, flat segments, paging off (PVH entry).
  void reset_protected_mode();
  /// Registers that Unicorn holds as MSRs (EFER, STAR, KERNEL_GS_BASE, ...). EFER.SVME stays hidden.
  u64 native_msr(u32 index) const;
  void set_native_msr(u32 index, u64 value);

  /// Instructions retired and cycles charged: exact after run() and step(). Inside a callback they include
  /// the whole running block; see instructions_before().
  u64 instructions() const;
  u64 cycles() const;
  u64 entries() const;       ///< calls of uc_emu_start
  u64 single_steps() const;  ///< instructions that ran alone, by run() or step()
  void charge(u64 cycles, u64 instructions);
  /// For callbacks: what instructions() will be when the running block reaches `pc`.
  u64 instructions_at(u64 pc) const;
  /// After an intercept: the bytes at `pc` as they were translated, filled up with 0xff behind the block.
  /// False when the block crosses pages or was single-stepped.
  bool running_code(u64 pc, std::array<u8, 15>& bytes) const;
  /// First address of the running (or last) block.
  u64 block_address() const;
  /// Its bytes.
  std::vector<u8> block_code() const;

  void request_attention();
  void flush_tlb();
  /// In front of an INVLPG that was intercepted: forgets its page's soft translation, and stays there.
  void invalidate_page(u64 va);
  /// Loads CR3 and forgets all soft translations but global ones.
  void load_cr3(u64 value);
  /// Soft TLB and translated code of this frame (index in CodeFrames) go; see CodeFrames.
  void drop_write_rights();
  void drop_code(u32 frame, u64 pa);
  u64 translations() const;

  struct Impl;

 private:
  u64 slow_reg(Reg r) const;
  void set_slow_reg(Reg r, u64 value);
  std::unique_ptr<Impl> impl_;
  u64* live_ = nullptr;  ///< the sixteen, when Unicorn's are worked on in place
};

}  // namespace xs::x86
