// Debuggers and debug registers from outside the guest: a run that is stopped, stepped and watched takes the
// course of one that is not; interrupts by device stores are taken behind the store.
#include <catch2/catch.hpp>

#include "sim/cpu_x86/system/data_accesses.h"
#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

/// Steps or runs on at every stop, and remembers the stops.
class Script final : public CpuDebugger {
 public:
  explicit Script(x86::Core& core) : core_(core) { core.set_debugger(this); }
  ~Script() override { core_.set_debugger(nullptr); }
  void on_stop(unsigned, const DebugStop& stop) override {
    stops.push_back({stop.why, core_.linear_pc()});
    if (points_after_first) core_.set_debug_points(*points_after_first);
    points_after_first.reset();
    core_.request_step(stops.size() < steps);
  }
  bool wants_stop(unsigned) override { return wants_now; }

  struct Stop {
    DebugStop::Why why;
    u64 pc;
  };
  std::vector<Stop> stops;
  size_t steps = 0;  ///< asks for a step until there were so many stops
  bool wants_now = false;
  std::optional<std::vector<DebugPoint>> points_after_first;

 private:
  x86::Core& core_;
};

constexpr u64 variable = 0x5000, timer_handler = 0x110000;

struct Outcome {
  u64 hash, instructions, cycles;
  std::vector<u64> trap_pcs;
  std::string text;
  bool operator==(const Outcome&) const = default;
};

/// Runs `code` under dense timer interrupts in small quanta; `prepare` sets up the debugger.
template <class Prepare>
Outcome run_debugged(test::Code code, test::Code handler, Prepare prepare,
                     Fidelity fidelity = Fidelity::fast) {
  x86::CpuConfig config;
  config.fidelity = fidelity;
  Machine m(config);
  m.load(timer_handler, handler);
  m.gate(0x40, timer_handler);
  m.boot(code);
  [[maybe_unused]] const auto guard = prepare(m.core());
  while (m.core().state() == x86::CoreState::running && m.core().cycles() < 3'000'000) {
    m.core().run(m.core().cycles() + 5'003);
    m.core().end_quantum();
  }
  CHECK(m.core().state() == x86::CoreState::halted);
  Outcome o{m.core().execution_hash(), m.core().counters().instructions, m.core().cycles(), {}, m.text};
  for (const Trap& t : m.traps) o.trap_pcs.push_back(t.pc);
  return o;
}

auto undisturbed = [](x86::Core&) { return 0; };

}  // namespace

// Loops, calls, strings across pages, port and device accesses, faulting nothing, under a periodic timer;
// ends after a fixed number of rounds.
XS_CODE(work,
        "mov $0x80001000,%r15d\n movl $0x1ff,0xf0(%r15)\n movl $0x20040,0x320(%r15)\n"
        "movl $0xb,0x3e0(%r15)\n movl $700,0x380(%r15)\n sti\n"
        "mov $40,%r12d\n"
        "1: cld\n mov $0x6fe0,%edi\n mov $100,%ecx\n mov %r12d,%eax\n rep stosb\n"
        "mov $0x6ff0,%esi\n mov $0x8ff8,%edi\n mov $9,%ecx\n rep movsq\n"
        "mov $0x80,%edx\n out %al,%dx\n nop\n in %dx,%al\n mov $0x3f8,%edx\n mov %r12d,%eax\n or $64,%al\n"
        "out %al,%dx\n incl 0x5000\n call 2f\n cpuid\n rdtsc\n mov %eax,0x5008\n"
        "mov $0x80000000,%ebx\n mov %r12d,(%rbx)\n add %r12d,4(%rbx)\n mov (%rbx),%ecx\n"
        "dec %r12d\n jnz 1b\n cli\n 3: hlt\n jmp 3b\n"
        "2: mov $30,%ecx\n 4: add %ecx,0x5004\n dec %ecx\n jnz 4b\n pushfq\n popfq\n ret\n")
XS_CODE(count_tick,
        "push %rax\n incl 0x5010\n mov $0x80001000,%eax\n movl $0,0xb0(%rax)\n pop %rax\n iretq\n")
XS_CODE(
    ipi_in_loop,
    "mov $0x80001000,%r15d\n movl $0x1ff,0xf0(%r15)\n sti\n mov $3,%ecx\n"
    "1: nop\n movl $0x44040,0x300(%r15)\n inc %rbx\n inc %rbx\n inc %rbx\n dec %ecx\n jnz 1b\n cli\n hlt\n")
XS_CODE(note_rip,
        "push %rax\n mov 8(%rsp),%rax\n mov 0x5100,%edx\n mov %eax,0x5104(,%rdx,4)\n incl 0x5100\n"
        "mov $0x80001000,%eax\n movl $0,0xb0(%rax)\n pop %rax\n iretq\n")
XS_CODE(store_then_load, "mov $7,%eax\n mov %eax,0x5000\n mov 0x5000,%ebx\n nop\n cli\n hlt\n")

TEST_CASE("a debugger's steps, breakpoints and watchpoints leave no trace in a run") {
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  const Outcome plain = run_debugged(work(), count_tick(), undisturbed, fidelity);
  REQUIRE(plain.text.size() == 40);
  REQUIRE(plain.trap_pcs.size() > 20);
  size_t stops = 0;
  const auto with = [&](std::vector<DebugPoint> points, size_t steps) {
    return run_debugged(
        work(), count_tick(),
        [&](x86::Core& core) {
          auto script = std::make_unique<Script>(core);
          script->steps = steps;
          core.set_debug_points(points);
          core.request_step(steps != 0);
          // The counts are read when the run is over.
          struct Reader {
            std::unique_ptr<Script> script;
            size_t& stops;
            ~Reader() { stops = script->stops.size(); }
          };
          return std::make_unique<Reader>(std::move(script), stops);
        },
        fidelity);
  };
  SECTION("attached only") {
    CHECK(with({}, 0) == plain);
    CHECK(stops == 0);
  }
  SECTION("every instruction stepped") {
    CHECK(with({}, ~size_t{0}) == plain);
    CHECK(stops > 4'000);
  }
  SECTION("breakpoints everywhere") {
    std::vector<DebugPoint> points;
    for (u64 a = Machine::program; a < Machine::program + 220; ++a)
      points.push_back({DebugAccess::execute, a, 1});
    points.push_back({DebugAccess::execute, timer_handler + 1, 1});
    CHECK(with(points, 0) == plain);
    CHECK(stops > 3'000);
  }
  SECTION("one breakpoint, and a few steps from each") {
    CHECK(with({{DebugAccess::execute, Machine::program + 100, 1}}, 50) == plain);
  }
  SECTION("watchpoints") {
    CHECK(with({{DebugAccess::write, variable, 4}}, 0) == plain);
    CHECK(stops == 40);
    CHECK(with({{DebugAccess::access, 0x6ff8, 4}, {DebugAccess::read, 0x5010, 4}}, 0) == plain);
    CHECK(stops > 40 * 4);
    CHECK(with({{DebugAccess::write, Machine::device, 4}, {DebugAccess::access, 0x80001000 + 0xb0, 4}}, 20) ==
          plain);
    CHECK(with({{DebugAccess::access, Machine::program, 64}}, 0) == plain);
    CHECK(stops == 0);
  }
}

TEST_CASE("a debugger's breakpoint and watchpoint stop where they say") {
  Machine m;
  m.boot(store_then_load());
  Script script(m.core());
  constexpr u64 store_at = Machine::program + 5, load_at = store_at + 7;
  m.core().set_debug_points({{DebugAccess::execute, store_at, 1},
                             {DebugAccess::write, variable, 1},
                             {DebugAccess::read, variable + 3, 1}});
  m.run_on();
  REQUIRE(script.stops.size() == 3);
  CHECK(script.stops[0].why == DebugStop::Why::breakpoint);
  CHECK(script.stops[0].pc == store_at);
  CHECK(script.stops[1].why == DebugStop::Why::watchpoint);
  CHECK(script.stops[1].pc == load_at);
  CHECK(script.stops[2].why == DebugStop::Why::watchpoint);
  CHECK(script.stops[2].pc == load_at + 7);
}

TEST_CASE("a debugger can ask for a stop at a quantum's end") {
  Machine m;
  m.boot(work());
  Script script(m.core());
  m.core().run(1000);
  script.wants_now = true;
  m.core().end_quantum();
  REQUIRE(script.stops.size() == 1);
  CHECK(script.stops[0].why == DebugStop::Why::request);
}

TEST_CASE("registers by gdb's numbers") {
  Machine m;
  m.run(store_then_load());
  const auto value = [&m](const char* name) {
    const auto rows = m.core().registers();
    for (unsigned i = 0; i < rows.size(); ++i) {
      if (rows[i].name != std::string(name)) continue;
      std::vector<u8> bytes(rows[i].bits / 8);
      m.core().read_register(i, bytes);
      u64 v = 0;
      std::memcpy(&v, bytes.data(), std::min<size_t>(bytes.size(), 8));
      return v;
    }
    return ~u64{0};
  };
  CHECK(value("rax") == 7);
  CHECK(value("rbx") == 7);
  CHECK(value("rip") == m.reg("rip"));
  CHECK(value("cs") == 8);
  CHECK(value("cr3") == 0x10000);
  CHECK(value("fctrl") == 0x37f);
  CHECK(value("mxcsr") == 0x1f80);
  CHECK(m.core().write_register(0, std::array<u8, 8>{1, 2}));
  CHECK(m.reg("rax") == 0x201);
}

// The engine learns such a store when it first interrupts a block.
TEST_CASE("an interrupt raised by a device store is taken behind the store, from the second time on") {
  Machine m;
  m.load(timer_handler, note_rip());
  m.gate(0x40, timer_handler);
  m.run(ipi_in_loop());
  REQUIRE(m.ram.word(0x5100) % (u64{1} << 32) == 3);
  const auto rip = [&m](unsigned i) { return m.ram.dword(0x5104 + 4 * i); };
  CHECK(rip(1) == rip(2));
  CHECK(rip(0) != rip(1));  // the loop's start
  CHECK(rip(1) == Machine::program + 6 + 11 + 1 + 5 + 1 + 11);
}

TEST_CASE("what an instruction accesses") {
  struct Case {
    std::vector<u8> code;
    u64 va;
    u32 size;
    bool read, write, aligned;
  };
  x86::OperandState s;
  for (unsigned i = 0; i < 16; ++i) s.gpr[i] = 0x1000 * (i + 1);
  s.gpr[1] = 5;
  const u64 rax = s.gpr[0], rsp = s.gpr[4], rbp = s.gpr[5], rsi = s.gpr[6], rdi = s.gpr[7];
  const Case cases[] = {
      {{0x8b, 0x07}, rdi, 4, true, false, false},                          // mov eax,[rdi]
      {{0x48, 0x89, 0x47, 0x10}, rdi + 16, 8, false, true, false},         // mov [rdi+16],rax
      {{0xf6, 0x07, 0x01}, rdi, 1, true, false, false},                    // test byte [rdi],1
      {{0x39, 0x07}, rdi, 4, true, false, false},                          // cmp [rdi],eax
      {{0x01, 0x07}, rdi, 4, true, true, false},                           // add [rdi],eax
      {{0x87, 0x07}, rdi, 4, true, true, false},                           // xchg
      {{0xf0, 0x0f, 0xb1, 0x0f}, rdi, 4, true, true, false},               // lock cmpxchg
      {{0x0f, 0x11, 0x07}, rdi, 16, false, true, false},                   // movups [rdi],xmm0
      {{0x0f, 0x29, 0x07}, rdi, 16, false, true, true},                    // movaps [rdi],xmm0
      {{0x66, 0x0f, 0x6f, 0x07}, rdi, 16, true, false, true},              // movdqa xmm0,[rdi]
      {{0x66, 0x0f, 0xfe, 0x07}, rdi, 16, true, false, true},              // paddd xmm0,[rdi]
      {{0xf2, 0x0f, 0x10, 0x07}, rdi, 8, true, false, false},              // movsd xmm0,[rdi]
      {{0x50}, rsp - 8, 8, false, true, false},                            // push rax
      {{0x58}, rsp, 8, true, false, false},                                // pop rax
      {{0xe8, 0, 0, 0, 0}, rsp - 8, 8, false, true, false},                // call
      {{0xc3}, rsp, 8, true, false, false},                                // ret
      {{0xc9}, rbp, 8, true, false, false},                                // leave
      {{0x48, 0xcf}, rsp, 40, true, false, false},                         // iretq
      {{0xa4}, rdi, 1, false, true, false},                                // movsb: the destination
      {{0xf3, 0x48, 0xab}, rdi, 8, false, true, false},                    // rep stosq
      {{0xac}, rsi, 1, true, false, false},                                // lodsb
      {{0xae}, rdi, 1, true, false, false},                                // scasb
      {{0xd9, 0x1f}, rdi, 4, false, true, false},                          // fstp dword [rdi]
      {{0xdd, 0x07}, rdi, 8, true, false, false},                          // fld qword [rdi]
      {{0x0f, 0xae, 0x1f}, rdi, 4, false, true, false},                    // stmxcsr [rdi]
      {{0x48, 0x0f, 0xab, 0x0f}, rdi, 8, true, true, false},               // bts [rdi],rcx: bit 5
      {{0x48, 0x0f, 0xa3, 0x07}, rdi + rax / 8, 8, true, false, false},    // bt [rdi],rax
      {{0x8b, 0x05, 4, 0, 0, 0}, 0x40000 + 6 + 4, 4, true, false, false},  // mov eax,[rip+4]
  };
  for (const Case& c : cases) {
    INFO("opcode " << std::hex << int{c.code[0]} << " " << (c.code.size() > 1 ? int{c.code[1]} : 0));
    const auto found = x86::data_accesses(c.code, 0x40000, s);
    REQUIRE_FALSE(found.empty());
    CHECK(found[0].va == c.va);
    CHECK(found[0].size == c.size);
    CHECK(found[0].read == c.read);
    CHECK(found[0].write == c.write);
    CHECK(found[0].aligned == c.aligned);
  }
  const std::vector<std::vector<u8>> silent = {{0x48, 0x8d, 0x07}, {0x90}, {0x0f, 0x18, 0x07}, {0x01, 0xc8}};
  for (const auto& code : silent) CHECK(x86::data_accesses(code, 0x40000, s).empty());
  s.gpr[1] = 0;
  CHECK(x86::data_accesses(std::vector<u8>{0xf3, 0xa4}, 0x40000, s).empty());
}
