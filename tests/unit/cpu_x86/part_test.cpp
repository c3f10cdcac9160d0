// Blocks cut by a limit (engine/part.cpp): what happens in a part, and when, is the same whether Unicorn
// translates it, single steps execute it, or a debugger steps through it.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

enum class Way { translated, stepped, debugged };

/// Asks for a step at every stop.
class Stepper final : public CpuDebugger {
 public:
  explicit Stepper(x86::Core& core) : core_(core) {
    core.set_debugger(this);
    core.request_step(true);
  }
  ~Stepper() override { core_.set_debugger(nullptr); }
  void on_stop(unsigned, const DebugStop&) override {
    ++stops;
    core_.request_step(true);
  }
  bool wants_stop(unsigned) override { return false; }
  u64 stops = 0;

 private:
  x86::Core& core_;
};

struct Happening {
  const char* what;
  u64 time, where, value;
  bool operator==(const Happening&) const = default;
};

struct Outcome {
  u64 hash = 0;
  x86::CpuCounters counters;
  std::vector<Happening> seen;
  std::vector<u8> ram;
  u64 stops = 0;
};

/// Passes everything on to the machine, and notes when it happened.
class Witness final : public CpuObserver {
 public:
  void on_trap(const Trap& t) override {
    seen.push_back({"trap", t.time_ps, t.pc, t.vector << 16 | t.error});
  }
  void on_tlb_fill(const CpuView& v, u64 va, u64, u64, bool, bool) override { note("fill", v, va); }
  void on_tap(const CpuView& v) override { note("tap", v, v.instructions()); }
  void on_unmodelled(const CpuView& v, const char*, u64 where) override { note("unmodelled", v, where); }
  void note(const char* what, const CpuView& v, u64 value) {
    seen.push_back({what, v.time_ps(), v.pc(), value});
  }
  std::vector<Happening> seen;
};

constexpr u64 handler = 0x110000, variables_end = 0x10000, small_steps[] = {1, 2, 3, 4, 5, 7, 11, 29, 97};

struct Program {
  test::Code code;
  std::vector<std::pair<unsigned, test::Code>> handlers;
  bool taps = true;
};

Outcome run(const Program& program, x86::CpuConfig config, Way way, u64 quantum) {
  std::vector<u64> taps;
  for (u64 a = Machine::program; program.taps && a < Machine::program + 96; ++a) taps.push_back(a);
  Outcome o;
  Witness witness;
  config.taps = taps;
  config.in_place = way != Way::stepped;
  config.observer = &witness;
  Machine m(config);
  m.device_latency = 3;
  m.on_transport = [&] { witness.seen.push_back({"device", m.core().now_ps(), 0, m.device_log.size()}); };
  for (const auto& [vector, code] : program.handlers) {
    m.load(handler + 0x1000 * vector, code);
    m.gate(vector, handler + 0x1000 * vector);
  }
  m.boot(program.code);
  std::unique_ptr<Stepper> stepper;
  if (way == Way::debugged) stepper = std::make_unique<Stepper>(m.core());
  while (m.core().state() == x86::CoreState::running && m.core().cycles() < 2'000'000) {
    m.core().run(m.core().cycles() + quantum * config.timing.instruction);
    m.core().end_quantum();
    witness.note("end", m.core(), m.core().instructions());
  }
  CHECK(m.core().state() == x86::CoreState::halted);
  o.hash = m.core().execution_hash();
  o.counters = m.core().counters();
  o.seen = std::move(witness.seen);
  o.ram.assign(m.ram.at(0), m.ram.at(variables_end));
  if (stepper) o.stops = stepper->stops;
  return o;
}

void check_same(const Outcome& a, const Outcome& b) {
  for (std::size_t i = 0; i < std::min(a.seen.size(), b.seen.size()); ++i) {
    INFO(i << ": " << a.seen[i].what << " at " << std::hex << a.seen[i].where << " / " << b.seen[i].what
           << " at " << b.seen[i].where << ", " << a.seen[i].value << " / " << b.seen[i].value);
    REQUIRE(a.seen[i].time == b.seen[i].time);
    REQUIRE((a.seen[i] == b.seen[i]));
  }
  REQUIRE(a.seen.size() == b.seen.size());
  REQUIRE(a.hash == b.hash);
  CHECK(a.counters.instructions == b.counters.instructions);
  CHECK(a.counters.cycles == b.counters.cycles);
  CHECK(a.counters.quanta == b.counters.quanta);
  CHECK(a.counters.mmu.misses == b.counters.mmu.misses);
  CHECK(a.counters.mmu.walk_reads == b.counters.mmu.walk_reads);
  CHECK((a.ram == b.ram));
}

void all_ways_alike(const Program& program) {
  x86::CpuConfig config;
  config.fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  config.timing.instruction = GENERATE(1u, 3u);
  u64 saved = 0;
  for (u64 quantum : small_steps) {
    INFO("quantum " << quantum << " x " << config.timing.instruction);
    const Outcome translated = run(program, config, Way::translated, quantum);
    const Outcome stepped = run(program, config, Way::stepped, quantum);
    check_same(translated, stepped);
    saved += stepped.counters.engine_entries - translated.counters.engine_entries;
    INFO("debugged");
    const Outcome debugged = run(program, config, Way::debugged, quantum);
    check_same(translated, debugged);
    CHECK(debugged.stops > 200);
    CHECK(translated.seen.size() > 15);
  }
  CHECK(saved > 100);  // Unicorn does make parts
}

// A timer, so that interrupts fall everywhere; EOI and return.
#define XS_TIMER                                                                 \
  "mov $0x80001000,%r15d\n movl $0x1ff,0xf0(%r15)\n movl $0x20040,0x320(%r15)\n" \
  "movl $0xb,0x3e0(%r15)\n movl $2700,0x380(%r15)\n sti\n"
XS_CODE(part_tick, "push %rax\n incl 0x5010\n mov $0x80001000,%eax\n movl $0,0xb0(%rax)\n pop %rax\n iretq\n")

// Device registers, ports that answer and one that does not, an IPI to itself in the middle of a block, the
// shadow of STI, RFLAGS on the stack, strings.
XS_CODE(
    part_devices,
    "mov $6,%r12d\n" XS_TIMER
    "1: mov $0x80000000,%ebx\n mov %r12d,(%rbx)\n nop\n add %r12d,4(%rbx)\n lea 1(%r12),%eax\n mov "
    "(%rbx),%ecx\n"
    "mov $0x80,%edx\n out %al,%dx\n nop\n in %dx,%al\n in $0x99,%al\n movl $0x44040,0x300(%r15)\n inc %rsi\n"
    "inc %rsi\n pushfq\n pop %rax\n add %eax,0x5000\n mov 0x390(%r15),%eax\n mov $0x6fe0,%edi\n mov "
    "$40,%ecx\n"
    "rep stosb\n incl 0x5004\n cpuid\n inc %rsi\n cli\n inc %rsi\n inc %rsi\n sti\n nop\n inc %rsi\n"
    "dec %r12d\n jnz 1b\n cli\n 2: hlt\n jmp 2b\n")

// Exceptions in the middle of blocks: #DE, #UD, #PF on a page that the handler maps and the program unmaps.
XS_CODE(
    part_exceptions,
    "mov $5,%r12d\n" XS_TIMER
    "1: inc %rsi\n xor %ecx,%ecx\n mov %esi,0x5020\n div %cl\n inc %rsi\n mov %esi,0x5024\n ud2\n inc %rsi\n"
    "inc %rsi\n movq $0,0x23000\n invlpg 0x600000\n inc %rsi\n mov %rsi,0x5028\n"
    "add %r12,0x600008\n inc %rsi\n inc %rsi\n rdtsc\n add %eax,0x5030\n inc %rsi\n int $0x21\n inc %rsi\n"
    "dec %r12d\n jnz 1b\n cli\n 2: hlt\n jmp 2b\n")
XS_CODE(part_skip, "incq 0x5040\n addq $2,(%rsp)\n iretq\n")
XS_CODE(part_map, "add $8,%rsp\n incq 0x5048\n movq $0x600007,0x23000\n iretq\n")
XS_CODE(part_software, "incq 0x5050\n mov %rsp,%rax\n iretq\n")

// Code that changes: the immediate of an instruction further on in the same block, by its own address and by
// an alias, and one in a block that is called, which lies across a page boundary.
XS_CODE(part_changing,
        "mov $9,%r12d\n" XS_TIMER
        "1: mov %r12d,2f+1(%rip)\n inc %rsi\n inc %rsi\n 2: mov $1,%eax\n add %eax,0x5060\n"
        "lea 3f(%rip),%rbx\n add $0x40000000,%rbx\n inc %rsi\n mov %r12d,1(%rbx)\n inc %rsi\n"
        "3: mov $1,%eax\n add %eax,0x5064\n lea 5f(%rip),%rbx\n call *%rbx\n mov %r12b,4(%rbx)\n"
        "call *%rbx\n dec %r12d\n jnz 1b\n cli\n 4: hlt\n jmp 4b\n"
        ".org code_part_changing+0xff4\n"
        "5: inc %rsi\n mov $1,%eax\n add %eax,0x5068\n inc %rsi\n incl 0x506c\n inc %rsi\n ret\n")

}  // namespace

TEST_CASE("parts of blocks: device accesses, ports, interrupts") {
  all_ways_alike({part_devices(), {{0x40, part_tick()}}});
}

TEST_CASE("parts of blocks: exceptions") {
  all_ways_alike(
      {part_exceptions(),
       {{0x40, part_tick()}, {0, part_skip()}, {6, part_skip()}, {14, part_map()}, {0x21, part_software()}}});
}

TEST_CASE("parts of blocks: code that changes, pages that end") {
  all_ways_alike({part_changing(), {{0x40, part_tick()}}, false});
}
