// A user's hands on the interface: finds controls by their names, moves the mouse, presses keys, and keeps
// account of which controls there were and which have been used.
#pragma once
#include <functional>
#include <set>
#include <string>

#include "tests/unit/viz/tour/items.h"

namespace xs::test {

enum class Button { left, right };
struct Held {
  bool ctrl = false, shift = false;
};

class Hand {
 public:
  /// `draw` draws one frame of the interface.
  explicit Hand(std::function<void()> draw) : draw_(std::move(draw)) {}

  void frames(unsigned count = 1);
  /// The first with this name or of this kind (Item), in the last frame.
  bool there(const std::string& name) const;
  Item find(const std::string& name) const;  ///< fails the test when it is not there
  std::vector<Item> all(const std::string& place) const;

  // With the mouse, at a part of the control's width and height. What is in the way fails the test.
  void hover(const Item& item, float x = 0.5F, float y = 0.5F);
  void click(const Item& item, float x = 0.5F, float y = 0.5F, Button button = Button::left);
  void click(const std::string& name, float x = 0.5F, float y = 0.5F) { click(find(name), x, y); }
  /// Presses there, moves in some steps, lets go.
  void drag(const Item& item, ImVec2 from, ImVec2 by, Button button = Button::left);
  /// The same where no control is, but ImGui's own: the border of a column.
  void drag_from(ImVec2 start, ImVec2 by, Button button = Button::left);
  void wheel(const Item& item, float x, float y, float by);
  /// Opens a combo and chooses from it.
  void choose(const std::string& combo, const std::string& label);

  void press(int key, Held held = {});
  void type(const std::string& text);
  /// Clicks into a text field, writes, ends with Enter.
  void enter(const std::string& field, const std::string& text);

  /// Of controls: what was there in any frame, and what was used. A click on a part of the map counts as its
  /// use.
  const std::set<std::string>& seen() const { return seen_; }
  const std::set<std::string>& used() const { return used_; }
  void count_as_used(const Item& item) { used_.insert(item.kind()); }

 private:
  void move_to(ImVec2 at);
  void hold(Button button, bool down);

  std::function<void()> draw_;
  std::set<std::string> seen_, used_;
};

}  // namespace xs::test
