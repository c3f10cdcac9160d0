// One x86-64 core without SystemC: runs the engine, emulates what it stops at, delivers exceptions and
// interrupts, owns MMU, local APIC and the registers that Unicorn does not hold.
//
//     Cpu (SC_THREAD) --run(until)--> Core --run--> Engine
//                                      | exit: intercept -> intercepts.cpp, control.cpp, msr.cpp, cpuid.cpp
//                                      |       fault     -> fault.cpp -> deliver.cpp (IDT, TSS, stacks)
//     CoreBus <---mmio, ports----------+
//
// Time: cycles() is absolute core time since power-on, halted time included. now_ps() = cycles / frequency.
#pragma once
#include <array>
#include <memory>
#include <set>
#include <string>

#include "sim/core/debug.h"
#include "sim/cpu_x86/cpu_config.h"
#include "sim/cpu_x86/engine/engine.h"
#include "sim/cpu_x86/system/access_count.h"
#include "sim/cpu_x86/system/breakpoints.h"
#include "sim/cpu_x86/system/core_bus.h"
#include "sim/cpu_x86/system/decode.h"
#include "sim/cpu_x86/system/event.h"
#include "sim/cpu_x86/system/implicit_pages.h"
#include "sim/cpu_x86/system/lapic.h"

namespace xs::x86 {

enum class CoreState : u8 { running, halted, wait_for_sipi, shutdown };

class Core final : public EngineClient, public LapicHost, public CpuView, public CpuControl {
 public:
  Core(const CpuConfig& config, MemoryPort& memory, ApicBus& apic, CoreBus& bus);
  ~Core() override;

  void reset_pvh(u32 entry, u32 start_info_pa);
  /// Runs until cycles() >= until, or the state is no longer `running`, or the core yields.
  void run(u64 until);
  CoreState state() const { return state_; }
  u64 cycles() const { return engine_->cycles(); }
  /// Lets halted time pass, wakes the core when an event is due.
  void advance_to(u64 cycles);
  /// When halted: absolute cycle of the next LAPIC timer interrupt, or ~0.
  u64 deadline_cycles() const;
  bool wakeable() const;

  const CpuCounters& counters() const;
  u64 execution_hash() const { return hash_; }
  void end_quantum();  ///< hashes the state reached; a debugger may stop here
  u64 reg(const std::string& name) const;
  bool tlb_maps_for_user(u64 mfn) const { return mmu_.maps_frame(mfn, true); }
  void invalidate_code(u64 pa, u64 size) { frames_->host_write(pa, size); }
  u64 to_ps(u64 cycles) const;
  u64 to_cycles(u64 ps) const;  ///< rounded up
  void set_debugger(CpuDebugger* debugger) {
    debugger_ = debugger;
    update_points();
  }

  // CpuControl; translate() below
  std::span<const DebugRegister> registers() const override;
  void read_register(unsigned index, std::span<u8> out) const override;
  bool write_register(unsigned index, std::span<const u8> in) override;
  u64 linear_pc() const override;
  void set_debug_points(const std::vector<DebugPoint>& points) override;
  void request_step(bool on) override { debug_step_ = on; }
  Explanation explain(u64 va, AddressUse use) const override;
  std::vector<HeldPage> held_pages() const override;
  std::optional<u64> place(AddressPlace where) const override;
  std::vector<TableEntry> decode_table(std::span<const u8> frame, unsigned level) const override;

  // CpuView
  unsigned cpu() const override { return config_.id; }
  u64 pc() const override { return view_pc_; }
  u64 caller() const override;
  u64 instructions() const override;
  u64 time_ps() const override { return now_ps(); }
  u64 tap_reg(unsigned index) const override;
  std::array<u64, 6> tap_regs() const override;
  bool in_guest() const override;
  u64 general_reg(unsigned index) const override;
  bool translate(u64 va, u64& pa) const override { return mmu_.probe(va, pa); }
  bool peek(u64 va, void* out, u64 size) const override;

  // LapicHost
  u64 now_ps() const override { return to_ps(cycles()); }
  void interrupt_changed() override;
  void nmi() override;
  void init() override;
  void startup(u8 vector) override;

 private:
  static constexpr u64 apic_base_enabled = 1u << 11, apic_base_bsp = 1u << 8;

  // EngineClient
  FillAnswer fill(u64 va, mmu::AccessKind kind, bool user) override;
  bool probe(u64 va, u64& pa) override { return mmu_.probe(va, pa); }
  u64 mmio_read(u64 pa, unsigned size) override;
  void mmio_write(u64 pa, unsigned size, u64 value) override;
  u32 port_read(u16 port, unsigned size) override;
  void port_write(u16 port, unsigned size, u32 value) override;
  void tap(u64 pc) override;
  bool intercept(const EngineExit& exit) override;
  bool simple_iret() override;
  Attention attention() override;
  CodeStop code_stop(u64 linear) override;
  void iret() override;
  void loads_flags() override { engine_->request_attention(); }
  void access(u64 va, u64 size, mmu::AccessKind kind, bool user) override;

  // accesses.cpp
  mmu::Translation translate_counted(const mmu::Access& access);
  u64 access_pc(const mmu::Access& access) const;
  bool may_store(const mmu::Access& access, u64 pa);
  mmu::Translation translate_fill(const mmu::Access& access);
  void access_page(const mmu::Access& access, bool first);

  // core.cpp
  void handle(const EngineExit& exit);
  void hash(u64 pc);

  // events.cpp
  bool take_events();
  void take_init();
  bool interruptible() const;
  void block_nmi(bool on);  ///< from an NMI's delivery to the next IRET
  void step_iret();

  // devices.cpp
  bool lapic_page(u64 pa) const;
  u64 device_access(Space space, bool write, u64 address, u64 value, unsigned size);

  // careful.cpp
  struct FarState;
  void careful_step();
  bool must_step() const;
  bool alignment_checked() const;
  bool alignment_refused(std::span<const DataAccess> accesses);
  bool stopped_in_front();
  bool port_refused(const Opcode& op);
  void note_hits(unsigned hits);
  EngineExit step_granting();
  void report_hits(const EngineExit& exit, const Opcode& op, unsigned hits, bool unfinished);
  OperandState operand_state() const;
  FarState far_state() const;
  void undo(const FarState& state);

  // points.cpp
  void update_points();
  void take_noted_points();
  FillAnswer refuse_watched(u64 va);
  void note_interrupt(bool port, u64 pa, unsigned size);
  EngineExit run_engine();
  EngineExit run_debugged();
  EngineExit step_over_watch();
  void debug_stop(const DebugStop& stop);
  void debug_stepped();

  // fault.cpp
  bool undo_near_branch();
  void on_fault(const EngineExit& exit);
  void page_fault(const EngineExit& exit, const Opcode& op);
  bool in_descriptor_tables(u64 va) const;

  // intercepts.cpp
  void on_intercept(const EngineExit& exit);
  void emulate(const EngineExit& exit, const Opcode& op);
  void software_interrupt(const Opcode& op);
  void halt(const Opcode& op);
  void invlpg(const Opcode& op);
  void load_task(const Opcode& op);
  u64 memory_operand(const Opcode& op) const;
  void read_tsc(const Opcode& op);
  void syscall(unsigned length);
  void sysenter();
  bool port_permitted(u16 port, unsigned size);
  void complete(const Opcode& op, unsigned after_opcode, u64 cycles);

  // control.cpp
  void read_control(unsigned index, const Opcode& op);
  void write_control(unsigned index, const Opcode& op);
  void write_cr0(u64 value);
  void write_cr3(u64 value);
  void write_cr4(u64 value);
  void debug_register(bool write, const Opcode& op);
  void reset_debug_registers();
  void update_mmu_control();
  void flush_translations();  ///< all, global ones too

  // iret.cpp
  const u8* held(u64 va, u64 size);
  bool held_descriptor(u64 selector, Segment& out);
  bool keeps_data_segments(unsigned rpl) const;
  void do_iret();

  // msr.cpp, cpuid.cpp
  u64 read_msr(u32 index);
  void write_msr(u32 index, u64 value);
  void write_efer(u64 value);
  void cpuid();

  // deliver.cpp
  void raise(const Event& event);
  void tell(const Event& e) const;
  void deliver(const Event& event);
  void deliver_long(const Event& event);
  void deliver_protected(const Event& event);
  void deliver_real(const Event& event);
  void push(u64& rsp, u64 value, unsigned size, u64 base);
  void push_frame(u64& rsp, std::span<const u64> words);
  u64 descriptor(u16 selector, u8 fault_vector, u32 external);
  u64 stack_from_tss(unsigned offset);
  void shutdown();

  // memory.cpp: accesses by the core itself, supervisor whatever CPL is
  u64 load(u64 va, unsigned size);
  std::array<u64, 2> load_pair(u64 va);  ///< of 8 bytes each
  void store(u64 va, u64 value, unsigned size);
  u8* stack_page(u64 rsp, u64 size);
  u64 translate_implicit(u64 va, mmu::AccessKind kind);
  const ImplicitPage* implicit_page(u64 va, unsigned size, mmu::AccessKind kind);
  std::array<u8, 15> code_at(u64 rip) const;
  Opcode opcode_at_rip();
  Opcode opcode_at_intercept();

  // unmodelled.cpp
  void unmodelled(const char* what, u64 where);  ///< at the instruction being emulated
  void unmodelled_port(u16 port);
  void unmodelled_memory(const char* what, bool write, u64 pa, unsigned size);
  void report_unmodelled(const char* what, u64 where, u64 pc);
  void note_port_access();
  struct RunningBlock running_block(const std::vector<u8>& bytes) const;
  bool covers(u64 va, unsigned operand, u64 pa, unsigned size) const;
  u64 gpr(unsigned i) const { return engine_->reg(static_cast<Reg>(i)); }
  void set_gpr(unsigned i, u64 v) { engine_->set_reg(static_cast<Reg>(i), v); }
  bool long_mode() const { return control_.efer >> 10 & 1; }

  CpuConfig config_;
  MemoryPort& memory_;
  ApicBus& apic_bus_;
  CoreBus& bus_;
  mmu::Mmu mmu_;
  std::shared_ptr<CodeFrames> frames_;
  std::unique_ptr<Engine> engine_;
  Lapic lapic_;

  u64 ps_per_cycle_ = 0;  ///< 0 when it is no whole number
  CoreState state_ = CoreState::wait_for_sipi;
  u64 limit_ = 0;  ///< cycle limit of the engine's present run
  bool yield_ = false;
  unsigned pauses_ = 0;
  bool nmi_pending_ = false, nmi_blocked_ = false, init_pending_ = false;

  mmu::X86Control control_;
  u64 cr2_ = 0;
  u64 dr_[8] = {};
  u64 tsc_offset_ = 0, apic_base_ = 0, misc_enable_ = 1, pat_ = 0;
  u64 tsc_aux_ = 0, sysenter_cs_ = 0, sysenter_esp_ = 0, sysenter_eip_ = 0, cstar_ = 0, star_ = 0, lstar_ = 0,
      fmask_ = 0;
  u64 mtrr_default_ = 0, mtrr_fixed_[11] = {}, mtrr_variable_[16] = {};

  ImplicitPages implicit_pages_;
  HandlerEntry iret_target_;
  u64 iret_flags_ = 0;

  mmu::Translation refusal_;       ///< why the last fill was refused
  bool refused_implicit_ = false;  ///< the last refusal was of an access as supervisor: it is final
  u64 implicit_page_ = ~u64{0};    ///< grant the next refused fill of this page as supervisor
  AccessCount access_count_;
  std::array<u8, 15> code_{};  ///< bytes of the instruction being emulated
  u64 view_pc_ = 0;
  bool in_block_ = false;          ///< a callback of the engine is running
  u64 hash_ = 0xcbf29ce484222325;  ///< FNV-1a offset basis
  mutable CpuCounters counters_;
  std::shared_ptr<UnmodelledPlaces> reported_;
  BlockAccesses block_accesses_;

  Breakpoints points_;
  bool watching_ = false;       ///< some page's data fills are refused
  bool granting_ = false;       ///< but not now: careful_step() looks after them
  bool granted_ = false;        ///< the engine's table holds what it must not keep
  bool refused_watch_ = false;  ///< the last refusal was for the guest's watch
  bool armed_ = false;          ///< must_step() may be true
  unsigned delayed_hits_ = 0;   ///< of MOV SS: reported one instruction later
  std::set<u64> attention_points_;
  std::set<u64> noted_points_;  ///< attention points from the next block on
  bool points_changed_ = false, interrupt_raised_ = false;
  CpuDebugger* debugger_ = nullptr;
  bool debug_step_ = false, debug_told_ = false, held_watch_ = false;
  u64 debug_passed_ = ~u64{0};  ///< reported already: the next instruction, by linear address
};

}  // namespace xs::x86
