// Frames drawn without a display, judged by their pixels.
#include <imgui.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <random>
#include <string_view>

#include "sim/core/error.h"
#include "tests/support/keep_driver.h"
#include "viz/draw/canvas.h"
#include "viz/draw/gl.h"
#include "viz/draw/keys.h"
#include "viz/draw/raster_texture.h"
#include "viz/draw/style.h"

using namespace xs;
using viz::Picture;

namespace {

constexpr u32 red = 0xff0000ff, green = 0xff00ff00, blue = 0xffff0000, white = 0xffffffff;

constexpr ImGuiWindowFlags bare =
    ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings;

std::unique_ptr<viz::Canvas> open(u32 width, u32 height) {
  auto canvas = viz::open_offscreen(width, height);
  viz::keep_driver();
  return canvas;
}

template <class Draw>
void frame(viz::Canvas& canvas, Draw draw) {
  REQUIRE(canvas.begin());
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin("all", nullptr, bare);
  draw();
  ImGui::End();
  canvas.end();
}

void image(const viz::RasterTexture& texture, float x, float y, float w, float h) {
  ImGui::GetForegroundDrawList()->AddImage(texture.id(), ImVec2(x, y), ImVec2(x + w, y + h));
}

// Pixels of an area that are not `background`.
u32 inked(const Picture& picture, u32 background, u32 x0, u32 y0, u32 x1, u32 y1) {
  u32 count = 0;
  for (u32 y = y0; y < y1; ++y)
    for (u32 x = x0; x < x1; ++x) count += picture.at(x, y) != background ? 1 : 0;
  return count;
}

// A texture as far as it can be seen at 1:1.
Picture shown(viz::Canvas& canvas, viz::RasterTexture& texture, viz::Raster& raster) {
  texture.update(raster);
  const auto w = static_cast<float>(raster.width()), h = static_cast<float>(raster.height());
  frame(canvas, [&] { image(texture, 0, 0, w, h); });
  return canvas.picture();
}

bool shows(const Picture& picture, const viz::Raster& raster) {
  for (u32 y = 0; y < raster.height(); ++y)
    for (u32 x = 0; x < raster.width(); ++x)
      if (picture.at(x, y) != raster.level(0)[y * raster.width() + x]) return false;
  return true;
}

}  // namespace

TEST_CASE("a rectangle is where it was drawn, top row first") {
  const auto canvas = open(320, 200);
  REQUIRE(canvas->width() == 320);
  REQUIRE(canvas->height() == 200);
  REQUIRE_THROWS_AS(canvas->picture(), Error);
  frame(*canvas, [] {
    ImGui::GetForegroundDrawList()->AddRectFilled(ImVec2(10, 20), ImVec2(30, 25), red);
    ImGui::GetForegroundDrawList()->AddRectFilled(ImVec2(300, 190), ImVec2(320, 200), blue);
  });
  const Picture picture = canvas->picture();
  REQUIRE(picture.width == 320);
  REQUIRE(picture.height == 200);
  u32 reds = 0, blues = 0;
  for (const u32 pixel : picture.rgba) {
    reds += pixel == red ? 1 : 0;
    blues += pixel == blue ? 1 : 0;
  }
  REQUIRE(reds == 20 * 5);
  REQUIRE(blues == 20 * 10);
  REQUIRE(picture.at(10, 20) == red);
  REQUIRE(picture.at(29, 24) == red);
  REQUIRE(picture.at(300, 190) == blue);
  REQUIRE(picture.at(319, 199) == blue);
}

TEST_CASE("a raster is shown texel by texel, and its changes") {
  const auto canvas = open(400, 300);
  viz::Raster raster(130, 70);
  viz::RasterTexture texture;
  REQUIRE(texture.id() == nullptr);
  std::mt19937 random(5);
  const auto change = [&](u32 count) {
    for (u32 i = 0; i < count; ++i)
      raster.set(static_cast<u32>(random() % (130 * 70)), 0xff000000 | static_cast<u32>(random()));
  };
  for (u32 i = 0; i < 130 * 70; ++i) raster.set(i, 0xff000000 | static_cast<u32>(random()));
  REQUIRE(shows(shown(*canvas, texture, raster), raster));
  for (const u32 count : {1, 3, 0, 500, 2}) {
    change(count);
    REQUIRE(shows(shown(*canvas, texture, raster), raster));
  }
  viz::Raster other(50, 90);  // of another size: the texture is another, too
  for (u32 i = 0; i < 50 * 90; ++i) other.set(i, i % 2 == 0 ? red : white);
  REQUIRE(shows(shown(*canvas, texture, other), other));
}

TEST_CASE("a raster that is magnified has square texels, one made smaller means") {
  const auto canvas = open(300, 300);
  viz::Raster raster(64, 64);
  for (u32 i = 0; i < 64 * 64; ++i) raster.set(i, (i + i / 64) % 2 == 0 ? white : 0xff000000);
  viz::RasterTexture texture;
  texture.update(raster);
  frame(*canvas, [&] {
    image(texture, 0, 0, 256, 256);
    image(texture, 260, 0, 16, 16);
  });
  const Picture picture = canvas->picture();
  for (u32 y = 0; y < 256; ++y)
    for (u32 x = 0; x < 256; ++x)
      if (picture.at(x, y) != ((x / 4 + y / 4) % 2 == 0 ? white : 0xff000000)) FAIL("at " << x << ", " << y);
  for (u32 y = 0; y < 16; ++y)
    for (u32 x = 260; x < 276; ++x)
      if (picture.at(x, y) != 0xff808080) FAIL("at " << x << ", " << y);
}

TEST_CASE("text is drawn, with the characters that the interface uses") {
  const auto canvas = open(600, 200);
  viz::Style style;
  style.refresh();
  for (ImFont* font : {style.text(), style.mono()})
    for (const ImWchar c : std::u16string_view(u"Ag0→←⇒×µ…–≤≥²▶●✓")) {
      INFO("character " << static_cast<u32>(c));
      REQUIRE(font->FindGlyphNoFallback(c) != nullptr);
    }
  frame(*canvas, [&] {
    ImGui::SetCursorPos(ImVec2(10, 10));
    ImGui::TextUnformatted("MFN 17 \u2192 GFN 4");
    ImGui::SetCursorPos(ImVec2(10, 60));
    ImGui::PushFont(style.mono());
    ImGui::TextUnformatted("iiiiiiiiii|");
    ImGui::SetCursorPos(ImVec2(10, 90));
    ImGui::TextUnformatted("MMMMMMMMMM|");
    ImGui::PopFont();
  });
  const Picture picture = canvas->picture();
  const u32 background = style.colours().background;
  REQUIRE(inked(picture, background, 10, 10, 200, 30) > 200);
  REQUIRE(inked(picture, background, 300, 5, 590, 190) == 0);
  const auto right_end = [&](u32 y0) {
    u32 x = 590;
    while (x > 0 && inked(picture, background, x, y0, x + 1, y0 + 18) == 0) --x;
    return x;
  };
  REQUIRE(right_end(60) > 60);
  REQUIRE(right_end(60) == right_end(90));  // columns of figures stand below each other
}

TEST_CASE("a frame that would look as the last one is not drawn again") {
  const auto canvas = open(64, 48);
  const auto draw = [&](const char* text, bool images_changed) {
    REQUIRE(canvas->begin());
    ImGui::GetForegroundDrawList()->AddText({4, 4}, white, text);
    canvas->end(images_changed);
  };
  // The canvas's framebuffer is current: what is painted over it stays until somebody draws.
  const auto paint_over = [] {
    viz::gl().ClearColor(1, 0, 0, 1);
    viz::gl().Clear(GL_COLOR_BUFFER_BIT);
  };
  const auto all_red = [&] { return inked(canvas->picture(), red, 0, 0, 64, 48) == 0; };
  draw("one", false);
  paint_over();
  REQUIRE(all_red());
  draw("one", false);
  CHECK(all_red());
  draw("one", true);
  CHECK_FALSE(all_red());
  paint_over();
  draw("two", false);
  CHECK_FALSE(all_red());
}

TEST_CASE("the interface grows and changes its theme while it is shown") {
  const auto canvas = open(300, 100);
  viz::Style style;
  const auto draw = [&] {
    style.refresh();
    frame(*canvas, [] { ImGui::TextUnformatted("memory"); });
    return canvas->picture();
  };
  const u32 dark = style.colours().background;
  const Picture first = draw();
  style.set_scale(2);
  const Picture large = draw();
  REQUIRE(first.at(299, 99) == dark);
  REQUIRE(style.text()->FontSize == 30);
  REQUIRE(inked(large, dark, 5, 5, 295, 95) > 2 * inked(first, dark, 5, 5, 295, 95));
  style.set_scale(1);
  REQUIRE(draw() == first);
  style.set_theme(viz::Theme::light);
  const Picture light = draw();
  REQUIRE(light.at(299, 99) == style.colours().background);
  REQUIRE(light.at(299, 99) != dark);
  style.set_scale(1000);
  REQUIRE(style.scale() == viz::Style::greatest_scale);
}

TEST_CASE("input is the caller's: a button is clicked, a key is seen") {
  const auto canvas = open(200, 100);
  bool clicked = false, pressed = false;
  const auto draw = [&] {
    frame(*canvas, [&] {
      ImGui::SetCursorPos(ImVec2(20, 20));
      clicked |= ImGui::Button("go", ImVec2(60, 40));
      pressed |= ImGui::IsKeyPressed('F') && ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_LeftArrow));
    });
  };
  ImGuiIO& io = ImGui::GetIO();
  draw();
  io.MousePos = ImVec2(50, 40);
  draw();
  const u32 hovered = canvas->picture().at(25, 25);
  io.MouseDown[0] = true;
  draw();
  REQUIRE(canvas->picture().at(25, 25) != hovered);
  REQUIRE_FALSE(clicked);
  io.MouseDown[0] = false;
  draw();
  REQUIRE(clicked);
  REQUIRE_FALSE(pressed);
  io.KeysDown['F'] = io.KeysDown[viz::key::left] = true;
  draw();
  REQUIRE(pressed);
}

TEST_CASE("the same calls draw the same pictures") {
  const auto session = [] {
    const auto canvas = open(500, 400);
    viz::Style style;
    style.refresh();
    viz::Raster raster(300, 300);
    for (u32 i = 0; i < 300 * 300; ++i) raster.set(i, 0xff000000 | i * 2654435761U);
    viz::RasterTexture texture;
    for (u32 i = 0; i < 5; ++i) {
      raster.set(i * 301, white);
      texture.update(raster);
      frame(*canvas, [&] {
        ImGui::Text("frame %u", i);
        static char text[16];  // a caret that blinks by ImGui's time
        ImGui::SetKeyboardFocusHere();
        ImGui::InputText("name", text, sizeof text);
        image(texture, 10.5F, 80.25F, 211.7F, 187.3F);
      });
    }
    return canvas->picture();
  };
  const Picture first = session();
  REQUIRE(inked(first, first.at(499, 399), 0, 0, 500, 400) > 20000);
  REQUIRE(session() == first);
}

TEST_CASE("there is one canvas at a time") {
  {
    const auto canvas = open(10, 10);
    REQUIRE_THROWS_AS(open(10, 10), Error);
    frame(*canvas, [] {});  // the first one is as it was
    REQUIRE(canvas->picture().width == 10);
  }
  REQUIRE(open(20, 10)->width() == 20);
}

TEST_CASE("a raster too large for the driver is refused") {
  const auto canvas = open(10, 10);
  viz::Raster raster(1 << 20, 1);
  viz::RasterTexture texture;
  REQUIRE_THROWS_WITH(texture.update(raster), Catch::Contains("cannot draw 1048576 x 1 texels at once"));
}

TEST_CASE("text can be read on what it stands on") {
  const auto luminance = [](u32 rgba) {  // WCAG 2.1, relative luminance
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};
    for (u32 c = 0; c < 3; ++c) {
      const double v = (rgba >> 8 * c & 0xff) / 255.0;
      sum += weights[c] * (v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
  };
  const auto contrast = [&](u32 a, u32 b) {
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
  };
  REQUIRE(contrast(white, 0xff000000) == Approx(21));
  for (const viz::Theme theme : {viz::Theme::dark, viz::Theme::light}) {
    const viz::Palette& p = viz::palette(theme);
    for (const u32 ground : {p.background, p.raised, p.control, p.hovered, p.active})
      CHECK(contrast(p.text, ground) >= 4.5);
    for (const u32 ground : {p.background, p.raised, p.control})
      for (const u32 ink : {p.faint_text, p.accent, p.good, p.warning, p.bad}) {
        INFO(std::hex << ink << " on " << ground);
        CHECK(contrast(ink, ground) >= 4.5);
      }
  }
}
