#include "sim/observe/hypervisor_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/core/error.h"

namespace xs::observe {

void HypervisorMemory::attach(const xs_layout& layout, MemoryPort& memory, const std::string& image) {
  memory_ = &memory;
  if (layout.window_count == 0) return;
  const u64 bytes = layout.window_count * sizeof(xs_window);
  const u64 pa = direct_map_address(layout, layout.windows_va);
  const u8 *first = memory.host(pa), *last = memory.host(pa + bytes - 1);
  if (!first || !last || static_cast<u64>(last - first) != bytes - 1)
    throw Error(fmt::format("{}: {}: {} windows at {:#x} do not lie in memory", image, XS_LAYOUT_SECTION,
                            layout.window_count, layout.windows_va));
  windows_ = first;
  count_ = layout.window_count;
}

bool HypervisorMemory::translate(const CpuView& view, u64 va, u64& pa) const {
  if (!windows_) return view.translate(va, pa);
  for (u64 n = 0; n < count_; ++n) {
    xs_window w;
    std::memcpy(&w, windows_ + n * sizeof w, sizeof w);
    if (va < w.start || va >= w.end) continue;
    pa = w.physical + (va - w.start);
    return true;
  }
  return false;
}

bool HypervisorMemory::peek(const CpuView& view, u64 va, void* out, u64 size) const {
  if (!windows_) return view.peek(va, out, size);
  u8* to = static_cast<u8*>(out);
  for (u64 done = 0; done < size;) {
    u64 pa = 0;
    const u64 piece = std::min(size - done, frame_size - ((va + done) & frame_mask));
    const u8* from = translate(view, va + done, pa) ? memory_->host(pa) : nullptr;
    if (!from || !memory_->host(pa + piece - 1)) return false;
    std::memcpy(to + done, from, piece);
    done += piece;
  }
  return true;
}

u64 direct_map_address(const xs_layout& layout, u64 va) {
  const u64 split = layout.directmap_high_base;
  const u64 low = va - layout.directmap_low_va, high = va - layout.directmap_high_va;
  const bool above_low = va >= layout.directmap_low_va,
             above_high = split != 0 && va >= layout.directmap_high_va;
  // The part that begins last in front of the address.
  if (above_high && (!above_low || high < low)) return split + high;
  return above_low && (split == 0 || low < split) ? low : ~u64{0};
}

}  // namespace xs::observe
