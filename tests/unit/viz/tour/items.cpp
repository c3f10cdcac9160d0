#include "tests/unit/viz/tour/items.h"

#include <imgui_internal.h>

#include <unordered_map>

namespace xs::test {
namespace {

struct Frame {
  std::unordered_map<ImGuiID, std::string> labels;
  std::vector<Item> items;
};
Frame& drawn() {
  static Frame frame;
  return frame;
}

// "xenoscope/above_1F2E3D4C/tabs_…/p2m_…" to "p2m": ImGui appends the ID of each child to its name.
std::string place_of(const ImGuiWindow& window) {
  constexpr std::size_t id_digits = 8;
  std::string out, part;
  const auto add = [&] {
    if (part.find("##Popup_") == 0) part = "##Popup";
    if (part.size() > id_digits && part[part.size() - id_digits - 1] == '_')
      part.resize(part.size() - id_digits - 1);
    const bool frame_of_all = part == "xenoscope" || part == "above" || part == "tabs";
    if (!frame_of_all) out += (out.empty() ? "" : "/") + part;
    part.clear();
  };
  for (const char* c = window.Name; *c; ++c) {
    if (*c == '/')
      add();
    else
      part += *c;
  }
  add();
  return out;
}

// A click on the title of a column sorts, or its menu hides; where neither is allowed it is but text.
bool idle_header(const ImGuiContext& context) {
  const ImGuiTable* table = context.CurrentTable;
  constexpr ImGuiTableFlags some_use = ImGuiTableFlags_Sortable | ImGuiTableFlags_Reorderable |
                                       ImGuiTableFlags_Hideable | ImGuiTableFlags_Resizable;
  return table && (table->RowFlags & ImGuiTableRowFlags_Headers) && !(table->Flags & some_use);
}

void take_item(const ImRect& bounds, ImGuiID id, bool shown) {
  const ImGuiContext& context = *ImGui::GetCurrentContext();
  ImGuiWindow& window = *context.CurrentWindow;
  ImRect seen = bounds;
  seen.ClipWith(window.ClipRect);
  if (!shown || window.Hidden || window.IsFallbackWindow || seen.GetWidth() <= 0 || seen.GetHeight() <= 0 ||
      idle_header(context))
    return;
  const bool whole = seen.Min.x <= bounds.Min.x && seen.Max.x >= bounds.Max.x && seen.Max.y >= bounds.Max.y;
  const auto label = drawn().labels.find(id);
  drawn().items.push_back({id, place_of(window), label == drawn().labels.end() ? "" : label->second, seen.Min,
                           seen.Max, whole, &window});
}

}  // namespace

std::string Item::kind() const {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const std::string all = name();
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] < '0' || all[i] > '9') {
      out += all[i];
      continue;
    }
    const bool prefixed = all[i] == '0' && i + 1 < all.size() && all[i + 1] == 'x';
    if (prefixed) ++i;
    const auto more = [&](char c) { return prefixed ? hex(c) : (c >= '0' && c <= '9') || c == '.'; };
    while (i + 1 < all.size() && more(all[i + 1])) ++i;
    out += '#';
  }
  return out;
}

void forget_items() { drawn() = {}; }
const std::vector<Item>& items() { return drawn().items; }

}  // namespace xs::test

// What the linker calls in the place of ImGui's own (GNU ld, --wrap=symbol): names are mangled.
#define XS_ITEM_ADD _ZN5ImGui7ItemAddERK6ImRectjPS1_i
#define XS_GET_ID _ZN11ImGuiWindow5GetIDEPKcS1_
#define XS_JOIN_(a, b) a##b
#define XS_JOIN(a, b) XS_JOIN_(a, b)

extern "C" {

bool XS_JOIN(__real_, XS_ITEM_ADD)(const ImRect&, ImGuiID, const ImRect*, ImGuiItemFlags);
ImGuiID XS_JOIN(__real_, XS_GET_ID)(ImGuiWindow*, const char*, const char*);

bool XS_JOIN(__wrap_, XS_ITEM_ADD)(const ImRect& bounds, ImGuiID id, const ImRect* nav,
                                   ImGuiItemFlags flags) {
  const bool shown = XS_JOIN(__real_, XS_ITEM_ADD)(bounds, id, nav, flags);
  xs::test::take_item(bounds, id, shown);
  return shown;
}

ImGuiID XS_JOIN(__wrap_, XS_GET_ID)(ImGuiWindow* window, const char* text, const char* end) {
  const ImGuiID id = XS_JOIN(__real_, XS_GET_ID)(window, text, end);
  xs::test::drawn().labels[id] = end ? std::string(text, end) : text;
  return id;
}
}
