#include "guests/kernel/dom0/domain_builder.h"

#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"
#include "hypervisor/abi/memory_models.h"

namespace {
constexpr unsigned fill_batch = 32;
constexpr unsigned populate_batch = 512;
constexpr u32 largest_domain_id = DOMID_FIRST_RESERVED - 1;
constexpr u64 page_kib = page_bytes / KiB;

long fail(BuildState& b, const char* sentence, long error) { return build_failed(b, sentence, error); }

struct Range {
  u64 low, high;
};

bool extend_range(void* context, const ElfSegment& s) {
  auto& r = *static_cast<Range*>(context);
  r.low = min_of(r.low, s.pa);
  r.high = max_of(r.high, s.pa + s.memory_bytes);
  return s.pa + s.memory_bytes >= s.pa;
}

// Segments are placed by their physical address.
long plan_layout(BuildState& b) {
  Range image{~0ull, 0};
  b.notes = elf_xen_notes(b.elf);
  if (!elf_visit_segments(b.elf, extend_range, &image) || image.high <= image.low || image.high > 1ull << 40)
    return fail(b, "the kernel image has no loadable segment", -XEN_ENOEXEC);
  b.image_first = image.low / page_bytes;
  b.image_end = div_up(image.high, page_bytes);
  return arch_plan_layout(b);
}

}  // namespace

long build_create(BuildState& b) {
  xen_domctl op{};
  auto& c = op.u.createdomain;
  c.max_vcpus = b.config->vcpus;
  c.max_evtchn_port = event_ports_max - 1;
  c.max_grant_frames = -1;  // the hypervisor's default
  c.max_maptrack_frames = -1;
  c.grant_opts = XEN_DOMCTL_GRANT_version(1);
  XS_CREATEDOMAIN_MODEL(&c) = b.config->model;
  // Ids are given out here, upwards: a domain's id then names it for good in logs, whatever the hypervisor
  // would reuse.
  static u32 last_id;
  long error = -XEN_EEXIST;
  while (error == -XEN_EEXIST && last_id < largest_domain_id)
    error = domctl(XEN_DOMCTL_createdomain, ++last_id, op);
  if (error == -XEN_EOPNOTSUPP) return fail(b, "the memory model is not available", error);
  if (error) return fail(b, "the hypervisor refuses another domain", error);
  b.id = op.domain;
  op = {};
  op.u.max_vcpus.max = b.config->vcpus;
  if ((error = domctl(XEN_DOMCTL_max_vcpus, b.id, op)))
    return fail(b, "the VCPUs cannot be allocated", error);
  op = {};
  op.u.max_mem.max_memkb = b.config->max_memory_kib;
  if ((error = domctl(XEN_DOMCTL_max_mem, b.id, op))) return fail(b, "maxmem is refused", error);
  return arch_allocate(b);
}

namespace {
// 2 MiB in one piece, which the hypervisor may keep as one entry of its P2M. False: there is none, or nobody
// would profit.
bool populate_extent(BuildState& b, Pfn first) {
  if (!b.hides_mfns || b.pages - first < model_extent) return false;
  xen_pfn_t gfn = first;
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, &gfn);
  r.nr_extents = 1;
  r.extent_order = model_extent_order;
  r.domid = static_cast<domid_t>(b.id);
  return hypercall_memory_op(XENMEM_populate_physmap, &r) == 1;
}

// In: guest frame numbers; out: the machine frames that now back them, where the model shows them.
long populate(BuildState& b) {
  static_assert(populate_batch == model_extent);
  for (u64 at = 0; at < b.pages;) {
    u64 n = min_of<u64>(populate_batch, b.pages - at);
    for (u64 i = 0; i < n; i++) b.machine[at + i] = at + i;
    if (populate_extent(b, at)) {
      at += n;
      thread_yield();
      continue;
    }
    xen_memory_reservation r{};
    set_xen_guest_handle(r.extent_start, b.machine + at);
    r.nr_extents = n;
    r.domid = static_cast<domid_t>(b.id);
    long done = hypercall_memory_op(XENMEM_populate_physmap, &r);
    if (done < 0) return fail(b, "memory cannot be allocated", done);
    if (static_cast<u64>(done) < n) return fail(b, "not enough free memory", -XEN_ENOMEM);
    at += n;
    thread_yield();
  }
  return 0;
}

// Behind all memory that the domain may ever have.
long place_shared_info(BuildState& b) {
  if (!b.hides_mfns) return 0;
  return build_place_shared_info(b, max_of(b.pages, b.config->max_memory_kib / page_kib));
}

struct SegmentFill {
  BuildState* build;
  const ElfSegment* segment;
};

void fill_from_segment(void* context, Pfn pfn, u8* page) {
  auto& f = *static_cast<SegmentFill*>(context);
  ElfSegment by_pa = *f.segment;
  by_pa.va = by_pa.pa;
  elf_copy_part(by_pa, pfn * page_bytes, page_bytes, page);
}

bool load_segment(void* context, const ElfSegment& s) {
  auto& b = *static_cast<BuildState*>(context);
  SegmentFill f{&b, &s};
  Pfn first = s.pa / page_bytes;
  return !build_fill(b, first, div_up(s.pa + s.memory_bytes, page_bytes) - first, fill_from_segment, &f);
}

void fill_zero(void*, Pfn, u8* page) { memset(page, 0, page_bytes); }

long load_image(BuildState& b) {
  // Frames come with old contents from some hypervisors; a kernel counts on zero in its bss, and in the
  // shared pages.
  long error = build_fill(b, b.zero_first, b.zero_end - b.zero_first, fill_zero, nullptr);
  if (error || !elf_visit_segments(b.elf, load_segment, &b))
    return fail(b, "the domain's memory cannot be mapped", error ? error : -XEN_EFAULT);
  if (b.notes.hypercall_page == XenNotes::no_value) return 0;
  Pfn page = (b.notes.hypercall_page - b.notes.virt_base) / page_bytes;
  if (page >= b.image_end) return fail(b, "the hypercall page lies outside the image", -XEN_ENOEXEC);
  xen_domctl op{};
  op.u.hypercall_init.gmfn = b.machine[page];
  error = domctl(XEN_DOMCTL_hypercall_init, b.id, op);
  return error ? fail(b, "the hypercall page is refused", error) : 0;
}

}  // namespace

long build_ports(BuildState& b) {
  s64 store = event_alloc_unbound(b.id, 0), console = event_alloc_unbound(b.id, 0);
  if (store < 0 || console < 0)
    return fail(b, "no event channel for the domain", store < 0 ? store : console);
  b.store_port = static_cast<EventPort>(store);
  b.console_port = static_cast<EventPort>(console);
  return 0;
}

long build_place_shared_info(BuildState& b, Pfn place) {
  xen_add_to_physmap_t request{};
  request.domid = static_cast<domid_t>(b.id);
  request.space = XENMAPSPACE_shared_info;
  request.gpfn = place;
  long error = hypercall_memory_op(XENMEM_add_to_physmap, &request);
  return error ? fail(b, "the shared_info page cannot be placed", error) : 0;
}

namespace {
void fill_start_info(void* context, Pfn, u8* page) {
  auto& b = *static_cast<BuildState*>(context);
  auto& s = *reinterpret_cast<start_info_t*>(page);
  xen_domctl_getdomaininfo info;
  domain_info(b.id, info);
  copy_string(s.magic, sizeof s.magic, arch_start_magic);
  s.nr_pages = b.pages;
  s.shared_info = info.shared_info_frame * page_bytes;
  s.store_mfn = b.store_number = b.machine[b.store];
  s.store_evtchn = b.store_port;
  s.console.domU.mfn = b.console_number = b.machine[b.console];
  s.console.domU.evtchn = b.console_port;
  arch_start_info(b, s);
  copy_string(reinterpret_cast<char*>(s.cmd_line), sizeof s.cmd_line, b.config->extra);
}

long fill_boot_pages(BuildState& b) {
  long error = build_fill(b, b.start_info, 1, fill_start_info, &b);
  return error ? fail(b, "the boot pages cannot be written", error) : arch_build_boot_pages(b);
}

// Every VCPU starts with upcalls masked (start of day): nobody but the builder can have set that.
long fill_shared_info(BuildState& b) {
  xen_domctl_getdomaininfo info;
  long error = domain_info(b.id, info);
  Mfn frame = info.shared_info_frame;
  auto* shared =
      error ? nullptr : static_cast<shared_info_t*>(model_map_foreign(b.id, &frame, 1, true, error));
  if (!shared) return fail(b, "the shared_info page cannot be mapped", error);
  memset(shared, 0, sizeof *shared);
  for (auto& v : shared->vcpu_info) v.evtchn_upcall_mask = 1;
  arch_fill_shared_info(b, shared->arch);
  model_unmap_window(shared, 1);
  return 0;
}

long build_steps(BuildState& b) {
  long (*const steps[])(BuildState&) = {plan_layout,       build_create,    populate,
                                        place_shared_info, load_image,      fill_shared_info,
                                        build_ports,       fill_boot_pages, arch_start_state};
  for (auto step : steps)
    if (long error = step(b)) return error;
  return 0;
}

}  // namespace

void build_store_entries(const Domain& d, const DomainConfig& config) {
  char path[64], text[32];
  auto put = [&](const char* key, const char* value) {
    format(path, sizeof path, "/local/domain/%u/%s", d.id, key);
    store_write_text(path, value);
  };
  auto number = [&](u64 value) {
    format(text, sizeof text, "%lu", value);
    return static_cast<const char*>(text);
  };
  put("name", config.name);
  StorePerms own;
  own.owner = static_cast<u16>(d.id);
  format(path, sizeof path, "/local/domain/%u", d.id);
  store_set_perms(store_find(path), own);
  put("domid", number(d.id));
  put("memory/target", number(config.memory_kib));
  put("memory/static-max", number(config.max_memory_kib));
  put("control/shutdown", "");
}

Domain* build_record(const BuildState& b, long& error) {
  auto* d = heap_new<Domain>();
  error = -XEN_ENOMEM;
  if (!d) return nullptr;
  d->id = b.id;
  copy_string(d->name, sizeof d->name, b.config->name);
  d->pages = b.pages;
  d->max_pages = b.config->max_memory_kib / page_kib;
  d->vcpus = b.config->vcpus;
  d->model = b.config->model;
  d->store_frame = b.store_number;
  d->console_frame = b.console_number;
  d->remote_store_port = b.store_port;
  d->remote_console_port = b.console_port;
  error = domain_connect(d);
  if (!error) return d;
  domain_disconnect(d);
  return nullptr;
}

long build_fill(BuildState& b, Pfn first, u64 count, PageFiller fill, void* context) {
  if (first + count > b.pages || first + count < first) return -XEN_EINVAL;
  for (u64 at = 0; at < count; at += fill_batch) {
    auto n = static_cast<unsigned>(min_of<u64>(fill_batch, count - at));
    long error;
    auto* pages = static_cast<u8*>(model_map_foreign(b.id, b.machine + first + at, n, true, error));
    if (!pages) return error;
    for (unsigned i = 0; i < n; i++) fill(context, first + at + i, pages + i * page_bytes);
    model_unmap_window(pages, n);
    thread_yield();
  }
  return 0;
}

Domain* domain_build(const DomainConfig& config, const ElfImage& elf, long& error, const char*& sentence) {
  BuildState b{};
  b.config = &config;
  b.elf = elf;
  b.pages = config.memory_kib / page_kib;
  b.hides_mfns = config.model != XS_MODEL_DIRECT;
  b.machine = static_cast<Mfn*>(heap_alloc(b.pages * sizeof(Mfn)));
  error = -XEN_ENOMEM;
  sentence = "dom0 has no memory for the domain's frame list";
  if (!b.machine) return nullptr;
  error = build_steps(b);
  sentence = b.failed;
  Domain* d = nullptr;
  if (!error) {
    sentence = "the domain's shared pages or event channels cannot be connected";
    d = build_record(b, error);
  }
  heap_free(b.machine);
  if (d)
    build_store_entries(*d, config);
  else if (b.id)
    domctl_simple(XEN_DOMCTL_destroydomain, b.id);
  return d;
}
