// What ImGui was asked for in the last frame, item by item: what its test engine would tell, of a library
// that was built without. The linker leads ImGui's own calls of ItemAdd and GetID through here (--wrap,
// CMakeLists.txt).
#pragma once
#include <imgui.h>

#include <string>
#include <vector>

struct ImGuiWindow;  // imgui_internal.h

namespace xs::test {

struct Item {
  ImGuiID id = 0;      ///< 0: text, which takes no input by itself
  std::string place;   ///< of the window that it stands in: "p2m", "domains/domains", "" for the toolbar
  std::string label;   ///< what its ID was made of
  ImVec2 from, to;     ///< as far as it can be seen
  bool whole = false;  ///< nothing of it is cut off
  ImGuiWindow* window = nullptr;

  ImVec2 at(float x, float y) const { return {from.x + (to.x - from.x) * x, from.y + (to.y - from.y) * y}; }
  std::string name() const { return place.empty() ? label : place + "/" + label; }
  /// The name without its numbers, so that all rows of a table are one kind: "frame/history/# ms".
  std::string kind() const;
};

/// Forgets what was drawn; before each frame.
void forget_items();
/// In the order in which they were drawn; headers of columns that do nothing are left out.
const std::vector<Item>& items();

}  // namespace xs::test
