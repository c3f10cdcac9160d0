// The window, on a screen that nobody sees.
#include <dlfcn.h>
#include <imgui.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "sim/core/error.h"
#include "tests/support/keep_driver.h"
#include "tests/unit/viz/screen.h"
#include "viz/draw/canvas.h"
#include "viz/draw/raster_texture.h"
#include "viz/draw/style.h"

using namespace xs;
using viz::Picture;

namespace {

constexpr u32 red = 0xff0000ff;

// Of two pictures, whether the first is the upper left part of the second.
bool part_of(const Picture& part, const Picture& whole) {
  for (u32 y = 0; y < part.height; ++y)
    for (u32 x = 0; x < part.width; ++x)
      if (part.at(x, y) != whole.at(x, y)) return false;
  return true;
}

// What GLFW does when the user has closed it.
void close_window() {
  void* glfw = ::dlopen("libglfw.so.3", RTLD_LAZY | RTLD_NOLOAD);
  const auto current = reinterpret_cast<void* (*)()>(::dlsym(glfw, "glfwGetCurrentContext"));
  const auto close = reinterpret_cast<void (*)(void*, int)>(::dlsym(glfw, "glfwSetWindowShouldClose"));
  close(current(), 1);
  ::dlclose(glfw);
}

void draw(viz::Canvas& canvas, const viz::RasterTexture& texture) {
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin("all", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground);
  ImGui::TextUnformatted("machine memory");
  ImGui::GetForegroundDrawList()->AddRectFilled(ImVec2(290, 10), ImVec2(300, 15), red);
  ImGui::GetForegroundDrawList()->AddImage(texture.id(), ImVec2(20, 50), ImVec2(84, 114));
  ImGui::End();
  canvas.end();
}

}  // namespace

TEST_CASE("a window shows on the screen what its picture says, until it is closed") {
  const Screen screen(640, 480);
  for (u32 round = 0; round < 2; ++round) {  // a second one, after the first has gone
    const auto canvas = viz::open_window("a test", 300, 200);
    viz::keep_driver();
    REQUIRE(canvas->width() == 300);
    REQUIRE(canvas->height() == 200);
    REQUIRE_THROWS_AS(canvas->picture(), Error);
    REQUIRE_THROWS_AS(viz::open_window("another", 10, 10), Error);
    viz::Style style;
    viz::Raster raster(64, 64);
    viz::RasterTexture texture;
    for (u32 i = 0; i < 64 * 64; ++i) raster.set(i, 0xff000000 | i * 2654435761U);
    for (u32 frame = 0; frame < 5; ++frame) {
      style.refresh();
      texture.update(raster);
      REQUIRE(canvas->begin());
      draw(*canvas, texture);
    }
    const Picture picture = canvas->picture();  // asks the server for the size, behind all that was drawn
    REQUIRE(picture.width == 300);
    REQUIRE(picture.at(290, 10) == red);
    REQUIRE(picture.at(299, 14) == red);
    REQUIRE(picture.at(299, 15) != red);
    REQUIRE(picture.at(20 + 5, 50 + 7) == raster.level(0)[7 * 64 + 5]);
    REQUIRE(part_of(picture, screen.picture()));
    close_window();
    REQUIRE_FALSE(canvas->begin());
  }
}

TEST_CASE("without a screen there is a sentence") {
  ::unsetenv("DISPLAY");
  REQUIRE_THROWS_WITH(viz::open_window("a test", 300, 200),
                      "no window can be opened: X11: The DISPLAY environment variable is missing");
  const auto canvas = viz::open_offscreen(10, 10);  // nothing is left of the attempt
  viz::keep_driver();
}
