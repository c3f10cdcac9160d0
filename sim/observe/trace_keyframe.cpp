// Keyframes: a TraceState as bytes. Numbers as in events (event_codec.h); runs keep it small.
//
//     frames   { count, owner, type bits, mode, GFN+1 }*   mode 0: the same GFN, 1: ascending GFNs
//     strings  count { length, bytes }*
//     domains  count { domid, fields, P2M runs, ports, pages of the grant table }*
//     grants   count { granter, reference, user, MFN, mappings }*
//     vcpus    count { dv, depth { operation, subject, begin }* }*
//     cpus     count { dv }*
//     time
#include <fmt/format.h>

#include "sim/observe/event_codec.h"
#include "sim/observe/trace_state.h"

namespace xs::observe {
namespace {

void put(std::vector<u8>& out, u64 value) {
  u8 bytes[16];
  ByteWriter w(bytes);
  w.number(value);
  out.insert(out.end(), bytes, w.position());
}

[[noreturn]] void bad(const char* what) { throw Error(fmt::format("trace: malformed keyframe ({})", what)); }

u64 bounded(ByteReader& in, u64 limit, const char* what) {
  const u64 value = in.number();
  if (value > limit) bad(what);
  return value;
}

}  // namespace

class Keyframe {
 public:
  static void save_frames(const TraceState& s, std::vector<u8>& out);
  static void save_domains(const TraceState& s, std::vector<u8>& out);
  static void save_p2m(const P2mTable& p2m, std::vector<u8>& out);
  static void save_ports(const std::map<u32, EventPort>& ports, std::vector<u8>& out);
  static void save_grant_pages(const std::map<u32, u64>& pages, std::vector<u8>& out);
  static void save_grants(const TraceState& s, std::vector<u8>& out);
  static void save_rest(const TraceState& s, std::vector<u8>& out);
  static void load_frames(TraceState& s, ByteReader& in);
  static void load_domains(TraceState& s, ByteReader& in);
  static void load_p2m(TraceState& s, P2mTable& p2m, ByteReader& in);
  static void load_ports(std::map<u32, EventPort>& ports, ByteReader& in);
  static void load_grant_pages(const TraceState& s, std::map<u32, u64>& pages, ByteReader& in);
  static void load_grants(TraceState& s, ByteReader& in);
  static void load_strings(TraceState& s, ByteReader& in);
  static void load_rest(TraceState& s, ByteReader& in);
};

void Keyframe::save_frames(const TraceState& s, std::vector<u8>& out) {
  const auto& f = s.frames_;
  for (std::size_t at = 0, next; at < f.size(); at = next) {
    next = at + 1;
    const auto alike = [&](std::size_t i, u64 gfn) {
      return i < f.size() && f[i].owner == f[at].owner && f[i].type_bits == f[at].type_bits &&
             f[i].gfn == gfn;
    };
    const bool ascending = alike(next, f[at].gfn + 1);
    while (alike(next, ascending ? f[at].gfn + (next - at) : f[at].gfn)) ++next;
    put(out, next - at), put(out, f[at].owner), put(out, f[at].type_bits);
    put(out, ascending), put(out, f[at].gfn + 1);
  }
}

void Keyframe::load_frames(TraceState& s, ByteReader& in) {
  s.owners_.clear();
  s.last_row_ = nullptr;
  for (std::size_t at = 0; at < s.frames_.size();) {
    const u64 run = bounded(in, s.frames_.size() - at, "frames");
    const u32 owner = static_cast<u32>(bounded(in, ~u32{0}, "owner"));
    const u8 bits = static_cast<u8>(bounded(in, 0x3f, "type"));
    const u64 step = bounded(in, 1, "mode");
    const u64 gfn = in.number() - 1;
    if (run == 0) bad("empty run");
    for (u64 i = 0; i < run; ++i) s.frames_[at + i] = {gfn + i * step, owner, bits};
    s.count(s.frames_[at], run);
    at += run;
  }
}

void Keyframe::save_p2m(const P2mTable& p2m, std::vector<u8>& out) {
  u64 first = 0, mfn = 0, run = 0;
  const auto flush = [&] {
    if (run != 0) put(out, run), put(out, first), put(out, mfn);
  };
  p2m.for_each([&](u64 g, u64 m) {
    if (run != 0 && run < P2mTable::max_run && g == first + run && m == mfn + run) {
      ++run;
      return;
    }
    flush();
    first = g, mfn = m, run = 1;
  });
  flush();
  put(out, 0);
}

void Keyframe::load_p2m(TraceState& s, P2mTable& p2m, ByteReader& in) {
  while (const u64 run = bounded(in, P2mTable::max_run, "P2M run")) {
    const u64 gfn = bounded(in, P2mTable::max_gfn, "GFN"), mfn = in.number();
    for (u64 i = 0; i < run; ++i)
      if (!p2m.set(gfn + i, mfn + i, s.p2m_budget_)) bad("P2M");
  }
}

void Keyframe::save_ports(const std::map<u32, EventPort>& ports, std::vector<u8>& out) {
  put(out, ports.size());
  for (const auto& [number, p] : ports) {
    put(out, number), put(out, p.kind), put(out, p.vcpu);
    put(out, p.remote_domid), put(out, p.remote_port), put(out, p.received);
  }
}

void Keyframe::load_ports(std::map<u32, EventPort>& ports, ByteReader& in) {
  const u64 count = bounded(in, TraceState::max_ports, "event channels");
  for (u64 i = 0; i < count; ++i) {
    EventPort& p = ports[static_cast<u32>(bounded(in, TraceState::max_ports - 1, "port"))];
    p.kind = static_cast<xs_port>(bounded(in, XS_PORT_PIRQ, "kind of port"));
    p.vcpu = static_cast<u32>(in.number());
    p.remote_domid = static_cast<u32>(in.number()), p.remote_port = static_cast<u32>(in.number());
    p.received = in.number();
  }
}

void Keyframe::save_grant_pages(const std::map<u32, u64>& pages, std::vector<u8>& out) {
  put(out, pages.size());
  for (const auto& [number, mfn] : pages) put(out, number), put(out, mfn);
}

void Keyframe::load_grant_pages(const TraceState& s, std::map<u32, u64>& pages, ByteReader& in) {
  const u64 count = bounded(in, TraceState::max_grant_pages, "grant table");
  for (u64 i = 0; i < count; ++i) {
    const auto number =
        static_cast<u32>(bounded(in, TraceState::max_grant_pages - 1, "page of a grant table"));
    const u64 mfn = in.number();
    s.frame_index(mfn);
    pages[number] = mfn;
  }
}

void Keyframe::save_grants(const TraceState& s, std::vector<u8>& out) {
  put(out, s.grants_.all().size());
  for (const auto& [key, g] : s.grants_.all()) {
    put(out, key.granter), put(out, key.ref), put(out, key.user), put(out, g.mfn);
    put(out, g.shown.readers), put(out, g.shown.writers), put(out, g.held.readers), put(out, g.held.writers);
  }
}

void Keyframe::load_grants(TraceState& s, ByteReader& in) {
  constexpr u64 most_domains = 0x7fff, most = 0xffffffff;
  s.grants_ = {};
  const u64 count = bounded(in, GrantsInUse::most, "grants");
  const auto number = [&](const char* what) { return static_cast<u32>(bounded(in, most, what)); };
  for (u64 i = 0; i < count; ++i) {
    GrantKey key;
    key.granter = static_cast<u32>(bounded(in, most_domains, "granter"));
    key.ref = number("reference");
    key.user = static_cast<u32>(bounded(in, most_domains, "user"));
    GrantInUse g;
    g.mfn = in.number();
    s.frame_index(g.mfn);
    g.shown.readers = number("mappings"), g.shown.writers = number("mappings");
    g.held.readers = number("mappings"), g.held.writers = number("mappings");
    s.grants_.add(key, g);
  }
}

void Keyframe::save_domains(const TraceState& s, std::vector<u8>& out) {
  put(out, s.domains_.size());
  for (const auto& [domid, d] : s.domains_) {
    put(out, domid), put(out, d.shared_info_mfn + 1), put(out, d.model), put(out, d.state);
    put(out, d.shutdown_reason), put(out, d.ready), put(out, d.created_ps), put(out, d.changed_ps);
    put(out, d.hypercalls), put(out, d.p2m_stores), put(out, d.name), put(out, d.memory_ps);
    save_p2m(d.p2m, out);
    save_ports(d.ports, out);
    save_grant_pages(d.grant_pages, out);
  }
}

void Keyframe::load_domains(TraceState& s, ByteReader& in) {
  for (auto& [domid, d] : s.domains_) d.p2m.clear(s.p2m_budget_);
  s.last_caller_ = {};
  s.domains_.clear();
  const u64 domains = in.number();
  for (u64 i = 0; i < domains; ++i) {
    DomainRecord& d = s.domain_record(in.number());
    d.shared_info_mfn = in.number() - 1;
    d.model = static_cast<u32>(in.number()), d.state = static_cast<u32>(in.number());
    d.shutdown_reason = static_cast<u32>(in.number()), d.ready = in.number() != 0;
    d.created_ps = in.number(), d.changed_ps = in.number();
    d.hypercalls = in.number(), d.p2m_stores = in.number();
    d.name = static_cast<u32>(bounded(in, s.strings_.size() - 1, "name"));
    d.memory_ps = in.number();
    load_p2m(s, d.p2m, in);
    load_ports(d.ports, in);
    load_grant_pages(s, d.grant_pages, in);
  }
}

void Keyframe::save_rest(const TraceState& s, std::vector<u8>& out) {
  put(out, s.vcpus_.size());
  for (const auto& [dv, stack] : s.vcpus_) {
    put(out, dv), put(out, stack.size());
    for (const OpenOperation& o : stack) put(out, o.operation), put(out, o.subject), put(out, o.begin_ps);
  }
  put(out, s.running_.size());
  for (u64 dv : s.running_) put(out, dv);
  put(out, s.time_ps_);
}

void Keyframe::load_strings(TraceState& s, ByteReader& in) {
  const u64 count = in.number();
  s.strings_.clear();
  for (u64 i = 0; i < count; ++i) {
    const u64 size = bounded(in, max_event_text, "string");
    s.strings_.emplace_back(in.bytes(size));
  }
  if (s.strings_.empty()) bad("no string table");
}

void Keyframe::load_rest(TraceState& s, ByteReader& in) {
  s.last_caller_ = {};
  s.vcpus_.clear();
  const u64 vcpus = in.number();
  for (u64 i = 0; i < vcpus; ++i) {
    auto& stack = s.vcpus_[in.number()];
    const u64 depth = bounded(in, TraceState::max_depth, "depth");
    for (u64 k = 0; k < depth; ++k) {
      OpenOperation o;
      o.operation = in.number(), o.subject = in.number(), o.begin_ps = in.number();
      if (stack.size() < TraceState::max_depth) stack.push_back(o);
    }
  }
  s.running_.assign(bounded(in, TraceState::max_cpus, "CPUs"), idle_dv);
  for (u64& dv : s.running_) dv = in.number();
  s.time_ps_ = in.number();
  if (!in.done()) bad("bytes left over");
}

std::vector<u8> TraceState::save() const {
  std::vector<u8> out;
  Keyframe::save_frames(*this, out);
  put(out, strings_.size());
  for (const std::string& text : strings_) {
    put(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
  }
  Keyframe::save_domains(*this, out);
  Keyframe::save_grants(*this, out);
  Keyframe::save_rest(*this, out);
  return out;
}

void TraceState::load(std::span<const u8> bytes) {
  ByteReader in(bytes);
  Keyframe::load_frames(*this, in);
  Keyframe::load_strings(*this, in);
  Keyframe::load_domains(*this, in);
  Keyframe::load_grants(*this, in);
  Keyframe::load_rest(*this, in);
}

}  // namespace xs::observe
