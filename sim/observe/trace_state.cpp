#include "sim/observe/trace_state.h"

#include <fmt/format.h>

#include <xen/xen.h>

#include <algorithm>

#include "sim/observe/names.h"

namespace xs::observe {

void RamMap::add(u64 first_mfn, u64 count) {
  constexpr u64 max_frames = u64{1} << 26;
  if (count == 0 || count > max_frames - frames_ || first_mfn > ~u64{0} - count)
    throw Error(fmt::format("RAM range at frame {:#x} is empty or too large", first_mfn));
  if (!ranges_.empty() && first_mfn < ranges_.back().first + ranges_.back().count)
    throw Error(fmt::format("RAM range at frame {:#x} overlaps or is out of order", first_mfn));
  ranges_.push_back({first_mfn, count, static_cast<u32>(frames_)});
  frames_ += count;
}

u64 RamMap::mfn(u32 index) const {
  for (const Range& r : ranges_)
    if (index - r.index < r.count) return r.first + (index - r.index);
  return invalid_frame;
}

u64 P2mTable::get(u64 gfn) const {
  const auto it = blocks_.find(gfn / block_entries);
  return it == blocks_.end() ? invalid_frame : it->second[gfn % block_entries];
}

bool P2mTable::set(u64 gfn, u64 mfn, u64& budget) {
  if (gfn >= max_gfn) return false;
  auto it = blocks_.find(gfn / block_entries);
  if (it == blocks_.end()) {
    if (mfn == invalid_frame) return true;
    if (budget == 0) return false;
    --budget;
    it = blocks_.emplace(gfn / block_entries, std::vector<u64>(block_entries, invalid_frame)).first;
  }
  it->second[gfn % block_entries] = mfn;
  return true;
}

void P2mTable::clear(u64& budget) {
  budget += blocks_.size();
  blocks_.clear();
}

bool P2mTable::operator==(const P2mTable& other) const {
  const auto covered = [](const P2mTable& a, const P2mTable& b) {
    bool same = true;
    a.for_each([&](u64 gfn, u64 mfn) { same = same && b.get(gfn) == mfn; });
    return same;
  };
  return covered(*this, other) && covered(other, *this);
}

TraceState::TraceState(RamMap ram) : ram_(std::move(ram)), frames_(ram_.frames()) {
  row(XS_OWNER_NONE).frames = ram_.frames();
  row(XS_OWNER_NONE).by_type[XS_FRAME_NONE] = ram_.frames();
}

TraceState::OwnerRow& TraceState::row(u32 owner) {
  if (!last_row_ || last_owner_ != owner) {
    last_row_ = &owners_[owner];
    last_owner_ = owner;
  }
  return *last_row_;
}

void TraceState::count(const FrameState& frame, u64 delta) {
  OwnerRow& r = row(frame.owner);
  r.frames += delta;
  r.by_type[type_of_bits(frame.type_bits)] += delta;
  if (pinned_bits(frame.type_bits)) r.pinned += delta;
}

void TraceState::set_owner(u32 index, u32 owner) {
  count(frames_[index], ~u64{0});
  frames_[index].owner = owner;
  count(frames_[index], 1);
}

void TraceState::set_type(u32 index, u8 bits) {
  count(frames_[index], ~u64{0});
  frames_[index].type_bits = bits;
  count(frames_[index], 1);
}

u32 TraceState::frame_index(u64 mfn) const {
  const u32 index = ram_.index(mfn);
  if (index == RamMap::none) throw Error(fmt::format("trace: frame {:#x} is not RAM", mfn));
  return index;
}

DomainRecord& TraceState::domain_record(u64 domid) {
  if (domid >= DOMID_FIRST_RESERVED) throw Error(fmt::format("trace: {:#x} is no domain", domid));
  return domains_[static_cast<u32>(domid)];
}

void TraceState::apply_frame(const Event& e) {
  const u32 index = frame_index(e.a);
  const u32 before = frames_[index].owner;
  if (e.kind == EventKind::frame_owner)
    set_owner(index, static_cast<u32>(e.c));
  else if (e.kind == EventKind::frame_type)
    set_type(index, static_cast<u8>(e.c & 0x3f));
  else
    set_gfn(index, e.c);
  if (e.kind == EventKind::frame_type) return;
  for (u32 owner : {before, frames_[index].owner}) {
    const auto it = domains_.find(owner);
    if (it != domains_.end()) it->second.memory_ps = e.time_ps;
  }
}

void TraceState::apply_p2m(const Event& e) {
  DomainRecord& d = domain_record(e.a);
  d.memory_ps = e.time_ps;
  if (e.kind == EventKind::p2m) {
    ++d.p2m_stores;
    if (!d.p2m.set(e.b, e.d, p2m_budget_)) throw Error(fmt::format("trace: GFN {:#x} is too large", e.b));
    return;
  }
  if (e.d > P2mTable::max_run || e.b > P2mTable::max_gfn) throw Error("trace: a P2M run is too long");
  for (u64 i = 0; i < e.d; ++i)
    if (!d.p2m.set(e.b + i, e.c == invalid_frame ? e.c : e.c + i, p2m_budget_))
      throw Error("trace: the P2Ms are too large");
}

void TraceState::apply_domain(const Event& e) {
  DomainRecord& d = domain_record(e.a);
  switch (e.kind) {
    case EventKind::domain_created:
      d.p2m.clear(p2m_budget_);
      d = DomainRecord{};
      grants_.forget(static_cast<u32>(e.a));
      d.shared_info_mfn = e.b;
      d.model = static_cast<u32>(e.c);
      d.created_ps = d.changed_ps = e.time_ps;
      break;
    case EventKind::domain_state:
      d.state = static_cast<u32>(e.b);
      d.shutdown_reason = static_cast<u32>(e.c);
      d.changed_ps = e.time_ps;
      if (d.state == XS_DOM_DEAD) {
        d.p2m.clear(p2m_budget_);
        d.grant_pages.clear();
        grants_.forget(static_cast<u32>(e.a));
        last_caller_ = {};
        std::erase_if(vcpus_, [&](const auto& v) { return dv_domid(v.first) == e.a; });
      }
      break;
    case EventKind::domain_name:
      if (e.b >= strings_.size()) throw Error("trace: undefined string");
      d.name = static_cast<u32>(e.b);
      break;
    default:
      d.ready = true;
  }
}

void TraceState::apply_event_channel(const Event& e) {
  const u32 port = static_cast<u32>(e.b);
  if (e.kind == EventKind::event_send) {
    const auto d = domains_.find(dv_domid(e.a));
    if (d == domains_.end()) return;
    const auto it = d->second.ports.find(port);
    if (it != d->second.ports.end()) ++it->second.received;
    return;
  }
  if (port >= max_ports || e.b >> 32 > XS_PORT_PIRQ)
    throw Error(fmt::format("trace: {:#x} is no event channel", e.b));
  const auto kind = static_cast<xs_port>(e.b >> 32);
  std::map<u32, EventPort>& ports = domain_record(dv_domid(e.a)).ports;
  if (kind == XS_PORT_CLOSED)
    ports.erase(port);
  else
    ports[port] = {kind, dv_vcpu(e.a), static_cast<u32>(e.c) & 0xffff, static_cast<u32>(e.c >> 32), 0};
}

EventPort TraceState::port(u32 domid, u32 port) const {
  const auto d = domains_.find(domid);
  if (d == domains_.end()) return {};
  const auto it = d->second.ports.find(port);
  return it == d->second.ports.end() ? EventPort{} : it->second;
}

void TraceState::apply_grant(const Event& e) {
  if (e.kind == EventKind::grant_table) {
    if (e.b >= max_grant_pages) throw Error(fmt::format("trace: a grant table has no page {}", e.b));
    const auto page = static_cast<u32>(e.b);
    if (e.c != invalid_frame) frame_index(e.c);
    std::map<u32, u64>& pages = domain_record(e.a).grant_pages;
    if (e.c == invalid_frame)
      pages.erase(page);
    else
      pages[page] = e.c;
    return;
  }
  frame_index(e.a);
  const auto use = decode_grant(e.b, e.c, e.a);
  if (!use) throw Error(fmt::format("trace: {:#x} is no use of a grant", e.c));
  grants_.apply(*use);
}

void TraceState::set_running(unsigned cpu, u64 dv) {
  if (cpu >= max_cpus) throw Error(fmt::format("trace: CPU {} is out of range", cpu));
  if (cpu >= running_.size()) running_.resize(cpu + 1, idle_dv);
  running_[cpu] = dv;
}

bool is_memory_operation(u64 operation) { return operation >> 32 == __HYPERVISOR_memory_op; }

bool is_grant_operation(u64 operation) { return operation >> 32 == __HYPERVISOR_grant_table_op; }

std::size_t ended_by_begin(const std::vector<OpenOperation>& stack, u64 operation) {
  const auto is_multicall = [](u64 op) { return op >> 32 == __HYPERVISOR_multicall; };
  std::size_t ended = 0;
  while (ended < stack.size() &&
         (is_multicall(operation) || !is_multicall(stack[stack.size() - 1 - ended].operation)))
    ++ended;
  return ended;
}

std::size_t ended_by_end(const std::vector<OpenOperation>& stack, u64 operation) {
  const auto match =
      std::find_if(stack.rbegin(), stack.rend(), [&](const auto& o) { return o.operation == operation; });
  return match == stack.rend() ? 0 : static_cast<std::size_t>(match - stack.rbegin()) + 1;
}

TraceState::Caller& TraceState::caller(u64 dv) {
  if (last_caller_.dv != dv) last_caller_ = {dv, &vcpus_[dv], nullptr};
  if (!last_caller_.domain) {
    const auto d = domains_.find(dv_domid(dv));
    if (d != domains_.end()) last_caller_.domain = &d->second;
  }
  return last_caller_;
}

void TraceState::apply_operation(const Event& e) {
  Caller& from = caller(e.a);
  std::vector<OpenOperation>& stack = *from.stack;
  const bool begin = e.kind == EventKind::op_begin;
  stack.resize(stack.size() - (begin ? ended_by_begin(stack, e.b) : ended_by_end(stack, e.b)));
  if (!begin) return;
  if (stack.size() == max_depth) stack.erase(stack.begin());
  stack.push_back({e.b, e.c, e.time_ps});
  set_running(e.cpu, e.a);
  if (from.domain) ++from.domain->hypercalls;
}

void TraceState::apply(const Event& e) {
  pass_to(e.time_ps);
  switch (e.kind) {
    case EventKind::string:
      if (e.a != strings_.size()) throw Error("trace: strings are not in order");
      strings_.emplace_back(e.text);
      break;
    case EventKind::frame_owner:
    case EventKind::frame_type:
    case EventKind::m2p:
      apply_frame(e);
      break;
    case EventKind::p2m:
    case EventKind::p2m_run:
      apply_p2m(e);
      break;
    case EventKind::op_begin:
    case EventKind::op_end:
      apply_operation(e);
      break;
    case EventKind::domain_created:
    case EventKind::domain_state:
    case EventKind::domain_name:
    case EventKind::domain_ready:
      apply_domain(e);
      break;
    case EventKind::vcpu_switch:
      set_running(e.cpu, e.b);
      break;
    case EventKind::event_port:
    case EventKind::event_send:
      apply_event_channel(e);
      break;
    case EventKind::grant_table:
    case EventKind::grant:
      apply_grant(e);
      break;
    case EventKind::unmodelled:
    case EventKind::console:
    case EventKind::step_begin:
    case EventKind::step_end:
      if (e.a >= strings_.size()) throw Error("trace: undefined string");
      break;
    default:
      break;  // tells something, changes nothing that queries show
  }
}

const OpenOperation* TraceState::operation(unsigned cpu) const {
  const auto it = vcpus_.find(running(cpu));
  return it == vcpus_.end() || it->second.empty() ? nullptr : &it->second.back();
}

bool TraceState::has_open_operation(u32 domid) const {
  return std::any_of(vcpus_.begin(), vcpus_.end(),
                     [&](const auto& v) { return dv_domid(v.first) == domid && !v.second.empty(); });
}

const std::string& TraceState::string(u64 id) const { return strings_[id < strings_.size() ? id : 0]; }

u64 TraceState::owned(u32 owner) const {
  const auto it = owners_.find(owner);
  return it == owners_.end() ? 0 : it->second.frames;
}

OwnershipTable TraceState::ownership() const {
  OwnershipTable table;
  table.time_ps = time_ps_;
  table.total_frames = ram_.frames();
  for (const auto& [owner, r] : owners_)
    if (r.frames != 0) table.rows.push_back({owner, r.frames, r.by_type, r.pinned});
  return table;
}

DomainInfo TraceState::domain_info(u32 domid) const {
  const DomainRecord& d = domains_.at(domid);
  DomainInfo info;
  info.domid = domid;
  info.name = string(d.name);
  info.model = static_cast<xs_memory_model>(d.model);
  info.state = static_cast<xs_domain_state>(d.state);
  info.shutdown_reason = d.shutdown_reason;
  info.ready = d.ready;
  info.shared_info_mfn = d.shared_info_mfn;
  info.created_ps = d.created_ps, info.changed_ps = d.changed_ps;
  info.frames = owned(domid);
  info.hypercalls = d.hypercalls, info.p2m_stores = d.p2m_stores;
  return info;
}

std::vector<P2mEntry> TraceState::p2m_entries(u32 domid) const {
  std::vector<P2mEntry> entries;
  const auto d = domains_.find(domid);
  if (d == domains_.end()) return entries;
  d->second.p2m.for_each([&](u64 gfn, u64 mfn) { entries.push_back({gfn, mfn}); });
  if (!entries.empty()) return entries;
  for (u32 i = 0; i < ram_.frames(); ++i)
    if (frames_[i].owner == domid && frames_[i].gfn < XS_M2P_SHARED)
      entries.push_back({frames_[i].gfn, ram_.mfn(i)});
  std::sort(entries.begin(), entries.end(),
            [](const P2mEntry& a, const P2mEntry& b) { return a.gfn < b.gfn; });
  const auto same = [](const P2mEntry& a, const P2mEntry& b) { return a.gfn == b.gfn; };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  return entries;
}

std::string TraceState::domain_label(u32 owner) const {
  const auto it = domains_.find(owner);
  const std::string plain = owner_name(owner);
  return it == domains_.end() || it->second.name == 0
             ? plain
             : fmt::format("{} ({})", plain, string(it->second.name));
}

bool TraceState::operator==(const TraceState& o) const {
  const auto open = [](const TraceState& s) {
    auto copy = s.vcpus_;
    std::erase_if(copy, [](const auto& v) { return v.second.empty(); });
    return copy;
  };
  const auto rows = [](const TraceState& s) {
    auto copy = s.owners_;
    std::erase_if(copy, [](const auto& r) { return r.second.frames == 0; });
    return copy;
  };
  return frames_ == o.frames_ && rows(*this) == rows(o) && domains_ == o.domains_ && open(*this) == open(o) &&
         running_ == o.running_ && grants_ == o.grants_ && strings_ == o.strings_ && time_ps_ == o.time_ps_;
}

}  // namespace xs::observe
