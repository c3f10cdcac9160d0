#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/moving/frames.h"
#include "guests/kernel/dom0/moving/medium.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/moving/settings.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned map_batch = 32;
constexpr u32 xen_major = 4, xen_minor = 17;  // whose ABI the hypervisor speaks

struct Saving {
  explicit Saving(const Domain& d) : id(d.id), writer(medium, arch_stream_type(d.model)) {}
  bool plain() const { return frames.plain(); }

  u32 id;
  MediumWriter medium;
  stream::Writer writer;
  Settings settings;
  xen_domctl_getdomaininfo info;
  vcpu_guest_context_t context;
  MovedFrames frames;
  union {
    shared_info_t shared;
    u8 shared_page[page_bytes];
  };
  u64 page[page_bytes / sizeof(u64)];
  u64 entries[stream::batch_most], numbers[stream::batch_most];
  long error = 0;  // of the domain's side; the stream's own failure is the writer's
};

bool refuse(Saving& s, long error) {
  s.error = error;
  return false;
}

bool done(Saving& s, long error) { return !error || refuse(s, error); }

bool read_shared_info(Saving& s) {
  return done(s, with_frame(s.id, s.info.shared_info_frame, false, [&](const u64* page) {
                memcpy(s.shared_page, page, page_bytes);
                return 0;
              }));
}

// How far its numbers go is the toolstack's to say, or, where it has a P2M of its own, the domain's.
bool find_frames(Saving& s, const Domain& d) {
  const bool plain = d.model != XS_MODEL_DIRECT;
  const Pfn most = max_of(d.pages, d.max_pages), end = plain ? most : arch_end_of(s.shared);
  if (!end || end > most) return refuse(s, -XEN_EINVAL);
  if (!s.frames.begin(s.id, plain, end)) return refuse(s, -XEN_ENOMEM);
  return plain || done(s, arch_frames_of(s.frames, s.shared));
}

bool write_static_data(Saving& s, const Domain& d) {
  stream::DomainInfo info{};
  info.model = d.model;
  info.vcpus = d.vcpus;
  info.pages_most = d.max_pages;
  info.gfn_end = s.frames.end();
  memcpy(info.handle, s.info.handle, sizeof info.handle);
  if (!settings_of(d, s.settings)) return refuse(s, -XEN_E2BIG);
  return s.writer.open(xen_major, xen_minor) && (s.plain() || s.writer.pv_info()) && s.writer.info(info) &&
         s.writer.configuration(s.settings.list, s.settings.count) && s.writer.static_data_end();
}

// Those of [first, end) that are memory, as entries of a batch.
bool find_pages(Saving& s, Pfn first, Pfn end, u32& found) {
  u32 count = 0;
  for (Pfn pfn = first; pfn < end; pfn++)
    if (s.frames.machine(pfn) != invalid_frame)
      s.entries[count] = pfn, s.numbers[count++] = s.frames.machine(pfn);
  xen_domctl op{};
  op.u.getpageframeinfo3.num = count;
  set_xen_guest_handle(op.u.getpageframeinfo3.array, reinterpret_cast<xen_pfn_t*>(s.numbers));
  if (long error = domctl(XEN_DOMCTL_getpageframeinfo3, s.id, op)) return refuse(s, error);
  found = 0;
  for (u32 i = 0; i < count; i++) {
    const auto type = static_cast<stream::PageType>(s.numbers[i] >> XEN_DOMCTL_PFINFO_LTAB_SHIFT & 0xf);
    if (type != stream::PageType::absent) s.entries[found++] = stream::page_entry(s.entries[i], type);
  }
  return true;
}

// As the stream has it.
bool write_page(Saving& s, u64 entry, const u8* page) {
  const stream::PageType type = stream::entry_type(entry);
  if (s.plain() || !stream::is_page_table(type)) return s.writer.page(page);
  memcpy(s.page, page, page_bytes);
  return done(s, arch_page_out(s.frames, type, s.page)) && s.writer.page(s.page);
}

bool write_contents(Saving& s, u32 count) {
  for (u32 at = 0; at < count; at += map_batch) {
    const unsigned n = min_of(count - at, map_batch);
    Mfn numbers[map_batch];
    for (unsigned i = 0; i < n; i++) numbers[i] = s.frames.machine(stream::entry_pfn(s.entries[at + i]));
    long error;
    auto* const pages = static_cast<u8*>(model_map_foreign(s.id, numbers, n, false, error));
    if (!pages) return refuse(s, error);
    bool ok = true;
    for (unsigned i = 0; ok && i < n; i++) ok = write_page(s, s.entries[at + i], pages + i * page_bytes);
    model_unmap_window(pages, n);
    if (!ok) return false;
    thread_yield();
  }
  return true;
}

bool write_memory(Saving& s) {
  const Pfn end = s.frames.end();
  if (!s.plain() && !s.writer.p2m_frames({0, static_cast<u32>(end - 1)}, s.frames.p2m())) return false;
  for (Pfn first = 0; first < end; first += stream::batch_most) {
    u32 found;
    if (!find_pages(s, first, min_of(end, first + stream::batch_most), found)) return false;
    if (found && (!s.writer.pages(s.entries, found) || !write_contents(s, found))) return false;
  }
  return true;
}

bool write_vcpus(Saving& s, u32 vcpus) {
  for (u32 vcpu = 0; vcpu < vcpus; vcpu++) {
    xen_domctl op{};
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &s.context);
    const long error = domctl(XEN_DOMCTL_getvcpucontext, s.id, op);
    if (error && error != -XEN_ENODATA) return refuse(s, error);
    if (error || !(s.context.flags & VGCF_online)) continue;
    if (!s.plain() && !done(s, arch_context_out(s.frames, vcpu, s.context))) return false;
    if (!s.writer.vcpu(vcpu, &s.context, sizeof s.context)) return false;
  }
  return true;
}

bool write_state(Saving& s, const Domain& d) {
  stream::DomainState state{};
  state.shared_info_gfn = s.plain() ? s.info.shared_info_frame : stream::no_gfn;
  state.store_gfn = s.frames.guest(d.store_frame);
  state.console_gfn = s.frames.guest(d.console_frame);
  state.store_port = d.remote_store_port;
  state.console_port = d.remote_console_port;
  return s.writer.state(state) && s.writer.shared_info(s.shared_page) && write_vcpus(s, d.vcpus);
}

bool write_all(Saving& s, const Domain& d) {
  if (long error = domain_info(s.id, s.info)) return refuse(s, error);
  return read_shared_info(s) && find_frames(s, d) && write_static_data(s, d) && write_memory(s) &&
         write_state(s, d) && s.writer.end() && s.medium.finish();
}

void tell_failure(const Saving& s, Status& status) {
  if (s.medium.error == -XEN_ENOSPC)
    return status.fail(s.medium.error, "the disk is too small for domain %u", s.id);
  if (s.medium.error) return status.fail(s.medium.error, "the disk cannot be written");
  if (s.error) return status.fail(s.error, "domain %u cannot be read", s.id);
  char text[160];
  stream::describe(s.writer.failure(), text, sizeof text);
  status.fail(-XEN_EINVAL, "domain %u does not fit into a stream: %s", s.id, text);
}

// What a stream has no place for: devices, and what the domain holds of others for theirs.
bool has_others(u32 id) {
  static const char* const directories[] = {"backend", "devices"};
  for (const char* what : directories) {
    char path[48];
    format(path, sizeof path, "/local/domain/%u/%s", id, what);
    const StoreNode* const node = store_find(path);
    if (node && node->first_child) return true;
  }
  return false;
}

// All of it, while nothing of the domain runs. False: status says why.
bool write_out(Saving& s, Status& status) {
  const u32 id = s.id;
  long error = domctl_simple(XEN_DOMCTL_pausedomain, id);
  if (!error && !write_all(s, *domain_by_id(id))) tell_failure(s, status);
  if (error) return status.fail(error, "domain %u cannot be paused", id), false;
  domctl_simple(XEN_DOMCTL_unpausedomain, id);
  if (status.error) return false;
  operator_print("domain %u: %lu pages, %lu bytes", id, s.writer.totals().pages,
                 s.writer.totals().all_bytes());
  return true;
}

// `goes_on`: whatever comes of it. A domain that the operator had suspended stays so.
void save(Saving& s, bool goes_on, Status& status) {
  const u32 id = s.id;
  const long asked = domain_suspend(id);
  if (asked && asked != -XEN_EBUSY) return status.fail(asked, "domain %u does not suspend", id);
  const bool ends = write_out(s, status) && !goes_on;
  const long error = ends ? domain_destroy(domain_by_id(id)) : asked ? 0 : domain_resume(id);
  if (error && !status.error) status.fail(error, "domain %u is saved, but cannot be ended", id);
}

bool read_checkpoint(const CommandLine& c, bool& goes_on, Status& status) {
  const char* const text = c.value("checkpoint");
  goes_on = text && !strcmp(text, "1");
  if (text && !goes_on && strcmp(text, "0"))
    status.fail(-XEN_EINVAL, "checkpoint=%s is neither 0 nor 1", text);
  return !status.error;
}

Domain* find_saved(const CommandLine& c, Status& status) {
  Domain* const d = domain_find(c.words[1]);
  if (!d)
    status.fail(-XEN_ESRCH, "there is no domain %s", c.words[1]);
  else if (!arch_moves(d->model))
    status.fail(-XEN_EOPNOTSUPP, "domains of this memory model cannot be saved");
  else if (has_others(d->id))
    status.fail(-XEN_EBUSY, "domain %s has devices, or is others' backend", d->name);
  return status.error ? nullptr : d;
}
}  // namespace

void do_save(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"checkpoint"};
  if (c.count < 3) return status.fail(-XEN_EINVAL, "usage: %s %s", save_verb.name, save_verb.usage);
  if (const char* word = c.unknown_key(keys, count_of(keys), 3))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  bool goes_on;
  Slice slice;
  const Domain* const d = read_checkpoint(c, goes_on, status) ? find_saved(c, status) : nullptr;
  if (!d) return;
  if (long error = medium_open(c.words[2], true, slice))
    return status.fail(error, "%s cannot be written", c.words[2]);
  void* const block = domain_find(c.words[1]) == d ? heap_alloc(sizeof(Saving)) : nullptr;
  if (!block) return status.fail(-XEN_ENOMEM, "dom0 has no memory to save a domain");
  auto& s = *new (block) Saving(*d);
  s.medium.slice = slice;
  save(s, goes_on, status);
  s.~Saving();
  heap_free(block);
}
