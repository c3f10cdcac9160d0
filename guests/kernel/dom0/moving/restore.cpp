#include "guests/kernel/dom0/autoballoon.h"
#include "guests/kernel/dom0/block_attach.h"
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/domain_builder.h"
#include "guests/kernel/dom0/moving/medium.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/network_attach.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned map_batch = 32;
constexpr u64 page_kib = page_bytes / KiB;

// The domain that a stream becomes. It is none's, and paused, until all of it is there.
struct Restoring {
  Restoring() : reader(medium) {}

  MediumReader medium;
  stream::Reader reader;
  DomainConfig config{};
  BuildState build{};
  stream::DomainInfo info{};
  stream::DomainState state{};
  Settings devices;
  u64* present = nullptr;  // a bit for each GFN that is memory
  u64 pages = 0, read = 0;
  bool has_state = false, has_shared = false, has_first = false;
  union {
    shared_info_t shared;
    u8 shared_page[page_bytes];
  };
  vcpu_guest_context_t context, first;
  Mfn frames[stream::batch_most];
};

// Why it cannot be, when that is not the stream's fault.
bool refuse(Restoring& r, const char* sentence, long error, Status& status) {
  status.fail(error, "%s", sentence);
  (void)r;
  return false;
}

bool is_present(const Restoring& r, Pfn gfn) { return r.present[gfn / 64] >> gfn % 64 & 1; }

// --- static data ---
bool begin_domain(Restoring& r, Status& status) {
  if (!r.info.pages_most) return refuse(r, "the stream does not say what the domain is", -XEN_EINVAL, status);
  if (domain_find(r.config.name)) {
    status.fail(-XEN_EEXIST, "domain %s exists already", r.config.name);
    return false;
  }
  const auto model = static_cast<xs_memory_model>(r.info.model);
  if (!arch_moves(model) || r.reader.domain().type != arch_stream_type(model))
    return refuse(r, "domains of that type cannot be restored here", -XEN_EOPNOTSUPP, status);
  r.config.model = model;
  r.config.vcpus = r.info.vcpus;
  r.config.max_memory_kib = r.info.pages_most * page_kib;
  if (!r.config.memory_kib || r.config.memory_kib > r.config.max_memory_kib)
    r.config.memory_kib = r.config.max_memory_kib;
  r.present = static_cast<u64*>(heap_alloc(div_up(r.info.gfn_end, 64) * sizeof(u64)));
  if (!r.present) return refuse(r, "dom0 has no memory to restore a domain", -XEN_ENOMEM, status);
  if (!make_room(r.config, status)) return false;
  r.build.config = &r.config;
  r.build.hides_mfns = true;
  if (long error = build_create(r.build)) return refuse(r, r.build.failed, error, status);
  xen_domctl op{};
  memcpy(op.u.setdomainhandle.handle, r.info.handle, sizeof r.info.handle);
  domctl(XEN_DOMCTL_setdomainhandle, r.build.id, op);
  return true;
}

void take_setting(Restoring& r, const stream::Setting& s) {
  u64 number;
  if (!strcmp(s.key, "name") && !*r.config.name)
    copy_string(r.config.name, sizeof r.config.name, s.value);
  else if (!strcmp(s.key, "memory") && parse_number(s.value, number))
    r.config.memory_kib = number * page_kib;
  else if (!strcmp(s.key, "vif") || !strcmp(s.key, "disk"))
    r.devices.add(s.key, "%s", s.value);
}

// --- memory ---
// 2 MiB at a time where a batch has them.
bool populate_extent(Restoring& r, Pfn first) {
  xen_pfn_t gfn = first;
  xen_memory_reservation request{};
  set_xen_guest_handle(request.extent_start, &gfn);
  request.nr_extents = 1;
  request.extent_order = model_extent_order;
  request.domid = static_cast<domid_t>(r.build.id);
  return hypercall_memory_op(XENMEM_populate_physmap, &request) == 1;
}

bool is_extent(const Restoring& r, u32 at, u32 count) {
  const Pfn first = r.frames[at];
  if (first % model_extent || count - at < model_extent) return false;
  for (u32 i = 0; i < model_extent; i++)
    if (r.frames[at + i] != first + i) return false;
  return true;
}

// r.frames[0, count) are GFNs without memory.
long populate(Restoring& r, u32 count) {
  for (u32 at = 0, n; at < count; at += n) {
    n = model_extent;
    if (is_extent(r, at, count) && populate_extent(r, r.frames[at])) continue;
    n = min_of(count - at, n);
    xen_memory_reservation request{};
    set_xen_guest_handle(request.extent_start, r.frames + at);
    request.nr_extents = n;
    request.domid = static_cast<domid_t>(r.build.id);
    const long done = hypercall_memory_op(XENMEM_populate_physmap, &request);
    if (done != n) return done < 0 ? done : -XEN_ENOMEM;
    thread_yield();
  }
  return 0;
}

bool populate_batch(Restoring& r, u32 count, Status& status) {
  u32 missing = 0;
  for (u32 i = 0; i < count; i++) {
    const Pfn gfn = stream::entry_pfn(r.reader.page(i));
    const stream::PageType type = stream::entry_type(r.reader.page(i));
    if (type == stream::PageType::absent || type == stream::PageType::broken || is_present(r, gfn)) continue;
    r.present[gfn / 64] |= 1ull << gfn % 64;
    r.frames[missing++] = gfn;
  }
  r.pages += missing;
  const long error = populate(r, missing);
  return error ? refuse(r, "not enough free memory", error, status) : true;
}

// The contents of up to map_batch pages, from entry `i` on, which goes on.
bool read_contents(Restoring& r, u32& i, u32 count, Status& status) {
  unsigned n = 0;
  for (; i < count && n < map_batch; i++)
    if (stream::has_contents(stream::entry_type(r.reader.page(i))))
      r.frames[n++] = stream::entry_pfn(r.reader.page(i));
  if (!n) return true;
  long error;
  auto* const pages = static_cast<u8*>(model_map_foreign(r.build.id, r.frames, n, true, error));
  if (!pages) return refuse(r, "the domain's memory cannot be mapped", error, status);
  bool ok = true;
  for (unsigned p = 0; ok && p < n; p++) ok = r.reader.read_page(pages + p * page_bytes);
  model_unmap_window(pages, n);
  r.read += n;
  thread_yield();
  return ok;
}

bool take_pages(Restoring& r, u32 count, Status& status) {
  if (!populate_batch(r, count, status)) return false;
  for (u32 i = 0; i < count;)
    if (!read_contents(r, i, count, status)) return false;
  return true;
}

// --- what else there is ---
bool take_vcpu(Restoring& r, u32 vcpu, Status& status) {
  if (r.reader.bytes_left() != sizeof r.context || !r.reader.read(&r.context, sizeof r.context)) return false;
  if (vcpu == 0) r.first = r.context, r.has_first = true;
  xen_domctl op{};
  op.u.vcpucontext.vcpu = vcpu;
  set_xen_guest_handle(op.u.vcpucontext.ctxt, &r.context);
  const long error = domctl(XEN_DOMCTL_setvcpucontext, r.build.id, op);
  return error ? refuse(r, "a VCPU's registers are not accepted", error, status) : true;
}

bool take(Restoring& r, const stream::Record& record, Status& status) {
  switch (record.content) {
    case stream::Content::info:
      r.info = record.info;
      return true;
    case stream::Content::configuration: {
      stream::Setting setting;
      while (r.reader.next_setting(setting)) take_setting(r, setting);
      return true;
    }
    case stream::Content::static_data_end:
      return begin_domain(r, status);
    case stream::Content::pages:
      return take_pages(r, record.count, status);
    case stream::Content::state:
      r.state = record.state;
      return r.has_state = true;
    case stream::Content::shared_info:
      return r.has_shared = r.reader.read(r.shared_page, page_bytes);
    case stream::Content::vcpu:
      return take_vcpu(r, record.vcpu, status);
    default:
      return true;
  }
}

// --- the end: what is the new domain's own ---
bool has_page(const Restoring& r, Pfn gfn) { return gfn < r.info.gfn_end && is_present(r, gfn); }

void fill_shared_info(void* context, u8* page) {
  auto& r = *static_cast<Restoring*>(context);
  auto& shared = *reinterpret_cast<shared_info_t*>(page);
  memcpy(page, r.shared_page, page_bytes);
  memset(shared.evtchn_pending, 0, sizeof shared.evtchn_pending);
  memset(shared.evtchn_mask, 0xff, sizeof shared.evtchn_mask);
  for (auto& v : shared.vcpu_info)
    v.evtchn_upcall_pending = 0, v.evtchn_pending_sel = 0, v.evtchn_upcall_mask = 1;
}

void fill_start_info(void* context, u8* page) {
  auto& r = *static_cast<Restoring*>(context);
  auto& s = *reinterpret_cast<start_info_t*>(page);
  s.shared_info = r.state.shared_info_gfn * page_bytes;
  s.store_mfn = r.state.store_gfn;
  s.store_evtchn = r.build.store_port;
  s.console.domU.mfn = r.state.console_gfn;
  s.console.domU.evtchn = r.build.console_port;
}

void fill_store(void*, u8* page) { memset(page, 0, page_bytes); }

long change_page(Restoring& r, Mfn frame, void (*change)(void*, u8*)) {
  long error;
  auto* const page = static_cast<u8*>(model_map_foreign(r.build.id, &frame, 1, true, error));
  if (!page) return error;
  change(&r, page);
  model_unmap_window(page, 1);
  return 0;
}

bool complete(Restoring& r, Status& status) {
  if (!r.has_state || !r.has_shared || !r.has_first || !has_page(r, r.state.store_gfn) ||
      !has_page(r, r.state.console_gfn) || !has_page(r, arch_start_info(r.first, r.shared)))
    return refuse(r, "the stream has no whole domain", -XEN_EINVAL, status);
  long error = build_place_shared_info(r.build, r.state.shared_info_gfn);
  if (!error) error = change_page(r, r.state.shared_info_gfn, fill_shared_info);
  if (!error) error = build_ports(r.build);
  if (!error) error = change_page(r, arch_start_info(r.first, r.shared), fill_start_info);
  if (!error) error = change_page(r, r.state.store_gfn, fill_store);
  return error ? refuse(r, "the domain's shared pages cannot be written", error, status) : true;
}

Domain* connect(Restoring& r, Status& status) {
  r.build.pages = r.pages;
  r.build.store_number = r.state.store_gfn;
  r.build.console_number = r.state.console_gfn;
  long error;
  Domain* const d = build_record(r.build, error);
  if (!d) refuse(r, "the domain's shared pages or event channels cannot be connected", error, status);
  if (d) build_store_entries(*d, r.config);
  return d;
}

void attach(const char* name, const char* setting, Status& status) {
  char line[320];
  const bool is_disk = !strncmp(setting, "disk=", 5);
  format(line, sizeof line, "%s %s %s", is_disk ? "block-attach" : "network-attach", name,
         strchr(setting, '=') + 1);
  CommandLine c;
  if (!c.parse(line, status)) return;
  if (is_disk)
    block_attach_verb.run(c, status);
  else
    do_network_attach(c, status);
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
  for (u32 i = 0; i < r.devices.count && !status.error; i++) attach(r.config.name, r.devices.list[i], status);
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
  if (c.value("name")) copy_string(r->config.name, sizeof r->config.name, c.value("name"));
  restore(*r, status);
  heap_free(r);
}
