// A recording and its scenes against what replaying the trace from its beginning tells.
#include "viz/model/recording.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "sim/observe/inspect.h"
#include "sim/observe/trace_writer.h"
#include "tests/unit/observe/busy_run.h"
#include "viz/model/frame_detail.h"
#include "viz/model/frame_map.h"
#include "viz/model/links.h"
#include "viz/model/p2m.h"
#include "viz/model/scene.h"
#include "viz/model/timeline.h"
#include "viz/model/transport.h"

using namespace xs;
using namespace xs::viz;
using namespace xs::test;

namespace {

struct BusyTrace {
  BusyTrace() {
    observe::ObserverOptions options;
    options.trace_file = file = dir.file("run.trace");
    options.scenario = "busy";
    options.keyframe_events = 300;
    FakeMachine m(options);
    busy_run(m);
    m.observer->finish(m.cpus[0].now_ps);
  }
  ScratchDir dir;
  std::string file;
};

/// State after `events` events, and when each frame last changed.
struct Truth {
  Truth(const observe::TraceReader& trace, u64 moment) : state(trace.header().ram) {
    last_change.assign(trace.header().ram.frames(), Scene::never);
    trace.events_between(0, moment, [&](u64, const observe::Event& e) {
      apply(e);
      return true;
    });
  }
  void apply(const observe::Event& e) {
    using observe::EventKind;
    u64 mfn = invalid_frame;
    if (e.kind == EventKind::frame_owner || e.kind == EventKind::frame_type || e.kind == EventKind::m2p)
      mfn = e.a;
    if (e.kind == EventKind::grant && observe::is_mapping(e.c)) mfn = e.a;
    if (e.kind == EventKind::p2m) mfn = e.d != invalid_frame ? e.d : e.c;
    const u32 frame = state.ram().index(mfn);
    if (frame != observe::RamMap::none) last_change[frame] = e.time_ps;
    state.apply(e);
  }
  observe::TraceState state;
  std::vector<u64> last_change;
};

void check_scene(const Scene& scene, const Truth& truth) {
  CHECK(scene.state() == truth.state);
  bool ages = true;
  for (u32 i = 0; i < truth.last_change.size(); ++i) ages &= scene.last_change_ps(i) == truth.last_change[i];
  CHECK(ages);
}

}  // namespace

TEST_CASE("a scene is the trace's state at any moment, in whatever order they are shown") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  REQUIRE(recording.events() > 1000);
  Scene scene(recording);
  std::mt19937_64 random(1);
  for (int i = 0; i < 40; ++i) {
    const u64 moment = random() % (recording.events() + 1);
    scene.show(moment);
    CHECK(scene.moment() == moment);
    check_scene(scene, Truth(recording.trace(), moment));
  }
  scene.show(~u64{0});
  CHECK(scene.moment() == recording.events());
  CHECK(scene.state() == recording.newest());
}

TEST_CASE("a scene tells each changed frame, and no other, exactly once") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  Scene scene(recording);
  CHECK(scene.take_changed().all);
  std::mt19937_64 random(2);
  for (u64 moment = 0; moment < recording.events();) {
    const u64 next = std::min(moment + random() % 200, recording.events());
    std::set<u32> expected;
    for (const Change& c : recording.changes())
      if (c.event >= moment && c.event < next) expected.insert(c.frame);
    scene.show(next);
    const Scene::Changed changed = scene.take_changed();
    CHECK_FALSE(changed.all);
    CHECK(changed.frames.size() == expected.size());
    CHECK(std::set<u32>(changed.frames.begin(), changed.frames.end()) == expected);
    moment = next;
  }
  scene.show(0);
  CHECK(scene.take_changed().all);
}

TEST_CASE("moments and times of a recording agree with the trace reader") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  std::mt19937_64 random(3);
  for (int i = 0; i < 60; ++i) {
    const u64 time = random() % (recording.last_ps() + 1000);
    Scene scene(recording);
    scene.show(recording.moment_at(time));
    CHECK(scene.state() == *recording.trace().state_at(time));
    const u64 moment = random() % (recording.events() + 1);
    scene.show(moment);
    CHECK(recording.time_at(moment) == scene.time_ps());
  }
  CHECK(recording.moment_at(~u64{0}) == recording.events());
}

TEST_CASE("a recording that grows is the same as one that was read at once") {
  ScratchDir dir;
  observe::ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  options.keyframe_events = 300;
  FakeMachine m(options);
  m.observer->flush_trace();
  Recording growing(options.trace_file);
  Scene scene(growing);
  CHECK(growing.events() == 0);
  CHECK_FALSE(growing.follow());
  busy_run(m, 40, [&] {
    m.observer->flush_trace();
    CHECK(growing.follow());
    scene.show(growing.events());
    CHECK(scene.state() == growing.newest());
    CHECK(growing.events() == m.observer->counters().trace_events);
  });
  m.observer->finish(m.cpus[0].now_ps);
  growing.follow();
  CHECK(growing.trace().complete());
  CHECK_FALSE(growing.follow());

  const Recording whole(options.trace_file);
  CHECK(growing.newest() == whole.newest());
  REQUIRE(growing.activities().size() == whole.activities().size());
  for (std::size_t i = 0; i < whole.activities().size(); ++i) {
    CHECK(growing.activities()[i].end_ps == whole.activities()[i].end_ps);
    CHECK(growing.activities()[i].what == whole.activities()[i].what);
  }
  CHECK(growing.changes().size() == whole.changes().size());
  CHECK(growing.lines().size() == whole.lines().size());
  CHECK(growing.steps().size() == whole.steps().size());
}

TEST_CASE("hypercalls have the lengths and the depths that the trace tells") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  u64 begun = 0;
  recording.trace().events_between(0, ~u64{0}, [&](u64, const observe::Event& e) {
    begun += e.kind == observe::EventKind::op_begin;
    return true;
  });
  u64 hypercalls = 0;
  for (const Activity& a : recording.activities()) {
    CHECK(a.end_ps >= a.begin_ps);
    hypercalls += a.kind == ActivityKind::hypercall;
  }
  CHECK(hypercalls == begun);
}

TEST_CASE("curves end where the state does") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  for (const observe::OwnershipRow& row : recording.newest().ownership().rows)
    CHECK(recording.curves().at(row.owner).frames.last() == row.frames);
  for (const auto& [domid, record] : recording.newest().domains())
    if (record.hypercalls != 0) CHECK(recording.curves().at(domid).hypercalls.last() == record.hypercalls);
}

TEST_CASE("of owners that no hypervisor has there are no curves, however many a trace names") {
  using observe::EventKind;
  const ScratchDir dir;
  observe::TraceHeader header;
  header.cpus = 1;
  header.ram.add(0, 16);
  observe::TraceWriter writer(dir.file("owners.trace"));
  writer.start(header);
  const auto put = [&](EventKind kind, u64 a, u64 b, u64 c) {
    observe::Event e;
    e.kind = kind, e.a = a, e.b = b, e.c = c;
    writer.put(e);
  };
  constexpr u64 many = 100'000;
  for (u64 owner = XS_OWNER_NONE + 1; owner < many; ++owner) {
    put(EventKind::frame_owner, 1, owner - 1, owner);
    put(EventKind::vcpu_switch, dv(0), dv(static_cast<u32>(owner)), 0);
    put(EventKind::trap, 14, 0, 0);
  }
  put(EventKind::frame_owner, 1, many - 1, XS_OWNER_FREE);
  writer.finish();
  const Recording recording(dir.file("owners.trace"));
  CHECK(recording.events() == 3 * (many - XS_OWNER_NONE - 1) + 1);
  CHECK(recording.curves().size() == 2);  // nobody's, and what is free
  CHECK(recording.curves().at(XS_OWNER_FREE).frames.last() == 1);
}

TEST_CASE("a frame's history is the one that inspect prints") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  u64 lines = 0;
  for (u32 frame = 0; frame < recording.newest().ram().frames(); frame += 7) {
    const auto mine = frame_history(recording, frame);
    const auto theirs = observe::frame_events(recording.trace(), recording.newest().ram().mfn(frame));
    // inspect does not tell entries of P2Ms.
    std::vector<const FrameChangeText*> frames_own;
    for (const FrameChangeText& c : mine)
      if (c.what.find("P2M of") != 0) frames_own.push_back(&c);
    REQUIRE(frames_own.size() == theirs.size());
    for (std::size_t i = 0; i < theirs.size(); ++i) CHECK(frames_own[i]->time_ps == theirs[i].time_ps);
    lines += mine.size();
    CHECK(frame_changes(recording, frame) == mine.size());
  }
  CHECK(lines > 20);
}

TEST_CASE("strides go from change to change and back") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  Transport t(recording);
  CHECK(t.following());
  t.go(0);
  std::vector<u64> moments;
  while (t.moment() < recording.events()) {
    t.stride(Stride::change, true);
    moments.push_back(t.moment());
  }
  CHECK(moments.size() >= 10);
  t.go(moments[5]);
  t.stride(Stride::change, false);
  CHECK(t.moment() == moments[5] - 1);  // in front of the change
  t.stride(Stride::change, false);
  CHECK(t.moment() == moments[4] - 1);
  for (const Stride s : {Stride::event, Stride::hypercall, Stride::step}) {
    t.go(0);
    u64 last = 0;
    for (int i = 0; i < 20 && t.moment() < recording.events(); ++i) {
      t.stride(s, true);
      CHECK(t.moment() > last);
      last = t.moment();
    }
    t.stride(s, false);
    CHECK(t.moment() < last);
  }
}

TEST_CASE("playing passes time at its speed and ends at the end") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  Transport t(recording);
  t.go(0);
  const double whole_s = static_cast<double>(recording.last_ps()) * 1e-12;
  t.set_speed(whole_s / 10);  // ten seconds for all of it
  t.play();
  for (int second = 1; second < 10; ++second) {
    t.advance(1);
    CHECK(t.playing());
    CHECK(t.moment() == recording.moment_at(static_cast<u64>(double(second) * whole_s / 10 * 1e12)));
  }
  t.advance(2);
  CHECK(t.moment() == recording.events());
  CHECK_FALSE(t.playing());
}

TEST_CASE("a map that is painted as things change looks like one that is painted at once") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  const u64 frames = recording.header().ram.frames();
  for (const Colouring colouring : {Colouring::owner, Colouring::type, Colouring::age, Colouring::changed}) {
    const MapLook look{colouring, true, recording.last_ps() / 2};
    Scene scene(recording), fresh(recording);
    FrameMap growing(frames);
    double now_s = 0;
    for (u64 moment = 0; moment <= recording.events(); moment += 97, now_s += 1) {
      scene.show(moment);
      growing.paint(scene, look, now_s);
      growing.paint(scene, look, now_s + FrameMap::flash_s);  // no flash is left
      fresh.show(moment);
      FrameMap once(frames);
      once.paint(fresh, look, 0);
      const auto a = growing.raster().level(0), b = once.raster().level(0);
      INFO(colouring_name(colouring) << " " << moment);
      const auto at = std::mismatch(a.begin(), a.end(), b.begin()).first;
      CHECK(at == a.end());
    }
  }
}

TEST_CASE("what has just changed flashes, and fades") {
  const BusyTrace busy;
  const Recording recording(busy.file);
  Scene scene(recording);
  FrameMap map(recording.header().ram.frames());
  const Change& last = recording.changes().back();
  scene.show(last.event);
  map.paint(scene, {}, 0);
  scene.show(last.event + u64{1});
  map.paint(scene, {}, 1);
  const u32 bright = map.raster().level(0)[last.frame];
  CHECK(bright == FramePalette(true).flash());
  map.paint(scene, {}, 1 + FrameMap::flash_s / 2);
  const u32 fading = map.raster().level(0)[last.frame];
  map.paint(scene, {}, 1 + FrameMap::flash_s);
  const u32 plain = map.raster().level(0)[last.frame];
  CHECK(fading == mix(plain, bright, 0.5));
  CHECK(plain != bright);
}

TEST_CASE("frames that go to another domain at once are flips, with their GFNs here and there") {
  ScratchDir dir;
  observe::ObserverOptions options;
  options.trace_file = dir.file("flips.trace");
  FakeMachine m(options);
  m.boot();
  m.create(0, 0x41);
  m.create(1, 0x42);
  for (u64 i = 0; i < 8; ++i) m.give(1, 0x60 + i, 0x200 + i);
  m.begin(dv(1), op_decrease, 2);
  m.release(0x67), m.release(0x66);
  m.end(dv(1), op_decrease, 2);
  for (u64 i = 0; i < 4; ++i) m.give(0, 0x60 + i, 0x9000 + i);  // the M2P tells the new GFN behind the owner
  m.set_owner(0x65, 0);
  m.set_owner(0x65, XS_OWNER_FREE);
  m.give(1, 0x65, 0x777);  // another's by then: no word of where the flip led to
  m.observer->console_line("operator", "xl> mem-set 1 1", m.cpus[0].now_ps);
  m.observer->console_line("operator", "= 0", m.cpus[0].now_ps);
  m.observer->finish(m.cpus[0].now_ps);

  const Recording recording(options.trace_file);
  const auto links = flips_between(recording, 0, recording.events());
  REQUIRE(links.size() == 2);
  CHECK(links[0].from == 1);
  CHECK(links[0].to == 0);
  CHECK(links[0].mfn == 0x60);
  CHECK(links[0].count == 4);
  CHECK(links[0].from_gfn == 0x200);
  CHECK(links[0].to_gfn == 0x9000);
  CHECK(links[1].from_gfn == 0x205);
  CHECK(links[1].to_gfn == invalid_frame);
  CHECK(flips_between(recording, links[1].moment, recording.events()).empty());
  CHECK(flips_between(recording, 0, links[1].moment - 1).size() == 1);
  CHECK(recording.curves().at(1).target.last() == 256);
  std::vector<i64> steps;
  for (const Activity& a : recording.activities())
    if (a.kind == ActivityKind::balloon) steps.push_back(static_cast<i64>(a.what));
  CHECK(steps == std::vector<i64>{-2});
}

TEST_CASE("a recording of very many domains has a bounded number of lanes") {
  ScratchDir dir;
  observe::ObserverOptions options;
  options.trace_file = dir.file("many.trace");
  FakeMachine m(options);
  m.boot();
  for (u32 domid = 0; domid < most_lanes + 50; ++domid) {
    m.begin(dv(domid), op_decrease);
    m.end(dv(domid), op_decrease);
  }
  m.observer->finish(m.cpus[0].now_ps);
  const Recording recording(options.trace_file);
  CHECK(recording.activities().size() == most_lanes + 50);
  const Timeline all = timeline(recording, 0, recording.last_ps() + 1, 10);
  CHECK(all.lanes.size() == most_lanes);
  CHECK(all.lanes.front().domid == 0);
}
