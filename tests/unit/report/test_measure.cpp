// Each way to read a number of a run, and what is there when the run has no such thing.
#include <catch2/catch.hpp>

#include "sim/report/measure.h"

using namespace xs::report;
using xs::scenario::RunResult;
using From = Measure::From;

namespace {

RunResult run() {
  RunResult r;
  r.simulated_ps = 5'000'000;
  r.domain_names = {{1, "web"}};
  r.counters = {
      {"machine.instructions", 1000}, {"hypercall.a.x", 3}, {"hypercall.a.y", 4}, {"vhpt.flushes", 0}};
  r.console = {{"operator", "balloon: target 1", 0},
               {"dom1", "balloon: target 1", 1'000'000},
               {"dom1", "balloon: done", 3'500'000},
               {"xen", "Memory: free in pieces: 9 of 2 MiB, 4 single frames", 0},
               {"xen", "Memory: free in pieces: 7 of 2 MiB, 5 single frames", 0},
               {"xen", "Memory: free in pieces: 8 of 2 MiB, 6 single frames", 0}};
  xs::scenario::StepResult boot, create;
  boot.name = "boot", boot.passed = true, boot.end_ps = 2'000'000;
  create.command = "create name=web", create.passed = true, create.begin_ps = 2'000'000,
  create.end_ps = 4'000'000;
  create.observed = true;
  xs::observe::OwnershipRow web;
  web.owner = 1, web.frames = 20, web.by_type[XS_FRAME_L1] = 2, web.by_type[XS_FRAME_L4] = 1;
  create.ownership.rows = {web};
  xs::observe::P2mShape shape;
  shape.domid = 1, shape.held = {3, 1, 0, 0}, shape.entries = 1000, shape.same = 5;
  create.p2m = {shape};
  r.steps = {boot, create};
  return r;
}

std::optional<double> read(From from, const char* what, double scale = 1) {
  return figure_of({"", from, what, scale, 0}, run());
}

}  // namespace

TEST_CASE("report measure: counters are added up", "[report]") {
  CHECK(read(From::counters, "machine.instructions", 0.5) == 500.0);
  CHECK(read(From::counters, "hypercall.*") == 7.0);
  CHECK(read(From::counters, "hypercall.a.x,hypercall.a.y") == 7.0);
  CHECK(read(From::counters, "hypercall.never_made") == 0.0);
  CHECK(read(From::counters, "vhpt.flushes") == 0.0);
  CHECK_FALSE(read(From::counters, "shadow.fills").has_value());  // nobody counts them there
  CHECK_FALSE(figure_of({"", From::counters, "hypercall.a.x", 1, 0}, RunResult{}).has_value());
}

TEST_CASE("report measure: times of a run, a step, two lines", "[report]") {
  CHECK(read(From::time, "") == 5.0);
  CHECK(read(From::step, "boot") == 2.0);
  CHECK(read(From::step, "create ") == 2.0);
  CHECK_FALSE(read(From::step, "destroy").has_value());
  CHECK(read(From::lines, "target 1|done") == 2.5);  // what was typed is not what was said
  CHECK_FALSE(read(From::lines, "done|target 1").has_value());
}

TEST_CASE("report measure: frames and entries", "[report]") {
  CHECK(read(From::frames, "web:all") == 20.0);
  CHECK(read(From::frames, "web:tables") == 3.0);
  CHECK(read(From::frames, "*:L1") == 2.0);
  CHECK(read(From::p2m, "web:held") == 4.0);
  CHECK(read(From::p2m, "web:levels") == 2.0);
  CHECK(read(From::p2m, "web:same") == 5.0);
  CHECK_FALSE(read(From::p2m, "dom0:entries").has_value());
}

TEST_CASE("report measure: numbers in lines", "[report]") {
  CHECK(read(From::first_number, "pieces: ([0-9]+) of") == 9.0);
  CHECK(read(From::last_number, "pieces: ([0-9]+) of") == 8.0);
  CHECK(read(From::least_number, "pieces: ([0-9]+) of") == 7.0);
  CHECK_FALSE(read(From::last_number, "no such ([0-9]+)").has_value());
}

TEST_CASE("report measure: operations of a kernel by the times of its lines", "[report]") {
  RunResult r = run();
  const auto say = [&r](const char* text, xs::u64 us) {
    r.console.push_back({"dom1", text, us * 1'000'000});
  };
  say("bench ready", 10);
  say("bench begin x", 20);
  say("bench end 100", 120);
  say("bench begin x", 200);
  say("bench end 200", 400);
  CHECK_FALSE(figure_of({"", From::operation, "web:x", 1, 0}, r).has_value());  // not at its end
  say("bench done", 500);
  CHECK(figure_of({"", From::operation, "web:x", 1, 0}, r) == 1000.0);  // (200 - 100) µs / 100
  CHECK_FALSE(figure_of({"", From::operation, "web:y", 1, 0}, r).has_value());
  CHECK_FALSE(figure_of({"", From::operation, "dom0:x", 1, 0}, r).has_value());
}

TEST_CASE("report measure: a figure has no sign of nothing", "[report]") {
  CHECK(figure_text(-0.0001, 2) == "0.00");
  CHECK(figure_text(-0.01, 2) == "-0.01");
  CHECK(figure_text(12, 0) == "12");
}
