// The runner against a scripted guest: the right lines are typed, waits and expectations judge.
#include <catch2/catch.hpp>

#include "tests/unit/scenario/run_fake.h"

using namespace xs;
using namespace xs::scenario;

TEST_CASE("commands are typed one by one, each after the prompt") {
  FakeTarget t;
  const RunResult r = run_fake(t, R"({"create":"web"},{"list":{}})");
  CHECK(r.exit_code == 0);
  CHECK(t.typed == std::vector<std::string>{"create name=web kernel=kernel memory=64", "list"});
  REQUIRE(r.steps.size() == 3);
  CHECK(r.steps[0].name == "boot");
  CHECK(r.steps[0].end_ps == 5 * ps_per_ms);
  CHECK(r.steps[1].end_ps == 6 * ps_per_ms);
  CHECK(r.trace_hash == 0x7e57);
  CHECK(t.observation_.steps_ended == 3);
}

TEST_CASE("a user's lines are typed between the scenario's own, each after the prompt") {
  FakeTarget t;
  t.user_lines = {"vcpu-list", "info"};
  t.on_command = [&t](const std::string& line) {  // slow: the scenario has to wait for a user's answer
    t.say(line == "info" ? 3 * ps_per_ms : ps_per_ms, "about " + line + "\n= 0\nxl> ");
  };
  const RunResult r = run_fake(t, R"({"wait":{"time_ms":11}},{"list":{}},{"shutdown":"web"})");
  CHECK(r.exit_code == 0);
  CHECK(t.typed == std::vector<std::string>{"vcpu-list", "info", "list", "shutdown web"});
  CHECK(r.steps[2].answer == std::vector<std::string>{"about list", "= 0"});
  std::vector<std::string> shown;
  for (const ConsoleLine& line : t.observation_.lines)
    if (line.text.starts_with("xl> ")) shown.push_back(line.text.substr(4));
  CHECK(shown == t.typed);
}

TEST_CASE("what a step says for who watches is told when it begins") {
  FakeTarget t;
  const RunResult r = run_fake(
      t,
      R"({"list":{},"name":"look","caption":"some words","view":{"tab":"p2m","domain":"web"}},{"info":{}})",
      R"(,"caption":"boots")");
  CHECK(r.exit_code == 0);
  CHECK(t.observation_.notes == std::vector<std::string>{"boot: caption: boots",
                                                         "look: view: tab=p2m domain=web",
                                                         "look: caption: some words"});
}

TEST_CASE("a refused command fails the run, unless the refusal is expected") {
  const auto refuse = [](FakeTarget& t) {
    t.on_command = [&t](const std::string&) { t.say(1, "= ENOMEM not enough free memory\nxl> "); };
  };
  FakeTarget a, b, c;
  refuse(a), refuse(b);
  const RunResult r = run_fake(a, R"({"create":"web"},{"list":{}})");
  CHECK(r.exit_code == 5);
  CHECK(r.message == "step \"create web\": refused: ENOMEM not enough free memory");
  CHECK(a.typed.size() == 1);
  CHECK(run_fake(b, R"({"create":"web","status":"ENOMEM"})").exit_code == 0);
  const RunResult accepted = run_fake(c, R"({"create":"web","status":"ENOMEM"})");
  CHECK(accepted.exit_code == 5);
  CHECK(accepted.failed_step()->problems[0] == "status is 0, expected ENOMEM");
}

TEST_CASE("console waits find lines in order and time out") {
  FakeTarget t;
  t.serial(10 * ps_per_ms, "(d1) tick 1\n(d1) tick 2\n(XEN) up\n");
  CHECK(run_fake(t, R"({"wait":{"console":"dom1","text":"tick"}},{"wait":{"console":"dom1","text":"tick 2"}},
    {"wait":{"console":"xen","regex":"^u.$"}})")
            .exit_code == 0);
  FakeTarget late;
  late.serial(10 * ps_per_ms, "(d1) tick\n");
  const RunResult r = run_fake(late, R"({"wait":{"console":"dom1","text":"tick"}},
    {"wait":{"console":"dom1","text":"tick","within_s":2}})");
  CHECK(r.exit_code == 124);
  CHECK(r.message == "step \"wait for \"tick\" on dom1\": not within 2 s of simulated time");
  CHECK(r.simulated_ps == 10 * ps_per_ms + 2 * ps_per_s);
}

TEST_CASE("a domain's name stands for its console and its frames") {
  FakeTarget t;
  t.on_command = [&t](const std::string& line) {
    if (line.rfind("create", 0) == 0) {
      t.emit(1, {0, "domain-created", 3, ""});
      t.later(2, [&t] { t.observation_.own(3, 64); });
      t.serial(3, "(d3) hello\n");
      t.say(4, "= 0\nxl> ");
    } else {
      t.later(300 * ps_per_ms, [&t] { t.observation_.own(3, 32); });
      t.say(1, "= 0\nxl> ");
    }
  };
  const RunResult r = run_fake(t, R"({"create":"web"},{"wait":{"console":"web","text":"hello"}},
    {"expect":{"ownership":[{"owner":"web","mib":{"equals":64}},{"owner":"dom3","type":"writable","frames":{"equals":16384}}]}},
    {"mem-set":{"domain":"web","memory":32}},
    {"wait":{"memory":{"domain":"web","at_most_mib":32}}},
    {"expect":{"events":[{"event":"domain-created","domain":"web"}],"counters":{"machine.instructions":{"at_least":10}}}})",
                               R"(,"expect":[{"ownership":[{"owner":"web","mib":{"at_most":32}}]}])");
  INFO(r.message);
  CHECK(r.exit_code == 0);
  CHECK(r.domain_names.at(3) == "web");
  CHECK(t.observation_.names.at(3) == "web");
  CHECK(t.observation_.kernels == std::map<u32, std::string>{{3, "kernel"}});
  REQUIRE(r.steps.size() == 8);
  CHECK(frames_of(r.steps[3].ownership, 3) == 64 * 256);
  CHECK(frames_of(r.steps[5].ownership, 3) == 32 * 256);
}

TEST_CASE("expectations that do not hold fail the run with the place and the value") {
  FakeTarget t;
  t.observation_.own(XS_OWNER_FREE, 5);
  t.serial(1, "(XEN) warning: odd\n");
  const RunResult r = run_fake(t, R"({"expect":{"ownership":[{"owner":"free","mib":{"at_least":6}}],
    "console":[{"source":"xen","text":"odd","absent":true},{"source":"dom1","text":"never"}],
    "events":[{"event":"panic"}],"counters":{"hypercall.iret":{"equals":1},"machine.instructions":{"equals":1}}}})");
  CHECK(r.exit_code == 5);
  REQUIRE(r.failed_step());
  CHECK(r.failed_step()->problems ==
        std::vector<std::string>{
            "/steps/0/expect/counters/hypercall.iret: hypercall.iret is 0, expected exactly 1",
            "/steps/0/expect/counters/machine.instructions: machine.instructions is 1000, expected exactly 1",
            "/steps/0/expect/ownership/0: free owns 5 MiB, expected at least 6",
            "/steps/0/expect/console/0: \"odd\" appeared on console xen",
            "/steps/0/expect/console/1: \"never\" did not appear on console dom1",
            "/steps/0/expect/events/0: event panic happened 0 times, expected at least 1"});
}

TEST_CASE("the answer's lines can be expected") {
  FakeTarget t;
  t.on_command = [&t](const std::string&) { t.say(1, "Name ID\nweb 1\n= 0\nxl> "); };
  CHECK(run_fake(t, R"({"list":{}},{"expect":{"answer":{"regex":"^web +1$"}}})").exit_code == 0);
  FakeTarget u;
  CHECK(run_fake(u, R"({"list":{}},{"expect":{"answer":{"text":"web"}}})").exit_code == 5);
}

TEST_CASE("event waits consume events in order") {
  FakeTarget t;
  t.emit(10 * ps_per_ms, {0, "domain-state", 0, "paused"});
  t.emit(11 * ps_per_ms, {0, "domain-state", 0, "running"});
  CHECK(run_fake(t, R"({"wait":{"event":"domain-state","domain":"dom0","state":"paused"}},
    {"wait":{"event":"domain-state","state":"running"}})")
            .exit_code == 0);
  FakeTarget u;
  u.emit(10 * ps_per_ms, {0, "domain-state", 0, "paused"});
  CHECK(run_fake(u, R"({"wait":{"event":"domain-state","state":"paused"}},
    {"wait":{"event":"domain-state","state":"paused","within_s":1}})")
            .exit_code == 124);
}

TEST_CASE("faults: garbage, noise and a kill at a moment") {
  FakeTarget t;
  t.on_command = [&t](const std::string& line) {
    t.say(1, line.rfind("destroy", 0) == 0 ? "= 0\nxl> " : "= EINVAL what?\nxl> ");
  };
  const RunResult r = run_fake(t, R"({"fault":{"operator-garbage":"make me a sandwich"},"status":"EINVAL"},
    {"fault":{"console-noise":{"bytes":64}}},{"fault":{"kill":{"domain":"web","after_ms":7}}},
    {"fault":{"disk-read-errors":{"count":3}}})");
  INFO(r.message);
  CHECK(r.exit_code == 0);
  REQUIRE(t.typed.size() == 3);
  CHECK(t.typed[0] == "make me a sandwich");
  CHECK(t.typed[1].size() == 64);
  for (const ConsoleLine& line : r.console)
    for (const char c : line.text) REQUIRE((c >= ' ' && c <= '~'));
  CHECK(t.typed[2] == "destroy web");
  CHECK(r.steps[3].end_ps - r.steps[3].begin_ps == 7 * ps_per_ms + 1);
  CHECK(t.disk_errors == 3);
}

TEST_CASE("the station on the wire sends") {
  FakeTarget t;
  CHECK(run_fake(t, R"({"station-stream":{"address":"10.0.0.2","packets":5,"bytes":64}})").exit_code == 0);
  REQUIRE(t.streams.size() == 1);
  CHECK(t.streams[0].to == 0x0a000002);
  CHECK(t.streams[0].packets == 5);
  CHECK(t.streams[0].bytes == 64);
}

TEST_CASE("an invariant that breaks fails the step") {
  FakeTarget t;
  t.on_command = [&t](const std::string&) {
    t.observation_.next_check = {{"frame 0x1234 has two owners"}, 3, 100, {}};
    t.say(1, "= 0\nxl> ");
  };
  const RunResult r = run_fake(t, R"({"list":{}},{"list":{}})");
  CHECK(r.exit_code == 5);
  CHECK(t.typed.size() == 1);
  CHECK(r.failed_step()->problems ==
        std::vector<std::string>{"invariant: frame 0x1234 has two owners", "invariant: 2 more"});
}

TEST_CASE("a monitor that fires ends the step there and then, before what follows from it") {
  FakeTarget t;
  t.on_command = [&t](const std::string&) {
    t.emit(1, {0, "violation", 0, "isolation: dom1 may read frame 0x10"});
    t.emit(2, {0, "panic", 0, ""});
    t.observation_.next_check = {{"frame 0x1234 has two owners"}, 1, 100, {}};
  };
  const RunResult r = run_fake(t, R"({"list":{}},{"list":{}})");
  CHECK(r.exit_code == 5);
  CHECK(r.message == "step \"list\": invariant: isolation: dom1 may read frame 0x10");
  CHECK(r.failed_step()->problems ==
        std::vector<std::string>{"invariant: isolation: dom1 may read frame 0x10",
                                 "invariant: frame 0x1234 has two owners"});
}

TEST_CASE("a monitor that fires in the middle of a line ends the wait for it; the half is kept") {
  FakeTarget t;
  t.serial(10 * ps_per_ms, "(d1) tick 1\n(d1) ti");
  t.emit(11 * ps_per_ms, {0, "violation", 0, "isolation: dom1 may read frame 0x10"});
  const RunResult r = run_fake(t, R"({"wait":{"console":"dom1","text":"tick 2"}})");
  CHECK(r.exit_code == 5);
  CHECK(r.console.back().text == "ti");
}

TEST_CASE("a monitor that fires during boot fails the run") {
  FakeTarget t;
  t.prompt_at_boot = false;
  t.emit(1, {0, "violation", 0, "table_store: a store"});
  const RunResult r = run_fake(t, R"({"list":{}})");
  CHECK(r.exit_code == 5);
  CHECK(r.message == "step \"boot\": invariant: table_store: a store");
}

TEST_CASE("what the checker did not apply is kept with the step, which still passes") {
  FakeTarget t;
  t.observation_.next_check.skipped = {"dom1: P2M not compared: dying"};
  const RunResult r = run_fake(t, R"({"list":{}})");
  CHECK(r.exit_code == 0);
  REQUIRE(r.steps.size() == 2);
  CHECK(r.steps[1].skipped == std::vector<std::string>{"dom1: P2M not compared: dying"});
}

TEST_CASE("without an observer memory is read from xl list") {
  FakeTarget t;
  t.observed = false;
  t.on_command = [&t](const std::string& line) {
    if (line != "list") return t.say(1, "= 0\nxl> ");
    t.say(1, t.now_ps() > 300 * ps_per_ms ? "Name ID Mem\nweb 1 32\n= 0\nxl> "
                                          : "Name ID Mem\nweb 1 64\n= 0\nxl> ");
  };
  const RunResult r =
      run_fake(t, R"({"create":"web"},{"wait":{"memory":{"domain":"web","at_most_mib":32}}})");
  CHECK(r.exit_code == 0);
  CHECK_FALSE(r.steps[1].observed);
  CHECK(r.domain_names.at(1) == "web");
}

TEST_CASE("accesses to what is not modelled appear on a console of their own") {
  FakeTarget t;
  t.emit(10 * ps_per_ms, {0, "unmodelled", 0, "port 0x70 read at init+0x2"});
  const RunResult r = run_fake(t, R"({"wait":{"console":"xen","text":"never","within_s":1}})");
  REQUIRE(r.console.size() == 1);
  CHECK(r.console[0].source == "machine");
  CHECK(r.console[0].text == "not modelled: port 0x70 read at init+0x2");
}

TEST_CASE("the same scenario and seed type the same noise, another seed other noise") {
  const auto noise_of = [](const char* seed) {
    FakeTarget t;
    run_fake(t, R"({"fault":{"console-noise":{"bytes":32}}})", std::string(",\"seed\":") + seed);
    return t.typed.at(0);
  };
  CHECK(noise_of("5") == noise_of("5"));
  CHECK(noise_of("5") != noise_of("6"));
}

TEST_CASE("an operation that never began counts 0") {
  FakeTarget never;
  CHECK(run_fake(never, R"({"expect":{"counters":{"hypercall.iret":{"equals":0}}}})").exit_code == 0);
}
