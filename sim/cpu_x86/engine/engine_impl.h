// Engine's inside, shared by the files of engine/ only.
//
//   Unicorn "physical" space:  DRAM ranges at their addresses
//                              hidden_base      hidden pages: VMCB, MSR bitmap, stub, page of 0xff
//                              window_base      MMIO window: page i stands for device page window_[i]
//   (virtual-TLB mode: only fill answers use these addresses; the guest cannot name the hidden ones)
#pragma once
#include <unicorn/unicorn.h>

#include <array>
#include <map>
#include <vector>

#include "sim/cpu_x86/engine/context_bytes.h"
#include "sim/cpu_x86/engine/engine.h"
#include "sim/cpu_x86/engine/soft_tlb.h"
#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/decode.h"

namespace xs::x86 {

inline constexpr u64 hidden_base = u64{1} << 50;
inline constexpr u64 hidden_size = 0x10000;
inline constexpr u64 window_base = hidden_base + (u64{1} << 40);
inline constexpr u32 window_pages = 4096;
/// Virtual address of the hidden pages during start-up and code removal (canonical, outside any use).
inline constexpr u64 hidden_va = 0xffffff7fbad00000;
/// Pages of the hidden area.
enum : u64 {
  hidden_vmcb = 0,
  hidden_hsave = 0x1000,
  hidden_msrpm = 0x2000,
  hidden_iopm = 0x5000,
  hidden_ones = 0x7000,
  hidden_code = 0x8000,
  hidden_data = 0x9000
};

/// What is known of a translated block; found by address, size and the bytes' identity.
struct alignas(64) Block {
  u64 address = ~u64{0};
  u64 key = 0;     ///< Impl::key() when it was last known to be as below
  u64 demand = 0;  ///< cycles of its instructions, or `always_look`: more than any limit leaves
  u32 instructions = 0;
  u32 cycles = 0;
  u32 size = 0;
  u32 flags = 0;
  u32 frame = 0, frame2 = 0;      ///< second frame: of the last byte
  u32 version = 0, version2 = 0;  ///< CodeFrames versions at the time
};
static_assert(sizeof(Block) == 64);
inline constexpr u64 always_look = u64{1} << 62;
inline constexpr u32 any_size = ~u32{0};  ///< in Engine::Impl::next_block_size

/// Unicorn's access hooks name the physical address. While only one virtual page at a time reaches a frame
/// through the soft TLB, its frame tells the virtual address: a second one first flushes (`exact` only).
///
///     fill: va ──► frame    origins[frame] = page of va         hook: frame ──► origins[frame] ──► va
struct Origin {
  u64 vpn = ~u64{0};
  u64 generation = 0;  ///< of the soft TLB's content; an older one maps nothing any more
  bool user = false;   ///< CPL 3 itself may have the translation
};

inline constexpr u64 rflags_tf = 1u << 8;
inline constexpr u32 trap_db = svm::exit_exception0 + 1;
inline bool is_step_trap(const EngineExit& e) {
  return e.kind == EngineExit::Kind::intercept && e.code == trap_db;
}

enum : u32 {
  block_port_io = 1,  ///< holds IN, OUT, INS or OUTS: privilege must be checked before
  block_iret = 4,     ///< ends with IRET
  block_flags = 8,    ///< ends with POPF, IRET or SYSRET, and watch_flags() is on
  block_sysret = 16,  ///< ends with SYSRET: costs more than its instructions
  /// Holds what Unicorn executes and CPUID hides (RDRAND, RDSEED, VZEROUPPER, VZEROALL), or a far transfer,
  /// whose target Unicorn does not check.
  block_careful = 2
};

struct Engine::Impl {
  static constexpr unsigned key_size_bits = 16;

  // What the block hook reads and writes, in one cache line.
  alignas(64) u64 stamp = 0;  ///< generation, shifted for key()
  u64 cycles = 0;
  u64 limit = 0;  ///< cycle limit that the block hook compares with; 0: look closer at each block
  const Block* current = nullptr;  ///< running block: in the table, `stepped_block` or `no_block`

  static constexpr std::size_t block_slots = 1u << 15;
  std::array<Block, block_slots> blocks;

  /// Of the soft TLB and the translated code: after a change, what was known of blocks may be wrong.
  void new_generation();
  u64 key(u32 size) const { return stamp ^ size; }
  /// Hypervisor and guest are often aligned alike: high bits count, too.
  Block& slot_of(u64 address) { return blocks[(address ^ address >> 15) & (block_slots - 1)]; }
  u64 instructions() const { return (cycles - other_cycles) / config.timing.instruction; }
  void retire(u64 count) { cycles += count * config.timing.instruction; }
  void charge_other(u64 count) { cycles += count, other_cycles += count; }

  Impl(Engine& self, const EngineConfig& config, MemoryPort& memory, CodeFrames& frames,
       EngineClient& client);
  ~Impl();

  // setup.cpp
  void map_memory();
  void add_hooks();
  static u64 on_mmio_read(uc_engine*, u64 offset, unsigned size, void* user);
  static void on_mmio_write(uc_engine*, u64 offset, unsigned size, u64 value, void* user);
  static u32 on_in(uc_engine*, u32 port, int size, void* user);
  static void on_out(uc_engine*, u32 port, int size, u32 value, void* user);
  static void on_syscall(uc_engine*, void* user);
  static void on_sysenter(uc_engine*, void* user);
  static void on_interrupt(uc_engine*, u32 number, void* user);
  static void on_tap(uc_engine*, u64 address, u32 size, void* user);
  static void on_code_stop(uc_engine*, u64 address, u32 size, void* user);
  static void on_translation(uc_engine*, uc_tb*, uc_tb*, void* user);
  static void on_access(uc_engine*, uc_mem_type type, u64 address, int size, i64 value, void* user);

  // in_place.cpp
  bool stays_inside() const;
  bool handles_in_place() const;
  bool goes_on();
  bool syscall_in_place();
  void intercept(unsigned exit_code, bool on);
  void want_iret(bool on);
  bool quick_iret() const;
  bool passes_iret();
  void pass_iret(u64 address, u32 size);
  void end_passing();

  // guest_mode.cpp
  void enter_guest_mode();
  void run_hidden(u64 offset);
  void mask_msr(u32 index, bool intercepted);

  // calibrate.cpp
  void calibrate();
  void calibrate_context();
  void calibrate_intercepts();
  void calibrate_fault_address();
  void calibrate_in_place();
  void calibrate_soft_tlb(u8* cpu, u8* state);
  void calibrate_parts(u8* cpu);
  void expect(bool condition, const char* what) const;

  // fill.cpp
  static bool on_fill(uc_engine*, u64 va, uc_mem_type type, uc_tlb_entry* entry, void* user);
  bool fill(u64 va, uc_mem_type type, uc_tlb_entry& entry);
  void fill_device(u64 va, uc_mem_type type, const FillAnswer& answer, uc_tlb_entry& entry);
  bool fill_dram(u64 va, u32 frame, uc_mem_type type, const FillAnswer& answer, uc_tlb_entry& entry);
  u64 window(u64 va, const FillAnswer& answer);
  void bind(Origin& origin, u64 va, bool user);
  const Origin* origin_of(u64 paddr) const;
  bool code_runs_in(u32 frame) const;
  void remove_code(u64 pa);

  /// A page that code runs from.
  struct CodePage {
    u64 vpn = ~u64{0};
    u64 generation = 0;
    u32 frame = 0;
    bool global = false;
  };

  // blocks.cpp
  static void on_block(uc_engine*, u64 address, u32 size, void* user);
  static void on_block_seen(uc_engine*, u64 address, u32 size, void* user);
  void look_closer(u64 address, u32 size);
  void start_step(u64 address, u32 size);
  bool at_limit() const;
  bool accept(Block& b);
  bool user_mode() const;
  Block& block(u64 address, u32 size);
  void refresh(Block& b, u64 address, u32 size);
  void note_nonglobal(Block& b);
  void start(const Block& b);
  void begin(u64 address, u32 size);
  std::vector<u8> block_bytes(const Block& b) const;
  void examine(Block& b);
  void note_traits(Block& b);
  bool must_stop(Block& b);
  void stop_at_block(u64 address, EngineExit::Kind kind);
  CodePage code_page(u64 va);
  void note_code_page(u64 vpn, u32 frame, bool global);
  u8 code_byte(const Block& b, u32 offset) const;
  u64 instructions_before(u64 linear);

  // code_stops.cpp
  bool stops_at(u64 address);
  void hold();
  void begin_block(u64 cycle_limit);
  EngineExit step_held();
  void set_code_stops(const std::vector<u64>& linear);
  bool is_tap(u64 address) const;
  bool stops_within(u64 address, u64 size) const;

  // part.cpp
  EngineExit run_part();
  EngineExit run_part_translated();
  bool met_before();
  void cut();
  void begin_part();
  void start_part(u64 address, u32 size);
  void start_cut(u32 size);

  // stepping.cpp
  EngineExit resume();
  void settle();
  void give_back();
  bool second_page_refused() const;
  bool step_natively(u64 flags);
  void invalidate_page(u64 va);
  void invalidate_natively(u64 va);
  bool forget_nonglobal();
  void flush();
  bool runs_code_of(u64 va) const;
  EngineExit step();
  void restore_flags(u64 guest_flags, const Opcode& op);
  bool is_last_repeat(const Opcode& op, u64 count_before) const;
  std::array<u8, 15> fetch(u64 linear);

  u64 live_rip() const { return context->in_place() ? context->rip() : read(UC_X86_REG_RIP); }
  u64 read_flags() const;
  void write_flags(u64 value);
  u64 read(int reg) const;
  void write(int reg, u64 value);
  u64 code_base() const;
  unsigned code_bits() const;  ///< 16, 32 or 64

  Engine& self;
  EngineConfig config;
  MemoryPort& memory;
  CodeFrames& frames;
  EngineClient& client;
  u8 slot = 0;
  uc_engine* uc = nullptr;
  std::unique_ptr<ContextBytes> context;
  SoftTlb soft_tlb;
  u8* hidden = nullptr;
  size_t fault_address_offset = 0;

  u64 rip = 0;
  u64 run_limit = 0;           ///< cycle limit of run()
  bool bootstrapping = false;  ///< fills map hidden_va only
  bool removing = false;       ///< fills map hidden_va to removing_pa
  u64 removing_pa = 0;
  bool stepping = false;
  bool unseen = false;  ///< a step that repeats an instruction the guest has begun already
  bool in_place_allowed = true;
  u64 single_steps = 0, entries = 0;
  const Block* over_limit = nullptr;  ///< the block that is longer than what the limit leaves
  Block part;                         ///< its beginning, up to the limit
  bool part_awaited = false;          ///< the next block is `part`
  u32* next_block_size = nullptr;     ///< Unicorn's, in instructions; null: not known where
  std::array<u64, 1024> cuts_met{};   ///< address and length of parts, by hash
  u32 first_block_size = 0;           ///< bootstrapping: of the first block, in bytes
  bool beginning = false;             ///< step_in_block() runs up to the next block, to begin it
  bool in_block = false;              ///< `current` is charged, and executed by single steps
  u32 executed = 0;                   ///< its instructions, of those
  bool refused = false;               ///< a fill was
  /// Linear address of an instruction whose access was refused: its tap was told. `quiet`: in the present
  /// step.
  u64 retry = ~u64{0}, quiet = ~u64{0};
  bool careful_ports = false;  ///< watch_ports()
  bool flags_watched = false;  ///< watch_flags()
  unsigned step_blocks = 0;
  bool smc_step = false;        ///< the refused store hits the running block: step over it
  bool attention = false;       ///< the client wants to be asked in front of each block
  bool protected_mode = false;  ///< CR0.PE: only then are CS's low bits a privilege level
  EngineExit exit;
  bool exit_set = false;

  Block stepped_block;   ///< runs for one instruction, which step() charges when it is done
  u64 other_cycles = 0;  ///< of `cycles`, those which are not timing.instruction for each instruction
  Block no_block;        ///< from the start of a run to its first block
  const Block* ran_before = &no_block;  ///< the last one of earlier runs
  const Block& last_block() const { return current == &no_block ? *ran_before : *current; }
  u64 taken_back = 0;  ///< instructions of `current` that were charged and did not run
  u64 charged_instructions() const { return current->instructions - taken_back; }
  /// What a place of `blocks` held before: to examine a block anew takes thousands of instructions.
  std::array<Block, block_slots> displaced;
  struct Position {  ///< an address in a block and the number of instructions in front of it
    u64 block = ~u64{0}, address = 0;
    u32 frame = 0, version = 0, count = 0;
  };
  std::vector<Position> positions;
  std::array<CodePage, 1024> code_pages;
  /// Those whose key a CR3 load takes away. Dropped with a new generation when there are too many.
  std::vector<Block*> nonglobal_blocks;
  static constexpr std::size_t most_nonglobal_blocks = 1u << 16;
  u64 flush_stamp = 0;  ///< `stamp` of the last full flush
  /// By a hash of the page number: flush_stamp when code last ran from such a page.
  std::array<u64, 4096> code_seen{};
  static std::size_t seen_slot(u64 vpn) { return vpn * 0x9e3779b97f4a7c15u >> 52; }
  u64 translations = 0, translations_at_flush = 0;
  bool buffer_full() const { return translations - translations_at_flush > translations_per_flush; }
  u64 translations_per_flush = 0;
  bool stopped_for_buffer = false;
  struct WindowPage {
    u64 pa = 0;
    Origin origin;
  };
  std::vector<WindowPage> window_pa;
  std::map<std::pair<u64, u64>, u32> window_index;  ///< by physical page and, in `exact`, virtual page
  std::vector<Origin> origins;                      ///< per frame; `exact` only
  u64 data_generation = 1;
  bool iret_wanted = false;  ///< Engine::intercept()
  enum class Passing : u8 { no, at_iret, behind } passing = Passing::no;
  std::vector<uc_hook> hooks;
  std::map<u64, uc_hook> code_stops;  ///< by linear address; hook 0: a tap's serves
};

}  // namespace xs::x86
