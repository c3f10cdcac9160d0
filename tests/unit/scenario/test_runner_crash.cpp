// How runs end badly: panic, crash, triple fault, deadlock, hang, interrupt. Each has its exit code, and
// nothing is typed afterwards.
#include <catch2/catch.hpp>

#include "tests/unit/scenario/run_fake.h"

using namespace xs;
using namespace xs::scenario;
using platform::StopReason;

TEST_CASE("a hypervisor panic ends the run with its last words") {
  FakeTarget t;
  t.on_command = [&t](const std::string&) {
    t.serial(1, "(XEN) Panic on CPU 0: out of luck\n");
    t.serial(2, "(XEN)    [<ffff82d040200000>]\n");
    t.stop(3, StopReason::exited, 2);
  };
  const RunResult r = run_fake(t, R"({"list":{}},{"list":{}})");
  CHECK(r.exit_code == 6);
  CHECK(r.message == "hypervisor panic: Panic on CPU 0: out of luck");
  CHECK(r.console.back().text == "   [<ffff82d040200000>]");
  CHECK(r.backtrace ==
        std::vector<std::string>{"cpu0: idle+0x2", "xen:    [<ffff82d040200000>] <- hypervisor"});
  CHECK(t.typed.size() == 1);
  CHECK_FALSE(r.steps.back().passed);
  CHECK(r.simulated_ps < 6 * ps_per_ms);
}

TEST_CASE("what a crashed guest printed gets names from its own image") {
  FakeTarget t;
  t.on_command = [&t](const std::string&) {
    t.emit(1, {0, "domain-created", 3, ""});
    t.say(2, "= 0\nxl> ");
    t.serial(3 * ps_per_ms,
             "(XEN)   rip e033:ffffffff80100000 rsp 0 of debug keys\n"
             "(d3) panic: on purpose\n(d3)    [<ffffffff801013aa>]\n"
             "(d9)    [<1>] of a stranger\n"
             "(XEN) domain_crash called for d3: no callback\n"
             "(XEN)   rip e033:ffffffff801013ff rsp e02b:0000000000000000 kernel\n");
  };
  const RunResult r = run_fake(t, R"({"create":"web"},{"wait":{"time_ms":50}})");
  CHECK(r.exit_code == 6);
  CHECK(r.backtrace == std::vector<std::string>{"cpu0: idle+0x2", "dom3:    [<ffffffff801013aa>] <- kernel",
                                                "dom3: rip [<ffffffff801013ff>] <- kernel"});
}

TEST_CASE("where a crashed IA-64 guest stood") {
  FakeTarget t;
  t.on_command = [&t](const std::string&) {
    t.emit(1, {0, "domain-created", 3, ""});
    t.say(2, "= 0\nxl> ");
    t.serial(3 * ps_per_ms,
             "(XEN) domain_crash called for d3: by its own request\n"
             "(XEN)   ip a000000000112340 psr 00001011080a6010 ifs 8000000000000006 kernel\n");
  };
  const RunResult r = run_fake(t, R"({"create":"web"},{"wait":{"time_ms":50}})");
  CHECK(r.backtrace == std::vector<std::string>{"cpu0: idle+0x2", "dom3: ip [<a000000000112340>] <- kernel"});
}

TEST_CASE("a panic mark without words, in a hypervisor that then hangs") {
  FakeTarget t;
  t.emit(20 * ps_per_ms, {0, "panic", 0, ""});
  const RunResult r = run_fake(t, R"({"wait":{"time_ms":5000}})");
  CHECK(r.exit_code == 6);
  CHECK(r.message == "hypervisor panic");
  CHECK(r.simulated_ps <= 28 * ps_per_ms);
}

TEST_CASE("a crash ends the run when the consoles fall silent, and soon when they never do") {
  FakeTarget quiet, chatty;
  for (FakeTarget* t : {&quiet, &chatty}) {
    t->serial(20 * ps_per_ms, "(XEN) domain_crash called for d0: no callback\n");
    t->serial(21 * ps_per_ms, "(XEN) rsp 0\n");
    t->serial(22 * ps_per_ms, "(XEN) last word\n");
  }
  for (u64 ms = 23; ms < 300; ++ms) chatty.serial(ms * ps_per_ms, "(d1) tick\n");
  const RunResult r = run_fake(quiet, R"({"wait":{"time_ms":5000}})");
  CHECK(r.exit_code == 6);
  CHECK(r.console.back().text == "last word");
  CHECK(r.simulated_ps == 24 * ps_per_ms);
  const RunResult s = run_fake(chatty, R"({"wait":{"time_ms":5000}})");
  CHECK(s.exit_code == 6);
  CHECK(s.simulated_ps == 40 * ps_per_ms);
}

TEST_CASE("machine ends: triple fault, deadlock, reset, unexpected power-off") {
  const struct {
    StopReason reason;
    const char* message;
  } cases[] = {{StopReason::triple_fault, "triple fault"},
               {StopReason::deadlock, "deadlock: every core is halted and no device event is pending"},
               {StopReason::reset, "the machine was reset"},
               {StopReason::exited, "the machine powered off (exit port value 7)"}};
  for (const auto& c : cases) {
    FakeTarget t;
    t.stop(30 * ps_per_ms, c.reason, 7);
    const RunResult r = run_fake(t, R"({"wait":{"console":"xen","text":"never"}},{"list":{}})");
    CHECK(r.exit_code == 6);
    CHECK(r.message == c.message);
    CHECK(t.typed.empty());
  }
}

TEST_CASE("a machine that sleeps between commands is not dead") {
  FakeTarget t;
  t.sleeps = true;
  const RunResult r = run_fake(t, R"({"wait":{"time_ms":500}},{"list":{}})");
  CHECK(r.exit_code == 0);
  FakeTarget u;
  u.sleeps = true;
  u.on_command = [](const std::string&) {};
  const RunResult asleep = run_fake(u, R"({"list":{}})");
  CHECK(asleep.exit_code == 6);
  CHECK(asleep.message == "deadlock: every core is halted and no device event is pending");
}

TEST_CASE("a machine that dies before dom0 prompts") {
  FakeTarget t;
  t.prompt_at_boot = false;
  t.stop(1, StopReason::triple_fault);
  const RunResult r = run_fake(t, R"({"list":{}})");
  CHECK(r.exit_code == 6);
  REQUIRE(r.steps.size() == 1);
  CHECK(r.steps[0].problems == std::vector<std::string>{"triple fault"});
}

TEST_CASE("a hang ends at the simulated limit") {
  FakeTarget t, u;
  t.prompt_at_boot = false;
  const RunResult r = run_fake(t, R"({"list":{}})");
  CHECK(r.exit_code == 124);
  CHECK(r.message == "simulated time limit of 20 s reached before dom0 prompted");
  CHECK(r.simulated_ps == 20 * ps_per_s);
  CHECK(r.backtrace.size() == 1);
  u.on_command = [](const std::string&) {};
  const RunResult unanswered = run_fake(u, R"({"list":{}},{"info":{}})");
  CHECK(unanswered.exit_code == 124);
  CHECK(u.typed.size() == 1);
}

TEST_CASE("a crashing domain ends the run unless on_crash says otherwise") {
  const auto crash = [](FakeTarget& t) {
    t.on_command = [&t](const std::string& line) {
      if (line.rfind("create", 0) == 0) {
        t.emit(1, {0, "domain-created", 1, ""});
        t.serial(5 * ps_per_ms,
                 "(d1) panic: no more ideas\n(XEN) domain_crash called for d1: by its own request\n");
        t.emit(5 * ps_per_ms, {0, "domain-state", 1, "crashed"});
      }
      t.say(2, "= 0\nxl> ");
    };
  };
  const std::string then = R"(,{"wait":{"time_ms":50}},{"list":{}})";
  FakeTarget a, b, c;
  crash(a), crash(b), crash(c);
  const RunResult r = run_fake(a, R"({"create":"web"})" + then);
  CHECK(r.exit_code == 6);
  CHECK(r.message == "domain web (dom1) crashed: panic: no more ideas");
  CHECK(r.console.back().text == "domain_crash called for d1: by its own request");
  CHECK(run_fake(b, R"({"create":"tough"})" + then).exit_code == 0);
  CHECK(b.typed.back() == "list");
  CHECK(run_fake(c, R"({"create":"gone"})" + then).exit_code == 0);
  CHECK(c.typed ==
        std::vector<std::string>{"create name=gone kernel=kernel memory=8", "destroy gone", "list"});
}

TEST_CASE("dom0 crashing is always the end") {
  FakeTarget t;
  t.emit(10 * ps_per_ms, {0, "domain-state", 0, "crashed"});
  const RunResult r = run_fake(t, R"({"wait":{"time_ms":500}})");
  CHECK(r.exit_code == 6);
  CHECK(r.message == "domain dom0 crashed");
}

TEST_CASE("shutting the host down must end in a power-off with value 0") {
  for (const u32 value : {0u, 2u}) {
    FakeTarget t;
    t.on_command = [&](const std::string&) { t.stop(ps_per_ms, StopReason::exited, value); };
    const RunResult r = run_fake(t, R"({"shutdown-host":{}})",
                                 R"(,"expect":[{"counters":{"machine.instructions":{"at_least":1}}}])");
    CHECK(r.exit_code == (value ? 5 : 0));
  }
  FakeTarget late;
  late.on_command = [&](const std::string&) { late.stop(ps_per_ms, StopReason::exited, 0); };
  const RunResult r = run_fake(late, R"({"shutdown-host":{}},{"list":{}})");
  CHECK(r.exit_code == 5);
  CHECK(r.message == "the machine is already powered off");
}

TEST_CASE("an interrupt leaves a partial result") {
  FakeTarget t;
  std::atomic<int> interrupted{0};
  t.serial(10 * ps_per_ms, "(XEN) still here\n");
  t.later(100 * ps_per_ms, [&] { interrupted = 2; });
  const RunResult r = run_fake(t, R"({"wait":{"time_ms":5000}},{"list":{}})", "", &interrupted);
  CHECK(r.exit_code == 130);
  CHECK(r.message == "interrupted");
  CHECK(r.console.size() == 1);
  CHECK(t.typed.empty());
}
