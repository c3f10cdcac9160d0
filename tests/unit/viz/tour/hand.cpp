#include "tests/unit/viz/tour/hand.h"

#include <imgui_internal.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "viz/draw/keys.h"

namespace xs::test {
namespace {

bool is(const Item& item, const std::string& name) { return item.name() == name || item.kind() == name; }

std::string names_of_all() {
  std::string out;
  for (const Item& i : items())
    if (i.id != 0) out += "\n  " + i.name();
  return out;
}

}  // namespace

void Hand::frames(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    forget_items();
    draw_();
    for (const Item& item : items())
      if (item.id != 0) seen_.insert(item.kind());
  }
}

bool Hand::there(const std::string& name) const {
  return std::any_of(items().begin(), items().end(), [&](const Item& i) { return i.id != 0 && is(i, name); });
}

Item Hand::find(const std::string& name) const {
  for (const Item& i : items())
    if (i.id != 0 && is(i, name)) return i;
  FAIL("there is no control " << name << "; there are" << names_of_all());
  return {};
}

std::vector<Item> Hand::all(const std::string& place) const {
  std::vector<Item> out;
  for (const Item& i : items())
    if (i.place == place) out.push_back(i);
  return out;
}

void Hand::move_to(ImVec2 at) {
  ImGui::GetIO().MousePos = at;
  frames();
}

void Hand::hold(Button button, bool down) {
  ImGui::GetIO().MouseDown[static_cast<unsigned>(button)] = down;
  frames();
}

void Hand::hover(const Item& item, float x, float y) {
  INFO("control " << item.name());
  move_to(item.at(x, y));
  frames();  // what opens or closes by this is in its place now
  if (item.id != 0) REQUIRE(ImGui::GetCurrentContext()->HoveredId == item.id);
  count_as_used(item);
}

void Hand::click(const Item& item, float x, float y, Button button) {
  hover(item, x, y);
  hold(button, true);
  hold(button, false);
  frames(2);  // a menu is hidden in the frame in which ImGui measures it
}

void Hand::drag(const Item& item, ImVec2 from, ImVec2 by, Button button) {
  hover(item, from.x, from.y);
  drag_from(ImGui::GetIO().MousePos, by, button);
}

void Hand::drag_from(ImVec2 start, ImVec2 by, Button button) {
  move_to(start);
  frames();
  hold(button, true);
  constexpr int steps = 4;
  for (int i = 1; i <= steps; ++i)
    move_to({start.x + by.x * float(i) / steps, start.y + by.y * float(i) / steps});
  hold(button, false);
  frames();
}

void Hand::wheel(const Item& item, float x, float y, float by) {
  hover(item, x, y);
  ImGui::GetIO().MouseWheel = by;
  frames();
  ImGui::GetIO().MouseWheel = 0;
  frames();
}

void Hand::choose(const std::string& combo, const std::string& label) {
  click(combo);
  click("##Combo_00/" + label);
}

void Hand::press(int key, Held held) {
  ImGuiIO& io = ImGui::GetIO();
  io.KeyCtrl = held.ctrl, io.KeyShift = held.shift;
  io.KeysDown[key] = true;
  frames();
  io.KeysDown[key] = false;
  frames();
  io.KeyCtrl = io.KeyShift = false;
}

void Hand::type(const std::string& text) {
  for (const char c : text) ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(c));
  frames();
}

void Hand::enter(const std::string& field, const std::string& text) {
  click(field);
  REQUIRE(ImGui::GetIO().WantTextInput);
  press('A', {.ctrl = true, .shift = false});  // all of what is there is replaced
  type(text);
  press(viz::key::enter);
}

}  // namespace xs::test
