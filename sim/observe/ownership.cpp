#include "sim/observe/ownership.h"

#include <fmt/format.h>

#include "sim/observe/names.h"

namespace xs::observe {

u64 OwnershipTable::frames(u32 owner) const {
  for (const OwnershipRow& r : rows)
    if (r.owner == owner) return r.frames;
  return 0;
}

std::string OwnershipTable::to_text() const {
  // Columns: only types that some owner uses.
  std::vector<unsigned> types;
  for (unsigned t = 0; t < frame_types; ++t)
    for (const OwnershipRow& r : rows)
      if (r.by_type[t] != 0) {
        types.push_back(t);
        break;
      }
  std::string text = fmt::format("{:<8}{:>10}", "owner", "frames");
  for (unsigned t : types) text += fmt::format("{:>10}", frame_type_name(t));
  text += fmt::format("{:>10}\n", "pinned");
  for (const OwnershipRow& r : rows) {
    text += fmt::format("{:<8}{:>10}", owner_name(r.owner), r.frames);
    for (unsigned t : types) text += fmt::format("{:>10}", r.by_type[t]);
    text += fmt::format("{:>10}\n", r.pinned);
  }
  return text + fmt::format("{:<8}{:>10}\n", "total", total_frames);
}

std::string mfndump_text(const std::vector<P2mEntry>& entries) {
  std::string text;
  for (const P2mEntry& e : entries) text += fmt::format("pfn=0x{:x} ==> mfn=0x{:x}\n", e.gfn, e.mfn);
  return text;
}

}  // namespace xs::observe
