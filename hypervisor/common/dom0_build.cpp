#include "hypervisor/common/dom0_build.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/print.h"

namespace hv {

namespace {
constexpr u64 kFramesLeft =
    (16ull << 20) >> kPageShift;  // by default the heap keeps this for other domains' needs
constexpr u64 kLeastFrames = (4ull << 20) >> kPageShift;
constexpr unsigned kIdentityOrder = 6;  // rings and bounce buffers of a few virtio devices
// GFNs from here on to 4 GiB name devices (PC memory map); a dom0 that uses GFNs has no memory there.
constexpr u64 kDeviceFrames = (3ull << 30) >> kPageShift;

Dom0 build;  // too large for the stack

// A size as Xen's command line writes it: no suffix means KiB.
u64 parse_size(const char* text) {
  const char* end = text;
  const u64 number = parse_number(text, &end);
  switch (*end) {
    case 'G':
    case 'g':
      return number << 30;
    case 'M':
    case 'm':
      return number << 20;
    case 'B':
    case 'b':
      return number;
    default:
      return number << 10;
  }
}

u64 dom0_frames(const char* cmdline) {
  const u64 most = heap_free_frames() - min_of(heap_free_frames(), kFramesLeft);
  char value[32];
  if (!cmdline_value(cmdline, "dom0_mem=", value, sizeof value)) return most;
  const u64 wanted = parse_size(value) >> kPageShift;
  if (wanted > most) print("dom0_mem=%s: only %lu MiB are free\n", value, most >> 8);
  return min_of(wanted, most);
}

unsigned dom0_vcpus(const char* cmdline) {
  char value[16];
  if (!cmdline_value(cmdline, "dom0_max_vcpus=", value, sizeof value)) return cpu_count;
  return static_cast<unsigned>(max_of<u64>(1, min_of<u64>(parse_number(value), kMaxVcpus)));
}

void add_chunk(Dom0& guest, Gfn pfn, Mfn mfn, unsigned order) {
  if (guest.chunk_count == Dom0::kMaxChunks) panic("dom0: memory is too fragmented");
  unsigned at = guest.chunk_count++;
  for (; at > 0 && guest.chunks[at - 1].pfn > pfn; at--) guest.chunks[at] = guest.chunks[at - 1];
  guest.chunks[at] = {pfn, mfn, order};
  if (guest.domain->mm.model->populate(guest.domain, pfn, mfn, order) != 0)
    panic("dom0: frames cannot be named");
}

// The largest free block from `at` on, up to `end`, becomes the domain's; 0: that frame is not free.
u64 take_at(Dom0& guest, Mfn at, Mfn end) {
  unsigned order = 0;
  while (order < kMaxHeapOrder && (at & ((2ull << order) - 1)) == 0 && at + (2ull << order) <= end) order++;
  while (!heap_alloc_at(at, order, guest.domain->id))
    if (order-- == 0) return 0;
  domain_own_frames(guest.domain, at, order);
  add_chunk(guest, at, at, order);
  return 1ull << order;
}

// Where a frame's name is its number the kernel lies where its file says. What it lays out by itself it has
// behind its image, so that the domain gets as much there as is free.
u64 allocate_kernel(Dom0& guest) {
  MmGuard guard;
  const Mfn first = guest.image.start >> kPageShift, end = round_up(guest.image.end, kPageSize) >> kPageShift;
  const Mfn last = max_of(end, first + guest.pages);
  Mfn at = first;
  for (u64 taken = 1; taken != 0 && at < last; at += taken) taken = take_at(guest, at, at < end ? end : last);
  if (at < end) panic("dom0: frame %lx is not free for its kernel", at);
  return at - first;
}

// Largest blocks first, so that pfn order and mfn order agree in long runs.
void allocate_memory(Dom0& guest) {
  const bool stay = guest.domain->mm.model->names_stay;
  u64 pfn = stay ? allocate_kernel(guest) : 0;
  MmGuard guard;
  unsigned order = kMaxHeapOrder;
  while (pfn < guest.pages) {
    while ((1ull << order) > guest.pages - pfn) order--;
    Mfn mfn;
    if (domain_alloc_frames(guest.domain, order, kAnyAddressBits, mfn) != 0) {
      if (order-- == 0) panic("dom0: out of memory after %lu of %lu frames", pfn, guest.pages);
      continue;
    }
    add_chunk(guest, stay ? mfn : pfn, mfn, order);
    pfn += 1ull << order;
  }
}

xs_memory_model dom0_model(const char* cmdline) {
  char value[16];
  xs_memory_model model = arch_memory_models[0]->id;
  if (cmdline_value(cmdline, "dom0_model=", value, sizeof value) && !memory_model_by_name(value, model))
    panic("dom0_model=%s: there is no such memory model here", value);
  return model;
}

// Frames whose numbers lie behind those of the domain's memory.
Mfn allocate_behind(const Dom0& guest, u32 owner) {
  constexpr unsigned kTries = 4096;
  static Mfn rejected[kTries];
  unsigned tries = 0;
  Mfn mfn = kInvalidMfn;
  for (; tries < kTries; tries++) {
    mfn = heap_alloc(kIdentityOrder, owner);
    if (mfn == kInvalidMfn || mfn >= guest.pages) break;
    rejected[tries] = mfn;
  }
  while (tries-- > 0) heap_free(rejected[tries], kIdentityOrder);
  if (mfn == kInvalidMfn || mfn < guest.pages)
    panic("dom0: no frames for devices behind its %lu", guest.pages);
  return mfn;
}

// A domain that knows no machine address but drives devices, for which nobody translates addresses, gets some
// frames whose GFN is their MFN.
void allocate_identity_frames(Dom0& guest) {
  MmGuard guard;
  const Mfn mfn = allocate_behind(guest, guest.domain->id);
  const Gfn gfn = planted(Bug::device_frames_elsewhere) ? allocate_behind(guest, XS_OWNER_XEN) : mfn;
  domain_own_frames(guest.domain, mfn, kIdentityOrder);
  if (guest.domain->mm.model->populate(guest.domain, gfn, mfn, kIdentityOrder) != 0)
    panic("dom0: no memory for its P2M");
  guest.domain->mm.identity_first = gfn;
  guest.domain->mm.identity_count = 1ull << kIdentityOrder;
}

// Behind the memory: a GFN that is no frame's of the domain.
void place_shared_info(Dom0& guest) {
  MmGuard guard;
  Domain* domain = guest.domain;
  const MemoryModel& model = *domain->mm.model;
  if (model.hides_mfns && model.map_shared(domain, guest.pages, domain->shared_mfn) != 0)
    panic("dom0: no place for shared_info");
  guest.shared_info_name = model.name_of(domain, domain->shared_mfn);
}

void make_domain(Dom0& guest, unsigned vcpus, xs_memory_model model) {
  if (domain_create(0, model, vcpus, &guest.domain) != 0) panic("dom0: cannot create the domain");
  guest.domain->privileged = true;
  dom0 = guest.domain;
  for (unsigned i = 0; i < vcpus; i++)
    if (vcpu_create(guest.domain, i) != 0) panic("dom0: cannot create VCPU %u", i);
}

// The module's frames are free memory now, but for parts of frames it shares with something else.
void free_range(const BootRange& range) {
  const Mfn end = range.end >> kPageShift;
  for (Mfn mfn = round_up(range.start, kPageSize) >> kPageShift; mfn < end; mfn++)
    if (frame_is_ram(mfn) && frame_owner(mfn) == XS_OWNER_XEN) heap_free(mfn, 0);
}
}  // namespace

Mfn Dom0::mfn_of(Gfn pfn) const {
  for (unsigned i = 0; i < chunk_count; i++)
    if (pfn - chunks[i].pfn < 1ull << chunks[i].order) return chunks[i].mfn + (pfn - chunks[i].pfn);
  return kInvalidMfn;
}

u64 Dom0::name_of(Gfn pfn) const { return domain->mm.model->name_of(domain, mfn_of(pfn)); }
Mfn Dom0::frame_of(u64 name) const { return domain->mm.model->frame_of(domain, name); }

void Dom0::write(Paddr at, const void* from, u64 bytes) const {
  auto* source = static_cast<const u8*>(from);
  while (bytes != 0) {
    const u64 offset = at & (kPageSize - 1), part = min_of(bytes, kPageSize - offset);
    auto* to = static_cast<u8*>(frame_to_virt(mfn_of(at >> kPageShift))) + offset;
    if (source != nullptr) {
      memcpy(to, source, part);
      source += part;
    } else {
      memset(to, 0, part);
    }
    at += part;
    bytes -= part;
  }
}

void dom0_build(const BootMemory& memory) {
  if (memory.dom0_image.end <= memory.dom0_image.start) panic("no dom0 kernel: the loader gave no module");
  build.file = static_cast<const u8*>(frame_to_virt(memory.dom0_image.start >> kPageShift)) +
               (memory.dom0_image.start & (kPageSize - 1));
  if (const char* error = elf_parse(build.file, memory.dom0_image.end - memory.dom0_image.start,
                                    arch_kernel_notes, build.image))
    panic("dom0 kernel: %s", error);
  build.initrd = memory.dom0_initrd;
  build.cmdline = memory.dom0_cmdline;
  make_domain(build, dom0_vcpus(memory.cmdline), dom0_model(memory.cmdline));
  build.pages = dom0_frames(memory.cmdline);
  if (build.pages < kLeastFrames) panic("dom0: %lu KiB of memory are too little", build.pages << 2);
  build.domain->mm.max_pages = build.pages;
  const MemoryModel& model = *build.domain->mm.model;
  char pmt[40];
  if (cmdline_value(memory.cmdline, "pmt=", pmt, sizeof pmt)) pmt_choose(pmt);
  if (model.hides_mfns && model.p2m_reader == P2mReader::nobody) {
    // The frames for devices are part of what was asked for.
    build.pages = min_of(build.pages, kDeviceFrames) - (1ull << kIdentityOrder);
    allocate_identity_frames(build);
  } else if (model.hides_mfns) {
    build.pages = min_of(build.pages, kDeviceFrames);
  }
  allocate_memory(build);
  place_shared_info(build);
  if (const char* error = arch_dom0_start(build)) panic("dom0 kernel: %s", error);
  free_range(memory.dom0_image);
  free_range(memory.dom0_initrd);
  print("dom0: %lu MiB, %u VCPUs, entry %lx\n", build.domain->mm.total_pages >> 8, build.domain->max_vcpus,
        build.image.entry);
}

}  // namespace hv
