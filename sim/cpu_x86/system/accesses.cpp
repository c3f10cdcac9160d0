// What the engine's accesses mean to the MMU.
//
//   fast    only fills are seen; the MMU never forgets by itself, so a fill is either silent or architectural
//   exact   every access is seen and counted once:
//
//             fill, held by the TLB       silent: the engine's own table forgot it, the access will count it
//             fill, not held              counted here, and the access that follows is not counted again
//             access                      counted, with its effect on what the TLB replaces next
//
// The engine's table is flushed when the modelled TLB loses an entry, so that it holds nothing which the
// model does not: whatever the model misses, asks for a fill in front of the access and can still fault.
#include <utility>

#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

void AccessCount::fill(const mmu::Access& access) {
  auto& pages = filled[static_cast<size_t>(access.kind)];
  pages[1] = pages[0];
  pages[0] = access.va >> frame_shift;
  any_filled = true;
}

bool AccessCount::take_filled(const mmu::Access& access) {
  for (u64& page : filled[static_cast<size_t>(access.kind)]) {
    if (page != access.va >> frame_shift) continue;
    page = none;
    return true;
  }
  return false;
}

bool AccessCount::take_second(const mmu::Access& access) {
  if (second.va == none || second.kind != access.kind || (second.va ^ access.va) >> frame_shift != 0)
    return false;
  second.va = none;
  return true;
}

/// Within a block the engine's RIP is stale; what is known is where the block begins.
u64 Core::access_pc(const mmu::Access& access) const {
  return access.kind == mmu::AccessKind::fetch ? access.va : engine_->block_address();
}

/// Whether the engine may store to the page without asking again.
bool Core::may_store(const mmu::Access& access, u64 pa) {
  if (!config_.observer || !config_.observer->guards(pa)) return true;
  if (access.kind != mmu::AccessKind::write) return false;
  view_pc_ = access_pc(access);
  config_.observer->on_guarded_store(*this, access.va, pa);
  return true;
}

mmu::Translation Core::translate_counted(const mmu::Access& access) {
  bool architectural = false;
  const mmu::Translation t = mmu_.translate(access, &architectural);
  if (t.cycles) engine_->charge(t.cycles, 0);
  if (architectural && t.ok && config_.observer) {
    view_pc_ = access_pc(access);
    config_.observer->on_tlb_fill(*this, access.va, t.pa, frame_size, t.write, access.user);
  }
  return t;
}

mmu::Translation Core::translate_fill(const mmu::Access& access) {
  if (config_.fidelity != Fidelity::exact) return translate_counted(access);
  mmu::Translation held;
  if (mmu_.held(access, held)) return held;
  const bool second = access_count_.take_second(access);
  const mmu::Translation t = translate_counted(access);
  if (!t.ok) return t;
  if (!second) access_count_.fill(access);
  if (mmu_.take_lost()) engine_->flush_tlb();
  return t;
}

FillAnswer Core::fill(u64 va, mmu::AccessKind kind, bool user) {
  bool unread = false;
  if (watching_ && points_.page(va) != Breakpoints::Watcher::none) [[unlikely]] {
    unread = kind == mmu::AccessKind::fetch;
    if (!unread && !granting_) return refuse_watched(va);
    granted_ = granting_;
  }
  mmu::Access access{va, kind, user, false};
  mmu::Translation t = translate_fill(access);
  if (!t.ok && user && implicit_page_ == va) {
    implicit_page_ = ~u64{0};
    access.user = false;
    access.implicit = true;
    t = translate_fill(access);
  }
  if (!t.ok) {
    refusal_ = t;
    refused_implicit_ = access.implicit;
    return {};
  }
  FillAnswer answer{true, t.pa, t.write && may_store(access, t.pa), t.execute};
  answer.global = t.global;
  answer.user = access.user;
  answer.unread = unread;
  return answer;
}

void Core::access(u64 va, u64 size, mmu::AccessKind kind, bool user) {
  AccessCount& count = access_count_;
  if (count.second.va != AccessCount::none) [[unlikely]] {
    translate_counted(count.second);
    count.second.va = AccessCount::none;
  }
  const u64 last = va + size - 1;
  const bool crosses = (va ^ last) >> frame_shift;
  if (crosses && kind == mmu::AccessKind::read) return;  // Unicorn reads each page once more, by itself
  access_page({va, kind, user, false}, true);
  if (crosses) access_page({last & ~frame_mask, kind, user, false}, false);
  if (kind != mmu::AccessKind::fetch) return;
  // Between blocks. Inside a data access Unicorn has looked its entry up already and would go on with what a
  // flush leaves of it.
  if (std::exchange(count.any_filled, false))
    for (auto& pages : count.filled) pages.fill(AccessCount::none);
  if (std::exchange(count.lost, false)) engine_->flush_tlb();
}

void Core::access_page(const mmu::Access& access, bool first) {
  if (access_count_.any_filled && access_count_.take_filled(access)) return;
  if (mmu_.repeat(access)) return;
  mmu::Translation t;
  if (!first && access.kind == mmu::AccessKind::write && !mmu_.held(access, t)) {
    access_count_.second = access;
    return;
  }
  translate_counted(access);
  access_count_.lost |= mmu_.take_lost();
}

}  // namespace xs::x86
