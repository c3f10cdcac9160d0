// The hot path: a tapped store or mark is about to execute.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "sim/observe/observer_impl.h"

namespace xs::observe {

const TapPoint* Observer::Impl::tap_at(const CpuView& view) const {
  const u64 pc = view.pc();
  if (last_tap && last_tap->pc == pc) return last_tap;
  for (const TapPoint& t : taps_) {
    if (t.pc != pc) continue;
    if (!t.guest) return last_tap = &t;
    // Guest kernels share addresses: believe the tap only where memory holds that image's code.
    std::array<u8, 8> code;
    const auto expected = t.image->code_at(pc, code.size());
    if (expected.size() == code.size() && view.peek(pc, code.data(), code.size()) &&
        std::equal(code.begin(), code.end(), expected.begin()))
      return &t;
  }
  return nullptr;
}

void Observer::on_tap(const CpuView& view) {
  Impl& i = *impl_;
  ++i.counters.taps;
  if (!i.state_) return;
  const TapPoint* tap = i.tap_at(view);
  if (!tap) return;
  // Where no page table keeps guests from the hypervisor's addresses, code of theirs may lie there.
  if (!tap->guest && i.hypervisor.has_windows() && view.in_guest()) return;
  const std::array<u64, 6> regs = view.tap_regs();
  switch (tap->kind) {
    case XS_TAP_STORE64:
      return i.store(view, regs[0], regs[1], 8);
    case XS_TAP_STORE32:
      return i.store(view, regs[0], regs[1] & 0xffffffff, 4);
    case XS_TAP_CAS64:
      return i.store_cas(view);
    case XS_TAP_MARK:
      return i.mark(view, regs[1], regs[2], regs[3], regs[4]);
    default:
      return i.store_guest_p2m(view);
  }
}

void Observer::Impl::store(const CpuView& view, u64 address, u64 value, unsigned bytes) {
  const TableMap::Place place = tables_.find(address);
  if (place.table == TableMap::Table::none) return store_by_type(view, address, value, bytes);
  const bool understood = place.table != TableMap::Table::none && (address & (bytes - 1)) == 0 &&
                          (bytes == 8 || place.table == TableMap::Table::frames);
  if (!understood) return void(++counters.stores_outside);
  const u32 index = state_->ram().index(place.mfn);
  if (index == RamMap::none)
    ++counters.stores_not_ram;
  else if (place.table == TableMap::Table::frames)
    store_frame(view, index, place.offset, value, bytes);
  else
    store_m2p(view, index, value);
}

// Tables that are allocated at run time: the frame's type says what they are.
void Observer::Impl::store_by_type(const CpuView& view, u64 address, u64 value, unsigned bytes) {
  const u64 pa = direct_map_address(layout, address);
  const u64 mfn = pa >> frame_shift;
  const u32 index = state_->ram().index(mfn);
  const unsigned type =
      index == RamMap::none ? unsigned{XS_FRAME_NONE} : type_of_bits(state_->frame(index).type_bits);
  const HeldP2ms::Page* page = type == XS_FRAME_P2M ? held_p2m.page(mfn) : nullptr;
  const bool understood = bytes == 8 && (pa & 7) == 0 && (page || type == XS_FRAME_SHADOW);
  if (!understood) return void(++counters.stores_outside);
  if (page)
    store_held_p2m(view, *page, (pa & frame_mask) / 8, value);
  else
    ++counters.stores_shadow;
}

void Observer::Impl::store_held_p2m(const CpuView& view, const HeldP2ms::Page& page, u64 index, u64 value) {
  const auto domain = state_->domains().find(page.domid);
  if (domain == state_->domains().end()) return;
  if (page.level == 2) return store_above_leaf(view, page, index, value);
  if (page.level != 1) return;
  const HeldP2mEntry entry = HeldP2mEntry::decode(page.first_gfn + index, value);
  const u64 before = domain->second.p2m.get(entry.gfn);
  if (before == entry.mfn) return;
  ++counters.p2m_changes;
  record(event_at(view, EventKind::p2m, page.domid, entry.gfn, before, entry.mfn));
}

// A leaf that takes a superpage's place says what that has said; anything else is a change of all its GFNs.
void Observer::Impl::store_above_leaf(const CpuView& view, const HeldP2ms::Page& page, u64 index, u64 value) {
  constexpr u64 frames = HeldP2ms::entries_per_page;
  const HeldP2mEntry e = HeldP2mEntry::decode(page.first_gfn + index * frames, value);
  const bool was = held_p2m.set_superpage(page.domid, e.gfn, e.superpage);
  counters.superpages = held_p2m.superpages();
  if (!was && !e.superpage) return;
  if (!e.superpage && e.mfn != invalid_frame) {
    const u64 cause = value >> XS_P2M_SHATTERED_SHIFT & XS_P2M_SHATTERED_MASK;
    ++counters.superpages_shattered[cause < XS_SHATTERED_CAUSES ? cause : u64{XS_SHATTERED_OTHER}];
    return;
  }
  counters.superpages_made += e.superpage;
  counters.p2m_changes += frames;
  record(event_at(view, EventKind::p2m_run, page.domid, e.gfn, e.mfn, frames));
}

void Observer::Impl::mark_shadow(const CpuView& view, u64 dv, u64 event, u64 what) {
  switch (event) {
    case XS_SHADOW_FILL:
      ++counters.shadow_fills;
      break;
    case XS_SHADOW_REFLECT:
      ++counters.shadow_reflected;
      break;
    case XS_SHADOW_DROP:
      ++counters.shadow_drops;
      break;
    case XS_SHADOW_DROP_PAGE:
      ++counters.shadow_page_drops;
      break;
    case XS_SHADOW_EVICT:
      ++counters.shadow_evictions;
      break;
    default:
      return void(++counters.rejected);
  }
  record(event_at(view, EventKind::shadow, dv, event, what));
}

void Observer::Impl::store_cas(const CpuView& view) {
  const u64 address = view.tap_reg(0), expected = view.tap_reg(5);
  const TableMap::Place place = tables_.find(address);
  const u32 index = place.table == TableMap::Table::none ? RamMap::none : state_->ram().index(place.mfn);
  u64 now = ~expected;
  if (index != RamMap::none && place.table == TableMap::Table::m2p) {
    now = state_->frame(index).gfn;
  } else if (index != RamMap::none && place.offset == offsetof(xs_frame, count_info)) {
    now = counts_[index].count_info;
  } else if (index != RamMap::none && place.offset == offsetof(xs_frame, type_info)) {
    now = counts_[index].type_info;
  } else if (!hypervisor.peek(view, address, &now, sizeof now)) {
    now = ~expected;  // words that are not replicated: memory itself tells
  }
  if (now == expected) store(view, address, view.tap_reg(1), 8);
}

void Observer::Impl::store_frame(const CpuView& view, u32 index, u32 offset, u64 value, unsigned bytes) {
  ++counters.frame_stores;
  FrameCounts& counts = counts_[index];
  const auto merged = [&](u64 old, u32 shift_bytes) {
    if (bytes == 8) return value;
    const unsigned shift = shift_bytes * 8;
    return (old & ~(u64{0xffffffff} << shift)) | value << shift;
  };
  if (offset < offsetof(xs_frame, type_info)) {
    counts.count_info = merged(counts.count_info, offset);
    ++counters.count_changes;
  } else if (offset < offsetof(xs_frame, owner)) {
    counts.type_info = merged(counts.type_info, offset - 8);
    const u8 before = state_->frame(index).type_bits, after = type_bits_of(counts.type_info);
    if (before == after) return;
    ++counters.type_changes;
    record(event_at(view, EventKind::frame_type, state_->ram().mfn(index), before, after));
    remember(view, index, FrameChange::What::type, before, after);
    check_iommu(view, index);
  } else if (offset == offsetof(xs_frame, owner)) {
    const u32 before = state_->frame(index).owner, after = static_cast<u32>(value);
    if (before == after) return;
    ++counters.owner_changes;
    if (options.isolation_monitor && tlb_reaches) check_stale(view, index, before, after);
    record(event_at(view, EventKind::frame_owner, state_->ram().mfn(index), before, after));
    remember(view, index, FrameChange::What::owner, before, after);
    check_iommu(view, index);
  }
}

void Observer::Impl::store_m2p(const CpuView& view, u32 index, u64 value) {
  const u64 before = state_->frame(index).gfn;
  if (before == value) return;
  ++counters.m2p_changes;
  record(event_at(view, EventKind::m2p, state_->ram().mfn(index), before, value));
  remember(view, index, FrameChange::What::m2p, before, value);
}

void Observer::Impl::remember(const CpuView& view, u32 index, FrameChange::What what, u64 before, u64 after) {
  const unsigned cpu = view.cpu();
  const OpenOperation* op = state_->operation(cpu);
  history_[history_next % options.history_records] = {view.time_ps(),
                                                      before,
                                                      after,
                                                      view.caller(),
                                                      op ? op->operation : 0,
                                                      counts_[index].newest,
                                                      index,
                                                      static_cast<u32>(state_->running(cpu)),
                                                      what,
                                                      static_cast<u8>(cpu),
                                                      op != nullptr};
  counts_[index].newest = history_next++;
}

void Observer::Impl::mark(const CpuView& view, u64 what, u64 a, u64 b, u64 c) {
  switch (what) {
    case XS_MARK_OP_BEGIN:
      return mark_operation(view, true, a, b, c);
    case XS_MARK_OP_END:
      return mark_operation(view, false, a, b, c);
    case XS_MARK_DOMAIN_CREATED:
    case XS_MARK_DOMAIN_STATE:
    case XS_MARK_DOMAIN_READY:
      return mark_domain(view, what, a, b, c);
    case XS_MARK_SWITCH:
      ++counters.switches;
      check_tags(view);
      record(event_at(view, EventKind::vcpu_switch, a, b));
      tags_new.set(view.cpu());
      return;
    case XS_MARK_EVENT:
      ++counters.events_sent;
      if (options.isolation_monitor) check_event(view, a, b, c);
      record(event_at(view, EventKind::event_send, a, b, c & 0xffff));
      return;
    case XS_MARK_PORT:
      record(event_at(view, EventKind::event_port, a, b, c));
      return;
    case XS_MARK_GRANT_TABLE:
      record(event_at(view, EventKind::grant_table, a, b, c));
      return;
    case XS_MARK_GRANT:
      return mark_grant(view, a, b, c);
    case XS_MARK_BOUNCE:
      ++counters.bounces;
      record(event_at(view, EventKind::bounce, a, b, c));
      return;
    case XS_MARK_TLB_FLUSH:
      ++counters.tlb_flushes;
      record(event_at(view, EventKind::tlb_flush, a, b));
      return;
    case XS_MARK_P2M_PAGE:
      return held_p2m.announce(static_cast<u32>(a), static_cast<unsigned>(a >> 32), b, c);
    case XS_MARK_SHADOW:
      return mark_shadow(view, a, b, c);
    case XS_MARK_PANIC:
      record(event_at(view, EventKind::panic));
      return listener->on_panic(view.cpu());
    case XS_MARK_BOOT:
      record(event_at(view, EventKind::boot, a));
      if (a == 1) learn_tables(view);
      return listener->on_boot_step(static_cast<unsigned>(a));
    case XS_MARK_KEPT:
      return mark_kept(a, b, c);
    case XS_MARK_IOMMU:
      return mark_iommu(b);
    case XS_MARK_DEVICE:
      return mark_device(view, static_cast<u32>(a), b);
    case XS_MARK_LOG_DIRTY:
      return mark_log_dirty(view, a, b, c);
    case XS_MARK_FRAMES_TOLD:
      told[static_cast<u32>(a)] = {b, c};
      return;
    default:
      ++counters.rejected;
  }
}

void Observer::Impl::mark_operation(const CpuView& view, bool begin, u64 dv, u64 operation, u64 argument) {
  if (view.cpu() < last_trap.size()) last_trap[view.cpu()] = no_trap;
  if (begin) {
    ++counters.operations;
    if (!last_operation || last_operation->first != operation)
      last_operation = &*operations.try_emplace(operation).first;
    ++last_operation->second;
    if (tags_new[view.cpu()]) check_tags(view);
    tags_new.reset(view.cpu());
  }
  if (view.cpu() < grant_operation.size() && is_grant_operation(operation))
    grant_operation[view.cpu()] = begin ? now() : Moment{};
  if (!mapped_now.empty()) mapped_now.erase(view.cpu());
  if (!ended_grants.empty()) {
    if (!begin) check_ended_grants(view);
    std::erase_if(ended_grants, [&](const EndedGrant& ended) { return ended.cpu == view.cpu(); });
  }
  record(event_at(view, begin ? EventKind::op_begin : EventKind::op_end, dv, operation, argument));
  if (!begin) check_result(view, dv, operation, argument);
  look_for_p2m(dv_domid(dv), view.time_ps());
}

void Observer::Impl::mark_domain(const CpuView& view, u64 what, u64 a, u64 b, u64 c) {
  const auto known = state_->domains().find(static_cast<u32>(a));
  const auto before =
      known == state_->domains().end() ? XS_DOM_PAUSED : static_cast<xs_domain_state>(known->second.state);
  const EventKind kind = what == XS_MARK_DOMAIN_CREATED ? EventKind::domain_created
                         : what == XS_MARK_DOMAIN_STATE ? EventKind::domain_state
                                                        : EventKind::domain_ready;
  const u32 domid = static_cast<u32>(a);
  const bool dead = what == XS_MARK_DOMAIN_STATE && b == XS_DOM_DEAD;
  if (dead) domain_images.erase(domid), check_dead(view, domid);
  if (dead || what == XS_MARK_DOMAIN_CREATED) forget_p2m(domid), told.erase(domid), dirty_logs.erase(domid);
  if (!record(event_at(view, kind, a, b, c))) return;
  const DomainInfo info = state_->domain_info(domid);
  if (what == XS_MARK_DOMAIN_CREATED)
    listener->on_domain_created(info);
  else if (what == XS_MARK_DOMAIN_STATE)
    listener->on_domain_state(info, before);
  else
    listener->on_domain_ready(info);
}

void Observer::Impl::mark_kept(u64 dv, u64 slot, u64 mfn) {
  if (slot >> 32 > XS_KEPT_VCPU_INFO) return void(++counters.rejected);
  const KeptSlot key{dv, static_cast<xs_kept>(slot >> 32), static_cast<u32>(slot)};
  if (mfn == invalid_frame)
    kept.erase(key);
  else
    kept[key] = mfn;
}

void Observer::Impl::store_guest_p2m(const CpuView& view) {
  const u32 domid = dv_domid(state_->running(view.cpu()));
  look_for_p2m(domid, view.time_ps());
  auto p2m = guest_p2m.find(domid);
  u64 pa = 0;
  if (p2m == guest_p2m.end() || !view.translate(view.tap_reg(0), pa)) return;
  std::optional<u64> gfn = p2m->second.gfn_at(pa);
  if (!gfn) {  // the guest may have extended its P2M since
    resync_p2m(domid, view.time_ps());
    p2m = guest_p2m.find(domid);
    if (p2m != guest_p2m.end()) gfn = p2m->second.gfn_at(pa);
  }
  if (!gfn) {
    ++counters.stores_outside;
    return;
  }
  const u64 before = state_->domains().at(domid).p2m.get(*gfn);
  const u64 after = p2m_entry_valid(view.tap_reg(1)) ? view.tap_reg(1) : invalid_frame;
  if (before == after) return;
  ++counters.p2m_changes;
  record(event_at(view, EventKind::p2m, domid, *gfn, before, after));
}

bool Observer::Impl::read_published(u32 domid, GuestP2m& p2m) const {
  const u64 shared_info = state_->domains().at(domid).shared_info_mfn;
  const u32 index = state_->ram().index(shared_info);
  // A dead domain's shared_info may be anybody's by now.
  return index != RamMap::none && state_->frame(index).owner == domid && p2m.refresh(*memory, shared_info);
}

void Observer::Impl::forget_p2m(u32 domid) {
  guest_p2m.erase(domid);
  p2m_search = {};
}

/// Asked at each operation's end: most often by the domain of the last time, about which nothing is new.
void Observer::Impl::look_for_p2m(u32 domid, u64 time_ps) {
  if (domid == p2m_search.domid) {
    u64 lists = 0;
    if (p2m_search.unpublished) std::memcpy(&lists, p2m_search.unpublished, sizeof lists);
    if (lists == 0) return;
  }
  p2m_search = {};
  search_p2m(domid, time_ps);
  const auto domain = state_->domains().find(domid);
  if (domain == state_->domains().end()) return;
  if (domain->second.model != XS_MODEL_DIRECT || guest_p2m.contains(domid))
    p2m_search = {domid, nullptr};
  else if (const u8* word = GuestP2m::publication(*memory, domain->second.shared_info_mfn))
    p2m_search = {domid, word};
}

void Observer::Impl::search_p2m(u32 domid, u64 time_ps) {
  const auto domain = state_->domains().find(domid);
  if (domain == state_->domains().end() || domain->second.model != XS_MODEL_DIRECT ||
      guest_p2m.contains(domid))
    return;
  GuestP2m found;
  if (!read_published(domid, found)) return;
  guest_p2m.emplace(domid, std::move(found));
  resync_p2m(domid, time_ps);
}

void Observer::Impl::resync_p2m(u32 domid, u64 time_ps) {
  const auto it = guest_p2m.find(domid);
  const auto domain = state_->domains().find(domid);
  if (it == guest_p2m.end() || domain == state_->domains().end()) return;
  GuestP2m& p2m = it->second;
  if (!read_published(domid, p2m)) {
    forget_p2m(domid);
    return;
  }
  Event run{EventKind::p2m_run, 255, time_ps, domid, 0, 0, 0, {}};
  const auto flush = [&] {
    if (run.d != 0) record(run);
    run.d = 0;
  };
  for (u64 gfn = 0; gfn < p2m.entries(); ++gfn) {
    const u64 raw = p2m.read(*memory, gfn);
    const u64 mfn = p2m_entry_valid(raw) ? raw : invalid_frame;
    if (domain->second.p2m.get(gfn) == mfn) {
      flush();
      continue;
    }
    const u64 next = run.c == invalid_frame ? invalid_frame : run.c + run.d;
    if (run.d == 0 || next != mfn || run.d == P2mTable::max_run) {
      flush();
      run.b = gfn, run.c = mfn;
    }
    ++run.d;
  }
  flush();
}

void Observer::Impl::resync_all(u64 time_ps) {
  std::vector<u32> ids;
  for (const auto& [domid, domain] : state_->domains())
    if (domain.state != XS_DOM_DEAD) ids.push_back(domid);
  for (u32 domid : ids) {
    look_for_p2m(domid, time_ps);
    resync_p2m(domid, time_ps);
  }
}

void Observer::on_tlb_fill(const CpuView& view, u64 va, u64 pa, u64 size, bool write, bool user) {
  Impl& i = *impl_;
  ++i.counters.tlb_fills;
  if (!user) return;
  ++i.counters.tlb_fills_user;
  if (!i.options.isolation_monitor || !i.state_) return;
  for (u64 at = 0; at < size; at += frame_size) i.check_isolation(view, va + at, pa + at, write);
}

}  // namespace xs::observe
