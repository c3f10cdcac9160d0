#include "tests/unit/viz/tour/grants_trace.h"

#include "sim/observe/trace_writer.h"

namespace xs::test {
namespace {

using observe::EventKind;

constexpr u64 ram_frames = 1536;

class Story {
 public:
  explicit Story(const std::string& file) : writer_(file) {
    observe::TraceHeader header;
    header.product = "test", header.scenario = "grants", header.architecture = "x86_64";
    header.cpus = 2;
    header.ram.add(grants_ram, ram_frames);
    writer_.start(header);
  }
  void tell();

 private:
  void put(EventKind kind, u64 a, u64 b = 0, u64 c = 0, u64 d = 0, std::string_view text = {}) {
    writer_.put({{kind, 0, time_ += 1'000'000}, a, b, c, d, text});
  }
  void domain(u32 domid, const char* name, xs_memory_model model, u64 frames);
  void grant(xs_grant_use use, u32 granter, u32 user, u32 ref, u64 mfn, bool write = true,
             bool held = false) {
    const observe::GrantUse u{granter, user, ref, use, write, held, mfn};
    put(EventKind::grant, mfn, observe::grant_parties(u), observe::grant_what(u));
  }
  void operation(u32 domid, u32 sub, void (Story::*what)()) {
    constexpr u64 grant_table_op = 20;
    const u64 caller = u64{domid} << 16, call = grant_table_op << 32 | sub;
    put(EventKind::vcpu_switch, observe::idle_dv, caller);
    put(EventKind::op_begin, caller, call);
    (this->*what)();
    put(EventKind::op_end, caller, call);
    put(EventKind::vcpu_switch, caller, observe::idle_dv);
  }
  void maps_of_dom0();
  void maps_of_web();
  void maps_of_db();
  void transfers_of_web();

  observe::TraceWriter writer_;
  u64 time_ = 0, strings_ = 0;
};

void Story::domain(u32 domid, const char* name, xs_memory_model model, u64 frames) {
  const u64 shared = grants_frame(domid, 0);
  put(EventKind::string, ++strings_, 0, 0, 0, name);
  put(EventKind::domain_created, domid, shared, model);
  put(EventKind::domain_name, domid, strings_);
  for (u64 gfn = 0; gfn < frames; ++gfn) {
    const u64 mfn = grants_frame(domid, gfn);
    put(EventKind::frame_owner, mfn, XS_OWNER_FREE, domid);
    put(EventKind::m2p, mfn, XS_M2P_INVALID, gfn);
    if (model == XS_MODEL_TRANSLATED) put(EventKind::p2m, domid, gfn, invalid_frame, mfn);
  }
  for (const u64 page : {u64{0}, u64{1}})
    put(EventKind::frame_type, shared + page, 0, u64{XS_FRAME_SHARED} << 2 | 1);
  put(EventKind::grant_table, domid, 0, shared + 1);
  put(EventKind::domain_state, domid, XS_DOM_RUNNING, 0);
  put(EventKind::domain_ready, domid);
}

void Story::maps_of_dom0() {
  for (u32 i = 0; i < 32; ++i) grant(XS_GRANT_MAP, 1, 0, 8 + i, grants_frame(1, 0x20 + i));
  grant(XS_GRANT_MAP, 1, 0, 8, grants_frame(1, 0x20), false);
  grant(XS_GRANT_MAP, 2, 0, 10, grants_frame(2, 0x11), true, true);
}

void Story::maps_of_web() { grant(XS_GRANT_MAP, 2, 1, 9, grants_frame(2, 0x10)); }

void Story::maps_of_db() {
  for (u32 i = 0; i < 8; ++i) {
    const u64 mfn = grants_frame(1, 0x80 + i);
    grant(XS_GRANT_MAP, 1, 2, 100 + i, mfn, false);
    put(EventKind::p2m, 2, 0x400 + i, invalid_frame, mfn);
  }
}

void Story::transfers_of_web() {
  for (u32 i = 0; i < 6; ++i) {
    const u64 mfn = grants_frame(1, 0xc0 + i);
    put(EventKind::frame_owner, mfn, 1, 0);
    put(EventKind::m2p, mfn, 0xc0 + i, 0x200 + i);
    grant(XS_GRANT_TRANSFER, 0, 1, 200 + i, mfn);
  }
}

void Story::tell() {
  for (u64 i = 0; i < ram_frames; ++i)
    put(EventKind::frame_owner, grants_ram + i, XS_OWNER_NONE, i < 0x80 ? XS_OWNER_XEN : XS_OWNER_FREE);
  domain(0, "Domain-0", XS_MODEL_DIRECT, 0x100);
  domain(1, "web", XS_MODEL_DIRECT, 0x100);
  domain(2, "db", XS_MODEL_TRANSLATED, 0x80);
  operation(0, 0, &Story::maps_of_dom0);
  operation(1, 0, &Story::maps_of_web);
  operation(2, 0, &Story::maps_of_db);
  operation(1, 4, &Story::transfers_of_web);
  writer_.finish();
}

}  // namespace

void write_grants_trace(const std::string& file) { Story(file).tell(); }

}  // namespace xs::test
