#include "viz/model/frame_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "sim/observe/names.h"
#include "viz/model/grants.h"
#include "viz/model/timeline.h"

namespace xs::viz {
namespace {

/// Four frames wide for three high, as what it is shown in; rows begin at a multiple of 64 frames.
u32 columns_for(u64 frames) {
  u32 columns = 64;
  while (u64{columns} * columns * 3 < frames * 4) columns += 64;
  return columns;
}

constexpr u64 ps_per_us = 1'000'000;

/// Each level is twice as long as the one before: 0 is below 2 us, 15 from 32 ms on.
unsigned age_level(u64 age_ps) {
  const unsigned level = static_cast<unsigned>(std::bit_width(age_ps / ps_per_us / 2));
  return std::min(level, FramePalette::age_levels - 1);
}

}  // namespace

FrameMap::FrameMap(u64 frames)
    : frames_(frames),
      columns_(columns_for(frames)),
      raster_(columns_, static_cast<u32>((frames + columns_ - 1) / columns_)) {}

u32 FrameMap::frame_at(u32 column, u32 row) const {
  const u64 index = u64{row} * columns_ + column;
  return column < columns_ && index < frames_ ? static_cast<u32>(index) : observe::RamMap::none;
}

Colour FrameMap::age_colour(const Scene& scene, u32 frame) const {
  const u64 last = scene.last_change_ps(frame);
  if (last == Scene::never) return palette_.never_changed();
  return palette_.age(age_level(scene.time_ps() - std::min(last, scene.time_ps())));
}

Colour FrameMap::colour(const Scene& scene, u32 frame) const {
  const observe::FrameState& f = scene.state().frame(frame);
  const unsigned type = observe::type_of_bits(f.type_bits);
  switch (look_.colouring) {
    case Colouring::owner:
      return is_granted(scene.state(), frame) ? palette_.granted() : palette_.owner(f.owner, type);
    case Colouring::type:
      return f.owner == XS_OWNER_FREE || f.owner == XS_OWNER_NONE ? palette_.owner(f.owner, type)
                                                                  : palette_.type(type);
    case Colouring::age:
      return age_colour(scene, frame);
    case Colouring::dirty:
      return look_.dirty && look_.dirty->is(frame) ? palette_.changed() : palette_.unchanged();
    case Colouring::changed:
      break;
  }
  const u64 last = scene.last_change_ps(frame);
  return last != Scene::never && last >= look_.since_ps ? palette_.changed() : palette_.unchanged();
}

void FrameMap::paint_all(const Scene& scene) {
  for (u32 i = 0; i < frames_; ++i) raster_.set(i, colour(scene, i));
}

void FrameMap::paint_flashes(const Scene& scene, double now_s) {
  std::erase_if(flashes_, [&](const auto& flash) {
    const auto& [frame, begin_s] = flash;
    const double left = 1 - (now_s - begin_s) / flash_s;
    const Colour plain = colour(scene, frame);
    raster_.set(frame, left <= 0 ? plain : mix(plain, palette_.flash(), left));
    return left <= 0;
  });
}

void FrameMap::paint(Scene& scene, const MapLook& look, double now_s) {
  const bool ages = look.colouring == Colouring::age && painted_ps_ != scene.time_ps();
  const Scene::Changed changed = scene.take_changed();
  const bool anew = changed.all || painted_ps_ == never_painted;
  if (anew || ages || look != look_) {
    look_ = look;
    palette_ = FramePalette(look.dark);
    paint_all(scene);
  }
  painted_ps_ = scene.time_ps();
  if (anew) {
    flashes_.clear();
  } else {
    for (const u32 frame : changed.frames) {
      raster_.set(frame, colour(scene, frame));
      if (flashes_.size() < most_flashes) flashes_[frame] = now_s;
    }
  }
  paint_flashes(scene, now_s);
}

std::vector<LegendEntry> legend(const Scene& scene, const MapLook& look) {
  const FramePalette palette(look.dark);
  std::vector<LegendEntry> out;
  if (look.colouring == Colouring::owner) {
    for (const observe::OwnershipRow& row : scene.state().ownership().rows)
      out.push_back({palette.owner(row.owner, XS_FRAME_NONE), scene.owner_label(row.owner)});
    out.push_back({palette.owner(XS_OWNER_XEN, XS_FRAME_SHARED), "shared page"});
    out.push_back({palette.granted(), "mapped by a grant"});
  } else if (look.colouring == Colouring::type) {
    std::array<bool, observe::frame_types> there{};
    for (const observe::OwnershipRow& row : scene.state().ownership().rows)
      for (unsigned type = 0; type < observe::frame_types; ++type) there[type] |= row.by_type[type] != 0;
    for (unsigned type = XS_FRAME_NONE + 1; type < observe::frame_types; ++type)
      if (there[type]) out.push_back({palette.type(type), observe::frame_type_name(type)});
    out.push_back({palette.type(XS_FRAME_NONE), "none, free"});
  } else if (look.colouring == Colouring::age) {
    constexpr std::array<std::pair<unsigned, const char*>, 4> levels = {
        {{0, "under 2 us"}, {5, "32 us"}, {10, "1 ms"}, {15, "over 32 ms"}}};
    for (const auto& [level, text] : levels) out.push_back({palette.age(level), text});
    out.push_back({palette.never_changed(), "never"});
  } else if (look.colouring == Colouring::dirty) {
    if (!look.dirty) return {{palette.unchanged(), "not known: a run tells when it is paused"}};
    const u64 since = look.dirty->since_ps;
    out.push_back({palette.changed(), fmt::format("dirty: {} frames", look.dirty->count)});
    out.push_back({palette.unchanged(), "as at " + (since == 0 ? "power-on" : short_time(since))});
  } else {
    out.push_back({palette.changed(), "changed"});
    out.push_back({palette.unchanged(), "unchanged"});
  }
  return out;
}

}  // namespace xs::viz
