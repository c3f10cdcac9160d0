#include "hypervisor/common/dom0_build.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"

namespace hv {

namespace {
constexpr u64 kFramesLeft =
    (16ull << 20) >> kPageShift;  // by default the heap keeps this for other domains' needs
constexpr u64 kLeastFrames = (4ull << 20) >> kPageShift;

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

// Largest blocks first, so that pfn order and mfn order agree in long runs.
void allocate_memory(Dom0& guest) {
  MmGuard guard;
  u64 pfn = 0;
  unsigned order = kMaxHeapOrder;
  while (pfn < guest.pages) {
    while ((1ull << order) > guest.pages - pfn) order--;
    Mfn mfn;
    if (domain_alloc_frames(guest.domain, order, kAnyAddressBits, mfn) != 0) {
      if (order-- == 0) panic("dom0: out of memory after %lu of %lu frames", pfn, guest.pages);
      continue;
    }
    if (guest.chunk_count == Dom0::kMaxChunks) panic("dom0: memory is too fragmented");
    guest.chunks[guest.chunk_count++] = {pfn, mfn, order};
    guest.domain->mm.model->populate(guest.domain, pfn, mfn, order);
    pfn += 1ull << order;
  }
}

void make_domain(Dom0& guest, unsigned vcpus) {
  if (domain_create(0, XS_MODEL_DIRECT, vcpus, &guest.domain) != 0) panic("dom0: cannot create the domain");
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
  if (const char* error = elf_parse(build.file, memory.dom0_image.end - memory.dom0_image.start, build.image))
    panic("dom0 kernel: %s", error);
  build.initrd = memory.dom0_initrd;
  build.cmdline = memory.dom0_cmdline;
  make_domain(build, dom0_vcpus(memory.cmdline));
  build.pages = dom0_frames(memory.cmdline);
  if (build.pages < kLeastFrames) panic("dom0: %lu KiB of memory are too little", build.pages << 2);
  build.domain->mm.max_pages = build.pages;
  allocate_memory(build);
  if (const char* error = arch_dom0_start(build)) panic("dom0 kernel: %s", error);
  free_range(memory.dom0_image);
  free_range(memory.dom0_initrd);
  print("dom0: %lu MiB, %u VCPUs, entry %lx\n", build.pages >> 8, build.domain->max_vcpus, build.image.entry);
}

}  // namespace hv
