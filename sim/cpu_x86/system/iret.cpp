// IRETQ from ring 0 into 64-bit code, when nothing about it is special: Unicorn's own takes several times as
// long. Everything else, each fault among it, is left to Unicorn (SDM vol. 2A IRET, 64-bit mode).
//
//     64-bit frame, from low to high:  RIP  CS  RFLAGS  RSP  SS
#include <cstring>

#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"
#include "sim/cpu_x86/system/descriptor.h"

namespace xs::x86 {

namespace {

constexpr u64 arithmetic_flags = 0x8d5, direction_flag = 0x400;
/// What ring 0 may change.
constexpr u64 loaded_flags = arithmetic_flags | direction_flag | rflags::tf | rflags::if_ | rflags::iopl |
                             rflags::nt | rflags::rf | rflags::ac | 1u << 21;

struct Frame {
  u64 rip, cs, rflags, rsp, ss;
};

bool is_code64(const Segment& s, unsigned rpl) {
  constexpr u32 mask = attr_nonsystem | attr_code | attr_conforming | attr_present | attr_long | attr_big;
  return (s.attributes & mask) == (attr_nonsystem | attr_code | attr_present | attr_long) && dpl(s) == rpl;
}

bool is_stack(const Segment& s, unsigned rpl) {
  constexpr u32 mask = attr_nonsystem | attr_code | attr_writable | attr_present;
  return (s.attributes & mask) == (attr_nonsystem | attr_writable | attr_present) && dpl(s) == rpl;
}

/// The null selector that inner rings may have in SS.
Segment null_stack(u64 selector, unsigned rpl) {
  constexpr u32 data =
      attr_granular | attr_big | attr_present | attr_nonsystem | attr_writable | attr_accessed;
  return {static_cast<u16>(selector & 3), 0, 0xffffffff, data | rpl << attr_dpl_shift};
}

}  // namespace

/// As supervisor, what the modelled TLB holds: nothing to count.
const u8* Core::held(u64 va, u64 size) {
  if ((va & frame_mask) + size > frame_size) return nullptr;
  const ImplicitPage* page = implicit_pages_.find(va, mmu::AccessKind::read, mmu_.revocations());
  mmu::Translation t;
  if (page == nullptr && mmu_.held({va, mmu::AccessKind::read, false, false}, t)) {
    const u64 pa = t.pa & ~frame_mask;
    if (u8* const host = memory_.host(pa))
      page = implicit_pages_.keep(va, mmu::AccessKind::read, mmu_.revocations(), pa, host);
  }
  return page ? page->host + (va & frame_mask) : nullptr;
}

bool Core::held_descriptor(u64 selector, Segment& out) {
  const TableRegister gdt = engine_->table(Table::gdt);
  if ((selector & 4) || !(selector & 0xfff8) || ((selector & 0xffff) | 7) > gdt.limit) return false;
  const u8* const at = held(gdt.base + (selector & 0xfff8), 8);
  if (at == nullptr) return false;
  u64 raw;
  std::memcpy(&raw, at, sizeof raw);
  out = unpack_segment(static_cast<u16>(selector), raw);
  return true;
}

/// Going outward, segments that the outer ring may not use are emptied: not here.
bool Core::keeps_data_segments(unsigned rpl) const {
  if (rpl == 0) return true;
  for (SegmentIndex i : {seg_es, seg_ds, seg_fs, seg_gs}) {
    const Segment s = engine_->segment(i);
    const bool empty =
        !(s.selector & 0xfffc) && (i == seg_fs || i == seg_gs || !(s.base | s.limit | s.attributes));
    constexpr u32 conforming = attr_code | attr_conforming;
    if (!empty && (s.attributes & conforming) != conforming && dpl(s) < rpl) return false;
  }
  return true;
}

bool Core::simple_iret() {
  if (nmi_blocked_ || armed_ || !engine_->code64() || engine_->cpl() != 0) return false;
  if (!engine_->running_code(engine_->rip(), code_) || code_[0] != 0x48 || code_[1] != 0xcf) return false;
  const u64 flags = engine_->control_flags(), rsp = gpr(4);
  const u8* const at = held(rsp, sizeof(Frame));
  if (at == nullptr || (flags & (rflags::nt | rflags::tf))) return false;
  Frame f;
  std::memcpy(&f, at, sizeof f);
  const unsigned rpl = f.cs & 3;
  HandlerEntry& to = iret_target_;
  if (!held_descriptor(f.cs, to.cs) || !is_code64(to.cs, rpl)) return false;
  if (!(f.ss & 0xfffc) && rpl != 3)
    to.ss = null_stack(f.ss, rpl);
  else if ((f.ss & 3) != rpl || !held_descriptor(f.ss, to.ss) || !is_stack(to.ss, rpl))
    return false;
  if (!keeps_data_segments(rpl)) return false;
  to.load_ss = true;
  to.rsp = f.rsp;
  to.rip = f.rip;
  iret_flags_ = (flags & ~loaded_flags) | (f.rflags & loaded_flags) | 2;
  return true;
}

/// What simple_iret() has found.
void Core::do_iret() {
  engine_->set_reg(Reg::rflags, iret_flags_);
  engine_->enter_handler(iret_target_);
  engine_->charge(config_.timing.iret + config_.timing.instruction, 1);
}

}  // namespace xs::x86
