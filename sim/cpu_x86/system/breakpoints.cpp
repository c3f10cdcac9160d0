#include "sim/cpu_x86/system/breakpoints.h"

#include <algorithm>

namespace xs::x86 {

namespace {

constexpr bool overlap(u64 a, u64 a_size, u64 b, u64 b_size) { return a - b < b_size || b - a < a_size; }

bool on_page(u64 page, u64 va, u64 size) { return overlap(page & ~frame_mask, frame_size, va, size); }

bool is_data(const DebugPoint& p) { return p.kind != DebugAccess::execute; }

}  // namespace

// DR7: L0 G0 .. L3 G3 in bits 0-7, four bits for each register from 16 on: R/W (00 execute, 01 write, 10
// port, 11 read or write), LEN (00 one, 01 two, 10 eight, 11 four bytes). The address counts from a multiple
// of LEN.
void Breakpoints::set_guest(const u64 (&dr)[8], bool ports) {
  static constexpr u64 sizes[] = {1, 2, 8, 4};
  static constexpr Kind kinds[] = {Kind::execute, Kind::write, Kind::port, Kind::access};
  for (unsigned i = 0; i < 4; ++i) {
    Guest& g = guest_[i];
    const u64 fields = dr[7] >> (16 + 4 * i);
    g.kind = dr[7] >> 2 * i & 3 ? kinds[fields & 3] : Kind::off;
    g.size = g.kind == Kind::execute ? 1 : sizes[fields >> 2 & 3];
    g.address = dr[i] & ~(g.size - 1);
    if (g.kind == Kind::port && !ports) g.kind = Kind::off;
  }
}

std::vector<u64> Breakpoints::code() const {
  std::vector<u64> out;
  for (const Guest& g : guest_)
    if (g.kind == Kind::execute) out.push_back(g.address);
  for (const DebugPoint& p : debugger_)
    if (!is_data(p)) out.push_back(p.va);
  return out;
}

bool Breakpoints::any_guest_code() const {
  return std::any_of(std::begin(guest_), std::end(guest_), [](auto& g) { return g.kind == Kind::execute; });
}

bool Breakpoints::any_data() const {
  return std::any_of(std::begin(guest_), std::end(guest_),
                     [](auto& g) { return g.kind == Kind::write || g.kind == Kind::access; }) ||
         std::any_of(debugger_.begin(), debugger_.end(), is_data);
}

bool Breakpoints::any_port() const {
  return std::any_of(std::begin(guest_), std::end(guest_), [](auto& g) { return g.kind == Kind::port; });
}

unsigned Breakpoints::guest_code(u64 linear) const {
  unsigned bits = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (guest_[i].kind == Kind::execute && guest_[i].address == linear) bits |= 1u << i;
  return bits;
}

unsigned Breakpoints::guest_data(std::span<const DataAccess> accesses) const {
  unsigned bits = 0;
  for (unsigned i = 0; i < 4; ++i)
    for (const DataAccess& a : accesses) {
      const Guest& g = guest_[i];
      const bool fits = g.kind == Kind::access || (g.kind == Kind::write && a.write);
      if (fits && overlap(g.address, g.size, a.va, a.size)) bits |= 1u << i;
    }
  return bits;
}

unsigned Breakpoints::guest_port(u16 port, unsigned size) const {
  unsigned bits = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (guest_[i].kind == Kind::port && overlap(guest_[i].address, guest_[i].size, port, size))
      bits |= 1u << i;
  return bits;
}

bool Breakpoints::debugger_code(u64 linear) const {
  return std::any_of(debugger_.begin(), debugger_.end(),
                     [linear](const DebugPoint& p) { return !is_data(p) && p.va == linear; });
}

std::optional<DebugPoint> Breakpoints::debugger_data(std::span<const DataAccess> accesses) const {
  for (const DebugPoint& p : debugger_)
    for (const DataAccess& a : accesses) {
      const bool fits = (p.kind != DebugAccess::read && a.write) || (p.kind != DebugAccess::write && a.read);
      if (is_data(p) && fits && overlap(p.va, p.size, a.va, a.size)) return p;
    }
  return std::nullopt;
}

Breakpoints::Watcher Breakpoints::page(u64 va) const {
  for (const Guest& g : guest_)
    if ((g.kind == Kind::write || g.kind == Kind::access) && on_page(va, g.address, g.size))
      return Watcher::guest;
  for (const DebugPoint& p : debugger_)
    if (is_data(p) && on_page(va, p.va, p.size)) return Watcher::debugger;
  return Watcher::none;
}

}  // namespace xs::x86
