#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/unit/viz/tour/grants_trace.h"
#include "tests/unit/viz/tour/tour.h"
#include "viz/model/frame_detail.h"
#include "viz/model/links.h"
#include "viz/model/p2m.h"

namespace xs::test {

namespace {

/// A frame with something to tell: the one that has changed most often.
u32 busiest_frame(const viz::Recording& recording) {
  std::vector<u32> changes(recording.header().ram.frames());
  for (const viz::Change& c : recording.changes()) ++changes[c.frame];
  return static_cast<u32>(std::max_element(changes.begin(), changes.end()) - changes.begin());
}

void headers(Stage& s) {
  Hand& hand = s.hand();
  const Item time = hand.find("frame/history/time");
  hand.drag_from({time.to.x, (time.from.y + time.to.y) / 2}, {50, 0});
  CHECK(hand.find("frame/history/time").to.x == Approx(time.to.x + 50).margin(2));
  for (const char* title : {"time", "what", "by"}) {
    const std::string name = std::string("frame/history/") + title;
    hand.click(hand.find(name), 0.3F, 0.5F, Button::right);
    INFO(title);
    hand.click("##Popup/");  // the first of its menu: this column as wide as its contents
    CHECK_FALSE(hand.there("##Popup/"));
  }
  CHECK(hand.find("frame/history/time").to.x < time.to.x + 50);
}

void search_p2m(Stage& s, const viz::P2m& p2m) {
  Hand& hand = s.hand();
  const viz::P2mRun& run = p2m.runs.back();
  const auto pinned = [&] { return s.machine().scene.state().ram().mfn(s.choice().frame.value()); };
  hand.choose("p2m/##by", "GFN");
  hand.enter("p2m/##search", fmt::format("{:x}", run.end() - 1));
  CHECK(s.choice().gfn == run.end() - 1);
  CHECK(pinned() == run.mfn + run.count - 1);
  hand.choose("p2m/##by", "MFN");
  CHECK_FALSE(s.choice().gfn);
  hand.enter("p2m/##search", fmt::format("{:x}", run.mfn));
  CHECK(s.choice().gfn == run.gfn);
  CHECK(pinned() == run.mfn);
  hand.enter("p2m/##search", "1");  // nobody's, and no RAM that it has
  CHECK(s.choice().gfn == invalid_frame);
  CHECK(pinned() == run.mfn);
}

}  // namespace

void tour_domains(Stage& s) {
  s.go(s.machine().recording.events());
  s.open_tab("domains");
  const auto domains = s.machine().scene.domains();
  for (const observe::DomainInfo& d : domains) {
    s.hand().click("domains/" + s.machine().scene.owner_label(d.domid));
    CHECK(s.choice().domid == d.domid);
  }
  CHECK(domains.size() >= 3);
}

void tour_frame(Stage& s) {
  s.go(s.machine().recording.events());
  s.open_tab("frame");
  Hand& hand = s.hand();
  const viz::Recording& r = s.machine().recording;
  const u32 frame = busiest_frame(r);
  hand.enter("frame/##mfn", fmt::format("{:x}", r.newest().ram().mfn(frame)));
  REQUIRE(s.choice().frame);
  CHECK(*s.choice().frame == frame);
  hand.enter("frame/##mfn", "ffffffffffffff");  // no RAM is there
  CHECK(*s.choice().frame == frame);
  const auto history = viz::frame_history(r, frame);
  REQUIRE(history.size() > 2);
  hand.frames(2);
  headers(s);
  const auto rows = hand.all("frame/history");
  const auto row =
      std::find_if(rows.rbegin(), rows.rend(), [](const Item& i) { return i.id != 0 && i.whole; });
  hand.click(*row);
  const u64 moment = s.machine().transport.moment();
  CHECK(std::any_of(history.begin(), history.end(), [&](const auto& line) { return line.moment == moment; }));
}

void tour_p2m(Stage& s) {
  s.go(s.machine().recording.events() / 2);
  s.open_tab("p2m");
  Hand& hand = s.hand();
  for (const observe::DomainInfo& d : s.machine().scene.domains()) {
    hand.choose("p2m/##domain", s.machine().scene.owner_label(d.domid));
    CHECK(s.choice().domid == d.domid);
  }
  hand.click("p2m/Compare with now");
  REQUIRE(s.choice().reference);
  CHECK(s.choice().reference->moment == s.machine().recording.events() / 2);
  s.go(s.machine().recording.events());
  hand.click("p2m/Do not compare");
  CHECK_FALSE(s.choice().reference);
  hand.click("p2m/Copy as xen-mfndump");
  const viz::P2m p2m = viz::p2m_of(s.machine().scene.state(), s.choice().domid);
  CHECK(ImGui::GetClipboardText() == viz::mfndump_text(p2m));
  s.choice().frame.reset();
  hand.click("p2m/matrix", 0.01F, 0.01F);
  REQUIRE(s.choice().frame);
  CHECK(s.machine().scene.state().ram().mfn(*s.choice().frame) == p2m.runs.front().mfn);
  search_p2m(s, p2m);
}

void tour_links(Stage& s) {
  s.go(s.machine().recording.events());
  s.open_tab("links");
  s.choice().frame.reset();
  const auto foreign = viz::foreign_entries(s.machine().scene.state());
  if (foreign.empty()) return;
  s.hand().click("links/links/now");
  REQUIRE(s.choice().frame);
  CHECK(s.machine().scene.state().ram().mfn(*s.choice().frame) == foreign.front().mfn);
}

void tour_grants(Stage& s) {
  s.go(s.machine().recording.events());
  s.open_tab("domains");
  Hand& hand = s.hand();
  const observe::RamMap& ram = s.machine().scene.state().ram();
  hand.click("domains/dom2 (db)");
  s.choice().frame.reset();
  hand.click("domains/" + fmt::format("{:#x}##", grants_frame(2, 0x11)));
  REQUIRE(s.choice().frame);
  CHECK(ram.mfn(*s.choice().frame) == grants_frame(2, 0x11));
  s.open_tab("links");
  s.choice().frame.reset();
  hand.click("links/links/now");
  REQUIRE(s.choice().frame);
  CHECK(ram.mfn(*s.choice().frame) == viz::granted_frames(s.machine().scene.state()).front().mfn);
}

void tour_consoles(Stage& s) {
  s.go(s.machine().recording.events());
  s.open_tab("consoles");
  Hand& hand = s.hand();
  for (const std::string& source : s.machine().recording.sources()) {
    hand.click("consoles/" + (source.empty() ? "all" : source));
    hand.frames();
    CHECK_FALSE(hand.all("consoles/lines").empty());
  }
  hand.click("consoles/all");
  s.go(s.machine().recording.events());
  const auto lines = hand.all("consoles/lines");
  REQUIRE(lines.size() > 2);
  constexpr std::size_t number = 1;
  hand.click(lines[number], 0.05F);
  CHECK(s.machine().transport.moment() == s.machine().recording.lines().at(number).event + 1);
}

void tour_dashboards(Stage& s) {
  s.open_tab("dashboards");
  for (const char* plot : {"Frames by owner", "Balloons: owned (wide) and target", "Hypercalls", "Faults"})
    for (const float x : {0.8F, 0.3F}) {
      s.hand().click(std::string("dashboards/") + plot, x, 0.5F);
      const viz::Recording& r = s.machine().recording;
      const double time = double(r.last_ps()) * double(x), near = double(r.last_ps()) * 0.01;
      CHECK(s.machine().transport.moment() >= r.moment_at(u64(time - near)));
      CHECK(s.machine().transport.moment() <= r.moment_at(u64(time + near)));
    }
}

}  // namespace xs::test
