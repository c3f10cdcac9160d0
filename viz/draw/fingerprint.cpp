#include "viz/draw/fingerprint.h"

#include <functional>
#include <string_view>

namespace xs::viz {
namespace {

void add(u64& hash, const void* bytes, std::size_t size) {
  const std::string_view text(static_cast<const char*>(bytes), size);
  hash = (hash ^ std::hash<std::string_view>{}(text)) * 0x100000001b3;
}

template <class T>
void add_all(u64& hash, const ImVector<T>& all) {
  add(hash, all.Data, static_cast<std::size_t>(all.size_in_bytes()));
}

}  // namespace

u64 fingerprint(const ImDrawData& data) {
  u64 hash = 0;
  const float place[] = {data.DisplayPos.x, data.DisplayPos.y, data.DisplaySize.x, data.DisplaySize.y};
  add(hash, place, sizeof place);
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList& list = *data.CmdLists[i];
    add_all(hash, list.VtxBuffer);
    add_all(hash, list.IdxBuffer);
    for (const ImDrawCmd& command : list.CmdBuffer) {
      add(hash, &command.ClipRect, sizeof command.ClipRect);
      const u64 what[] = {reinterpret_cast<std::uintptr_t>(command.TextureId), command.ElemCount,
                          command.VtxOffset, command.IdxOffset};
      add(hash, what, sizeof what);
    }
  }
  return hash;
}

}  // namespace xs::viz
