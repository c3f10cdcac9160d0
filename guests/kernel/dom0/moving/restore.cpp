#include "guests/kernel/dom0/autoballoon.h"
#include "guests/kernel/dom0/create.h"
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/moving/restoring.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 page_kib = page_bytes / KiB;

// --- static data ---
bool begin_domain(Restoring& r, Status& status) {
  if (!r.info.pages_most)
    return restore_refused("the stream does not say what the domain is", -XEN_EINVAL, status);
  if (!domain_name_ok(r.config.name, status)) return false;
  const auto model = static_cast<xs_memory_model>(r.info.model);
  if (!arch_moves(model) || r.reader.domain().type != arch_stream_type(model))
    return restore_refused("domains of that type cannot be restored here", -XEN_EOPNOTSUPP, status);
  r.config.model = model;
  r.config.vcpus = r.info.vcpus;
  r.config.max_memory_kib = r.info.pages_most * page_kib;
  if (!r.target_kib || r.target_kib > r.config.max_memory_kib) r.target_kib = r.config.max_memory_kib;
  r.config.memory_kib = r.target_kib;
  r.present = static_cast<u64*>(heap_alloc(div_up(r.info.gfn_end, 64) * sizeof(u64)));
  r.contexts = static_cast<vcpu_guest_context_t*>(heap_alloc(r.info.vcpus * sizeof(vcpu_guest_context_t)));
  if (!r.present || !r.contexts)
    return restore_refused("dom0 has no memory to restore a domain", -XEN_ENOMEM, status);
  if (!make_room(r.config, status)) return false;
  r.build.config = &r.config;
  r.build.hides_mfns = model != XS_MODEL_DIRECT;
  if (long error = build_create(r.build)) return restore_refused(r.build.failed, error, status);
  if (!r.frames.begin(r.build.id, r.build.hides_mfns, r.info.gfn_end))
    return restore_refused("dom0 has no memory to restore a domain", -XEN_ENOMEM, status);
  xen_domctl op{};
  memcpy(op.u.setdomainhandle.handle, r.info.handle, sizeof r.info.handle);
  domctl(XEN_DOMCTL_setdomainhandle, r.build.id, op);
  return true;
}

void take_setting(Restoring& r, const stream::Setting& s) {
  u64 number;
  if (!strcmp(s.key, "name") && !*r.config.name)
    copy_string(r.config.name, sizeof r.config.name, s.value);
  else if (!strcmp(s.key, "target") && parse_number(s.value, number))
    r.target_kib = number;
  else if (!strcmp(s.key, "vif") || !strcmp(s.key, "disk"))
    r.devices.add(s.key, "%s", s.value);
}

// --- what else there is ---
bool take_vcpu(Restoring& r, u32 vcpu) {
  vcpu_guest_context_t& c = r.contexts[vcpu];
  if (r.reader.bytes_left() != sizeof c || !r.reader.read(&c, sizeof c)) return false;
  r.has_context |= 1ull << vcpu;
  return true;
}

// Numbers of the P2M's frames.
bool take_p2m(Restoring& r, const stream::P2mRange& range, Status& status) {
  u32 count = 0;
  u64 pfn;
  if (range.first || u64{range.last} + 1 != r.frames.end())
    return restore_refused("the stream has another P2M than the domain", -XEN_EINVAL, status);
  while (r.reader.next_frame(pfn)) r.frames.p2m()[count++] = pfn;
  return !r.reader.failed();
}

bool take(Restoring& r, const stream::Record& record, Status& status) {
  switch (record.content) {
    case stream::Content::info:
      r.info = record.info;
      return true;
    case stream::Content::configuration: {
      stream::Setting setting;
      while (r.reader.next_setting(setting)) take_setting(r, setting);
      return !r.devices.full || restore_refused("the domain has too many devices", -XEN_E2BIG, status);
    }
    case stream::Content::static_data_end:
      return begin_domain(r, status);
    case stream::Content::pages:
      return restore_pages(r, record.count, status);
    case stream::Content::state:
      r.state = record.state;
      return r.has_state = true;
    case stream::Content::shared_info:
      return r.has_shared = r.reader.read(r.shared_page, page_bytes);
    case stream::Content::vcpu:
      return take_vcpu(r, record.vcpu);
    case stream::Content::p2m_frames:
      return take_p2m(r, record.p2m, status);
    default:
      return true;
  }
}

// --- the end: what is the new domain's own ---
bool has_page(const Restoring& r, Pfn pfn) { return pfn < r.info.gfn_end && is_present(r, pfn); }

void fill_shared_info(Restoring& r, u64* page) {
  auto& shared = *reinterpret_cast<shared_info_t*>(page);
  // What the hypervisor tells of time is this machine's; VCPUs' records it writes when they run.
  const u32 seconds = shared.wc_sec, nanoseconds = shared.wc_nsec;
  memcpy(page, r.shared_page, page_bytes);
  shared.wc_sec = seconds, shared.wc_nsec = nanoseconds;
  memset(shared.evtchn_pending, 0, sizeof shared.evtchn_pending);
  memset(shared.evtchn_mask, 0xff, sizeof shared.evtchn_mask);
  arch_forget_shared_info(shared);
  for (auto& v : shared.vcpu_info)
    v.evtchn_upcall_pending = 0, v.evtchn_pending_sel = 0, v.evtchn_upcall_mask = 1;
}

void fill_start_info(Restoring& r, u64 shared_info, u64* page) {
  auto& s = *reinterpret_cast<start_info_t*>(page);
  s.shared_info = shared_info * page_bytes;
  s.store_mfn = r.build.store_number;
  s.store_evtchn = r.build.store_port;
  s.console.domU.mfn = r.build.console_number;
  s.console.domU.evtchn = r.build.console_port;
}

long write_shared_pages(Restoring& r) {
  if (r.frames.plain())
    if (long error = build_place_shared_info(r.build, r.state.shared_info_gfn)) return error;
  xen_domctl_getdomaininfo info;
  long error = domain_info(r.build.id, info);
  if (!error) error = build_ports(r.build);
  r.build.store_number = r.frames.machine(r.state.store_gfn);
  r.build.console_number = r.frames.machine(r.state.console_gfn);
  if (!error)
    error = with_frame(r.build.id, info.shared_info_frame, true,
                       [&](u64* page) { return fill_shared_info(r, page), 0; });
  const Mfn start_info = r.frames.machine(arch_start_info(r.contexts[0], r.shared));
  if (!error)
    error = with_frame(r.build.id, start_info, true,
                       [&](u64* page) { return fill_start_info(r, info.shared_info_frame, page), 0; });
  if (!error)
    error = with_frame(r.build.id, r.build.store_number, true,
                       [](u64* page) { return memset(page, 0, page_bytes), 0; });
  return error;
}

long set_contexts(Restoring& r) {
  for (u32 vcpu = 0; vcpu < r.info.vcpus; vcpu++) {
    if (!(r.has_context >> vcpu & 1)) continue;
    if (!r.frames.plain())
      if (long error = arch_context_in(r.frames, vcpu, r.contexts[vcpu])) return error;
    xen_domctl op{};
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &r.contexts[vcpu]);
    if (long error = domctl(XEN_DOMCTL_setvcpucontext, r.build.id, op)) return error;
  }
  return 0;
}

bool complete(Restoring& r, Status& status) {
  if (!r.has_state || !r.has_shared || !(r.has_context & 1) || !has_page(r, r.state.store_gfn) ||
      !has_page(r, r.state.console_gfn) || !has_page(r, arch_start_info(r.contexts[0], r.shared)))
    return restore_refused("the stream has no whole domain", -XEN_EINVAL, status);
  if (long error = write_shared_pages(r))
    return restore_refused("the domain's shared pages cannot be written", error, status);
  if (long error = r.frames.plain() ? 0 : arch_frames_in(r.frames))
    return restore_refused("the domain's page tables are not accepted", error, status);
  if (long error = set_contexts(r))
    return restore_refused("a VCPU's registers are not accepted", error, status);
  return true;
}

Domain* connect(Restoring& r, Status& status) {
  r.build.pages = r.pages;
  long error;
  Domain* const d = build_record(r.build, error);
  if (!d) restore_refused("the domain's shared pages or event channels cannot be connected", error, status);
  if (d) build_store_entries(*d, r.config);
  return d;
}

bool read_stream(Restoring& r, Status& status) {
  stream::Record record;
  bool ok = r.reader.open();
  while (ok && r.reader.next(record)) ok = take(r, record, status);
  if (status.error) return false;
  if (r.reader.complete() && ok) return complete(r, status);
  char text[160];
  stream::describe(r.reader.failure(), text, sizeof text);
  status.fail(r.reader.failure().code ? r.reader.failure().code : -XEN_EINVAL, "%s", text);
  return false;
}

void run(Restoring& r, Domain* d, Status& status) {
  const u32 id = d->id;
  for (u32 i = 0; i < r.devices.count && !status.error; i++)
    settings_attach(r.config.name, r.devices.list[i], status);
  if (status.error) {
    domain_destroy(d);
    return;
  }
  operator_print("domain %u %s: %lu pages", id, r.config.name, r.read);
  if (long error = domctl_simple(XEN_DOMCTL_unpausedomain, id))
    status.fail(error, "domain %u cannot be started", id);
}

void give_up(const Restoring& r) {
  if (!r.build.id) return;
  while (domctl_simple(XEN_DOMCTL_destroydomain, r.build.id) == -XEN_EAGAIN) thread_yield();
}

void restore(Restoring& r, Status& status) {
  Domain* const d = read_stream(r, status) ? connect(r, status) : nullptr;
  if (d)
    run(r, d, status);
  else
    give_up(r);
  heap_free(r.present);
  heap_free(r.contexts);
}

}  // namespace

void do_restore(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"name"};
  if (c.count < 2) return status.fail(-XEN_EINVAL, "usage: %s %s", restore_verb.name, restore_verb.usage);
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  Slice slice;
  if (long error = medium_open(c.words[1], false, slice))
    return status.fail(error, "%s cannot be read", c.words[1]);
  auto* const r = heap_new<Restoring>();
  if (!r) return status.fail(-XEN_ENOMEM, "dom0 has no memory to restore a domain");
  r->medium.slice = slice;
  if (c.value("name") && !copy_string(r->config.name, sizeof r->config.name, c.value("name")))
    status.fail(-XEN_EINVAL, "name is longer than %lu characters", sizeof r->config.name - 1);
  else
    restore(*r, status);
  r->~Restoring();
  heap_free(r);
}
