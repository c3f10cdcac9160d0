// Each view as it was once found right: drawn, and compared with the pictures in references/. What is drawn
// comes from recordings that are kept with them and from a FakeRun, so that only a change of the visualizer
// shows. scripts/reference-pictures makes them anew (XS_MAKE_REFERENCES).
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "tests/support/temp_directory.h"
#include "tests/unit/viz/tour/grants_trace.h"
#include "tests/unit/viz/tour/stage.h"

using namespace xs;
using namespace xs::test;
using viz::Picture;

namespace {

// Software renderers of other processors round otherwise by a level or two, and move the edge of a letter:
// that is no pixel that differs by 40. Of 640 x 400 pixels 102 may; the smallest entry of a legend is more.
constexpr u32 threshold = 40;
constexpr double most_share = 0.0004;

const Show small{.width = 640, .height = 400, .each_frame = true};

struct Shot {
  std::string name;
  Show show;
  Kind kind = Kind::live;  ///< so that all that a view has is seen
  void (*prepare)(Stage&) = [](Stage&) {};
};

u32 frame_of_domain(const viz::Recording& recording, u32 domid) {
  u32 frame = 0;
  while (recording.newest().frame(frame).owner != domid) ++frame;
  return frame;
}

void pin(Stage& s) { s.choice().frame = frame_of_domain(s.machine().recording, 1); }

void set_breakpoints(Stage& s) {
  using On = viz::Breakpoint::On;
  s.choice().breakpoints = {{On::frame_owner, 0x1234, 1, true},
                            {On::p2m_entry, std::nullopt, 2, false},
                            {On::domain_state, 3, std::nullopt, true}};
}

void use_light(Stage& s) { s.choice().look.dark = false; }

/// Each view alone, and the whole, in both themes.
std::vector<Shot> shots(const std::string& architecture) {
  std::vector<Shot> out;
  for (const viz::View& view : viz::views()) {
    Shot shot{view.name, small};
    shot.show.panel = view.name;
    if (shot.name == "frame" || shot.name == "map") shot.prepare = pin;
    if (shot.name == "breakpoints") shot.prepare = set_breakpoints;
    out.push_back(shot);
  }
  Shot types = out.front();
  types.name = "map-types";
  types.prepare = [](Stage& s) { s.choice().look.colouring = viz::Colouring::type; };
  out.push_back(types);
  const Show whole{.width = 1000, .height = 640, .each_frame = true};
  const bool light = architecture == "ia64";
  out.push_back({"all", whole, light ? Kind::live : Kind::replay, light ? use_light : pin});
  return out;
}

/// Where domains have frames of each other.
std::vector<Shot> grant_shots() {
  std::vector<Shot> out;
  for (const char* view : {"map", "domains", "links", "frame"})
    for (const bool light : {false, true}) {
      Shot shot{std::string(view) + (light ? "-grants-light" : "-grants"), small};
      shot.show.panel = view;
      shot.kind = Kind::replay;
      shot.prepare = [](Stage& s) {
        s.choice().frame = s.machine().scene.state().ram().index(grants_frame(1, 0x20));
      };
      if (light)
        shot.prepare = [](Stage& s) {
          s.choice().look.dark = false;
          s.choice().domid = 2;
          s.choice().frame = s.machine().scene.state().ram().index(grants_frame(2, 0x10));
        };
      out.push_back(shot);
    }
  return out;
}

/// At the end of the recording, where all domains are.
Picture draw(Stage& s, const Shot& shot) {
  s.go(s.machine().recording.events());
  s.choice().domid = 1;
  shot.prepare(s);
  return s.picture();
}

/// Grey where they are alike, red where not.
Picture difference(const Picture& a, const Picture& b) {
  Picture out = a;
  for (std::size_t i = 0; i < out.rgba.size(); ++i) {
    const Picture x{1, 1, {a.rgba[i]}}, y{1, 1, {b.rgba[i]}};
    const u32 grey = (a.rgba[i] >> 8 & 0xff) / 3;
    out.rgba[i] =
        viz::compare(x, y, threshold).share > 0 ? 0xff0000ff : 0xff000000 | grey << 16 | grey << 8 | grey;
  }
  return out;
}

void check(const Picture& picture, const std::string& name) {
  const std::string reference = XS_SOURCE_DIR "/tests/unit/viz/references/" + name + ".png";
  if (std::getenv("XS_MAKE_REFERENCES")) return viz::save_png(reference, picture);
  const std::string left = XS_PICTURES_DIR "/" + name;
  for (const char* what : {".png", ".difference.png"}) std::filesystem::remove(left + what);
  Picture wanted;
  try {
    wanted = viz::load_png(reference);
  } catch (const Error& e) {
    FAIL_CHECK(e.what() << "; scripts/reference-pictures makes it");
    return;
  }
  REQUIRE(wanted.width == picture.width);
  REQUIRE(wanted.height == picture.height);
  const viz::PictureDifference found = viz::compare(wanted, picture, threshold);
  if (found.share <= most_share) return;
  std::filesystem::create_directories(XS_PICTURES_DIR);
  viz::save_png(left + ".png", picture);
  viz::save_png(left + ".difference.png", difference(wanted, picture));
  FAIL_CHECK(fmt::format(
      "{:.2f} % of the pixels differ from {}: look at {}.png and {}.difference.png; if that is as it "
      "shall be, scripts/reference-pictures makes the references anew",
      found.share * 100, reference, left, left));
}

}  // namespace

TEST_CASE("each view looks as it did when it was found right") {
  for (const char* architecture : {"x86_64", "ia64"})
    for (const Shot& shot : shots(architecture)) {
      Stage s({small_trace(architecture)}, shot.kind, shot.show);
      const bool same = shot.name == "cpus" || shot.name == "breakpoints" ||
                        shot.name == "translation";  // all of it is the FakeRun's
      check(draw(s, shot), same ? shot.name : shot.name + "-" + architecture);
    }
}

TEST_CASE("frames that are used by grants look as they did when that was found right") {
  const TempDirectory dir;
  const std::string trace = (dir.path / "grants.trace").string();
  write_grants_trace(trace);
  for (const Shot& shot : grant_shots()) {
    Stage s({trace}, shot.kind, shot.show);
    check(draw(s, shot), shot.name);
  }
}

TEST_CASE("a missing entry of a legend, and another colour of one domain, are differences") {
  Shot map{"map", small};
  map.show.panel = "map";
  Stage s({small_trace("x86_64")}, Kind::replay, map.show);
  const Picture right = draw(s, map);
  CHECK(viz::compare(right, s.picture(), threshold).share == 0);

  // Text and colour of the entry that takes the least room.
  const viz::FramePalette palette = s.workspace().palette();
  const auto entries = viz::legend(s.machine().scene, s.choice().look);
  REQUIRE(entries.size() >= 4);
  std::vector<Item> parts;  // a coloured box and a text for each
  for (const Item& i : items())
    if (i.place.empty() && i.id == 0) parts.push_back(i);
  REQUIRE(parts.size() >= 2 * entries.size());
  const auto without = [&](std::size_t entry) {
    Picture out = right;
    for (const Item& part : {parts[2 * entry], parts[2 * entry + 1]})
      for (u32 y = u32(part.from.y); y < u32(part.to.y); ++y)
        for (u32 x = u32(part.from.x); x < u32(part.to.x); ++x) out.rgba[y * out.width + x] = right.at(0, 0);
    return out;
  };
  for (std::size_t entry = 0; entry < entries.size(); ++entry) {
    INFO("without " << entries[entry].text);
    CHECK(viz::compare(right, without(entry), threshold).share > most_share);
  }
  Picture other = right;
  for (u32& pixel : other.rgba)
    if (pixel == palette.owner(1, XS_FRAME_NONE)) pixel = palette.owner(5, XS_FRAME_NONE);
  CHECK(viz::compare(right, other, threshold).share > most_share);
}
