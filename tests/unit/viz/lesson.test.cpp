// Lessons: what steps say is found at their moments, and names views that there are.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/unit/observe/busy_run.h"
#include "viz/model/workspace.h"
#include "viz/views/view.h"

using namespace xs;
using namespace xs::viz;
using namespace xs::test;

TEST_CASE("scenarios can name each view that has a tab, and no other") {
  std::ifstream in(XS_SOURCE_DIR "/scenarios/schema/scenario.schema.json");
  const auto schema = nlohmann::json::parse(in);
  const auto& properties = schema["definitions"]["view"]["properties"];
  std::set<std::string> named = properties["tab"]["enum"], there;
  for (const View& v : views())
    if (v.draw != draw_map && v.draw != draw_timeline) there.insert(v.name);
  CHECK(named == there);
  for (const std::string word : properties["colour"]["enum"]) CHECK(colouring_of(word));
}

TEST_CASE("a lesson chooses what is shown, step by step") {
  ScratchDir dir;
  observe::ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  FakeMachine m(options);
  m.boot();
  m.create(0, 0x41);
  m.create(1, 0x42);
  m.observer->name_domain(1, "web");
  const auto step = [&](const char* name, const char* view, const char* caption) {
    m.observer->step_begin(name, m.cpus[0].now_ps);
    if (*view) m.observer->note(observe::NoteKind::view, view, m.cpus[0].now_ps);
    if (*caption) m.observer->note(observe::NoteKind::caption, caption, m.cpus[0].now_ps);
    m.mark(XS_MARK_TLB_FLUSH, 1, ~u64{0});
    m.mark(XS_MARK_TLB_FLUSH, 1, ~u64{0});
    m.observer->step_end(true, m.cpus[0].now_ps);
  };
  step("first", "tab=p2m domain=web colour=type", "one");
  step("second", "", "two");
  step("third", "tab=domains compare", "");
  m.observer->finish(m.cpus[0].now_ps);

  Workspace w;
  w.open("lesson", options.trace_file);
  MachineTab& tab = w.machine();
  REQUIRE(tab.recording.steps().size() == 3);
  const auto at_step = [&](unsigned n) {
    tab.transport.go(tab.recording.steps()[n].last_event);
    w.advance(0);
    return w.step();
  };
  CHECK(at_step(0)->caption == "one");
  CHECK(w.choice.tab == "p2m");
  CHECK(w.choice.domid == 1);
  CHECK(w.choice.look.colouring == Colouring::type);
  CHECK_FALSE(w.choice.reference);
  w.choice.tab.clear();
  CHECK(at_step(1)->caption == "two");
  CHECK(w.choice.look.colouring == Colouring::type);  // until another step says otherwise
  CHECK(at_step(2)->caption.empty());
  CHECK(w.choice.tab == "domains");
  REQUIRE(w.choice.reference);
  CHECK(w.choice.reference->moment == tab.recording.steps()[2].first_event);

  // Whoever does not want to be guided keeps what he has chosen.
  w.choice.guided = false;
  w.choice.tab = "frame";
  at_step(0);
  CHECK(w.choice.tab == "frame");
  tab.transport.go(0);
  w.advance(0);
  CHECK_FALSE(w.step());
}
