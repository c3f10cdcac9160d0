#include "guests/kernel/dom0/moving/sending.h"

#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned map_batch = 128;
constexpr u32 xen_major = 4, xen_minor = 17;  // whose ABI the hypervisor speaks
constexpr u64 no_page[page_bytes / sizeof(u64)] = {};
}  // namespace

bool PageSet::begin(Pfn end) {
  heap_free(bits_);
  end_ = end;
  bits_ = static_cast<u64*>(heap_alloc(div_up(end, 64) * sizeof(u64)));
  return bits_;
}

void PageSet::clear() { memset(bits_, 0, div_up(end_, 64) * sizeof(u64)); }

void PageSet::add_all() {
  for (Pfn pfn = 0; pfn < end_; pfn++) add(pfn);
}

void PageSet::add(const PageSet& other) {
  for (Pfn i = 0; i < div_up(end_, 64); i++) bits_[i] |= other.bits_[i];
}

u64 PageSet::count() const {
  u64 sum = 0;
  for (Pfn i = 0; i < div_up(end_, 64); i++)
    for (u64 left = bits_[i]; left; left &= left - 1) sum++;
  return sum;
}

Sending::Sending(const Domain& d, stream::Sink& sink)
    : id(d.id), writer(sink, arch_stream_type(d.model)), model_(d.model) {}

bool Sending::read_shared_info() {
  if (long e = domain_info(id, info_)) return refuse(e);
  const long e = with_frame(id, info_.shared_info_frame, false, [&](const u64* page) {
    memcpy(shared_page_, page, page_bytes);
    return 0;
  });
  return !e || refuse(e);
}

// How far its numbers go is the toolstack's to say, or, where it has a P2M of its own, the domain's.
bool Sending::begin() {
  const Domain& d = *domain_by_id(id);
  if (!read_shared_info()) return false;
  const Pfn most = max_of(d.pages, d.max_pages);
  end = model_ == XS_MODEL_DIRECT ? arch_end_of(shared_) : most;
  if (!end || end > most) return refuse(-XEN_EINVAL);
  return told_.begin(end) || refuse(-XEN_ENOMEM);
}

bool Sending::find_frames(bool runs) {
  const bool plain = model_ != XS_MODEL_DIRECT;
  if (!plain && !read_shared_info()) return false;
  if (!frames.begin(id, plain, end)) return refuse(-XEN_ENOMEM);
  const long e = plain ? 0 : arch_frames_of(frames, shared_, runs);
  return !e || refuse(e);
}

bool Sending::static_data() {
  const Domain& d = *domain_by_id(id);
  stream::DomainInfo info{};
  info.model = d.model;
  info.vcpus = d.vcpus;
  info.pages_most = d.max_pages;
  info.gfn_end = end;
  memcpy(info.handle, info_.handle, sizeof info.handle);
  if (!settings_of(d, settings_)) return refuse(-XEN_E2BIG);
  return writer.open(xen_major, xen_minor) && (model_ != XS_MODEL_DIRECT || writer.pv_info()) &&
         writer.info(info) && writer.configuration(settings_.list, settings_.count) &&
         writer.static_data_end();
}

bool Sending::p2m_frames() {
  return plain() || writer.p2m_frames({0, static_cast<u32>(end - 1)}, frames.p2m());
}

// As entries of a batch.
bool Sending::find_pages(const PageSet& set, Pfn first, u32& found) {
  found = 0;
  u32 asked = 0;
  const Pfn last = min_of(end, first + stream::batch_most);
  for (Pfn pfn = first; pfn < last; pfn++) {
    if (!set.has(pfn)) continue;
    entries_[asked] = pfn;
    numbers_[asked++] = frames.machine(pfn);
  }
  if (!asked) return true;
  xen_domctl op{};
  op.u.getpageframeinfo3.num = asked;
  set_xen_guest_handle(op.u.getpageframeinfo3.array, reinterpret_cast<xen_pfn_t*>(numbers_));
  if (long e = domctl(XEN_DOMCTL_getpageframeinfo3, id, op)) return refuse(e);
  for (u32 i = 0; i < asked; i++) {
    const Pfn pfn = entries_[i];
    const auto type = static_cast<stream::PageType>(numbers_[i] >> XEN_DOMCTL_PFINFO_LTAB_SHIFT & 0xf);
    const bool absent = type == stream::PageType::absent;
    if (absent && !told_.has(pfn)) continue;
    absent ? told_.remove(pfn) : told_.add(pfn);
    entries_[found++] = stream::page_entry(pfn, type);
  }
  return true;
}

// As the stream has it.
bool Sending::content(u64 entry, const u8* page, PageSet* later) {
  const stream::PageType type = stream::entry_type(entry);
  if (plain() || !stream::is_page_table(type)) return writer.page(page);
  memcpy(page_, page, page_bytes);
  const long e = arch_page_out(frames, type, page_);
  if (!e) return writer.page(page_);
  if (!later) return refuse(e);
  later->add(stream::entry_pfn(entry));
  return writer.page(no_page);
}

// One of them is gone since it was found.
bool Sending::contents_one_by_one(u32 at, u32 count, PageSet* later) {
  for (u32 i = at; i < at + count; i++) {
    if (!stream::has_contents(stream::entry_type(entries_[i]))) continue;
    const Pfn pfn = stream::entry_pfn(entries_[i]);
    const Mfn number = frames.machine(pfn);
    long e;
    void* const page = model_map_foreign(id, &number, 1, false, e);
    if (!page && !later) return refuse(e);
    if (!page) later->add(pfn);
    const bool ok = page ? content(entries_[i], static_cast<u8*>(page), later) : writer.page(no_page);
    if (page) model_unmap_window(page, 1);
    if (!ok) return false;
  }
  return true;
}

bool Sending::contents(u32 count, PageSet* later) {
  for (u32 at = 0; at < count;) {
    Mfn numbers[map_batch];
    u64 entries[map_batch];
    u32 n = 0, from = at;
    for (; at < count && n < map_batch; at++)
      if (stream::has_contents(stream::entry_type(entries_[at])))
        entries[n] = entries_[at], numbers[n++] = frames.machine(stream::entry_pfn(entries_[at]));
    if (!n) break;
    long e;
    const u8* const pages = window_.show(id, numbers, n, e);
    bool ok = pages || contents_one_by_one(from, at - from, later);
    for (u32 i = 0; pages && ok && i < n; i++) ok = content(entries[i], pages + i * page_bytes, later);
    if (!ok) return false;
    thread_yield();
  }
  return true;
}

bool Sending::pages(const PageSet& set, Pfn first, PageSet* later) {
  u32 found;
  if (!find_pages(set, first, found)) return false;
  return !found || (writer.pages(entries_, found) && contents(found, later));
}

bool Sending::vcpus(u32 count) {
  for (u32 vcpu = 0; vcpu < count; vcpu++) {
    xen_domctl op{};
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context_);
    const long e = domctl(XEN_DOMCTL_getvcpucontext, id, op);
    if (e && e != -XEN_ENODATA) return refuse(e);
    if (e || !(context_.flags & VGCF_online)) continue;
    if (!plain())
      if (const long wrong = arch_context_out(frames, vcpu, context_)) return refuse(wrong);
    if (!writer.vcpu(vcpu, &context_, sizeof context_)) return false;
  }
  return true;
}

bool Sending::state() {
  if (!read_shared_info()) return false;
  const Domain& d = *domain_by_id(id);
  stream::DomainState state{};
  state.shared_info_gfn = plain() ? info_.shared_info_frame : stream::no_gfn;
  state.store_gfn = frames.guest(d.store_frame);
  state.console_gfn = frames.guest(d.console_frame);
  state.store_port = d.remote_store_port;
  state.console_port = d.remote_console_port;
  return writer.state(state) && writer.shared_info(shared_page_) && vcpus(d.vcpus);
}

void Sending::tell_failure(Status& status) const {
  if (error) return status.fail(error, "domain %u cannot be read", id);
  char text[160];
  stream::describe(writer.failure(), text, sizeof text);
  status.fail(-XEN_EINVAL, "domain %u does not fit into a stream: %s", id, text);
}

namespace {
// What a stream has no place for: devices that the domain has, and what it holds of others for theirs.
bool domain_serves_others(u32 id) {
  static const char* const directories[] = {"backend", "devices"};
  for (const char* what : directories) {
    char path[48];
    format(path, sizeof path, "/local/domain/%u/%s", id, what);
    const StoreNode* const node = store_find(path);
    if (node && node->first_child) return true;
  }
  return false;
}
}  // namespace

Domain* find_movable(const char* name, Status& status) {
  Domain* const d = domain_find_unheld(name, status);
  if (!d) return nullptr;
  if (!arch_moves(d->model))
    status.fail(-XEN_EOPNOTSUPP, "domains of this memory model cannot be moved");
  else if (domain_serves_others(d->id))
    status.fail(-XEN_EBUSY, "domain %s has devices, or is others' backend", d->name);
  return status.error ? nullptr : d;
}

namespace {
bool somebody_leaves;
}

bool sending_begin(Status& status) {
  if (somebody_leaves) return status.fail(-XEN_EBUSY, "another domain is being saved or migrated"), false;
  return somebody_leaves = true;
}

void sending_end() { somebody_leaves = false; }
