// dom0's start of day on IA-64: memory contents, boot parameters, registers of VCPU 0.
//
//   gpa 0                                                                      pages << 12
//   | ... kernel at its physical addresses ... | initrd | firmware | memory map | start_info, boot parameters
//   | 2 of none |
//
// The last four frames are where a builder of Xen's puts them: console, xenstore (dom0 has neither),
// start_info, memory map.
#include <elf.h>

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/domain_firmware.h"
#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/dom0_build.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/vcpu.h"

namespace hv {

namespace {

struct Layout {
  Gfn initrd, firmware, memory_map, start_info, end;
  u64 initrd_pages;
};

vcpu_guest_context context;  // too large for the stack

struct Run {
  Gfn first, end;
};
/// The run of memory that begins with chunk `at`, which is moved behind it.
Run next_run(const Dom0& guest, unsigned& at) {
  const Dom0::Chunk* c = &guest.chunks[at];
  Run run = {c->pfn, c->pfn + (1ull << c->order)};
  while (++at < guest.chunk_count && guest.chunks[at].pfn == run.end)
    run.end += 1ull << guest.chunks[at].order;
  return run;
}

/// The highest end of a run with `pages` of room behind the kernel; 0: there is none.
Gfn top_of_memory(const Dom0& guest, u64 pages, Gfn kernel, Gfn kernel_end) {
  Gfn top = 0;
  for (unsigned at = 0; at < guest.chunk_count;) {
    const Run run = next_run(guest, at);
    const Gfn first = kernel_end > run.first && kernel < run.end ? kernel_end : run.first;
    if (first < run.end && run.end - first >= pages) top = run.end;
  }
  return top;
}

const char* place(const Dom0& guest, Layout& layout) {
  constexpr u64 kLast = 4;
  const u64 initrd_bytes = guest.initrd.end - guest.initrd.start;
  layout.initrd_pages = round_up(initrd_bytes, kPageSize) >> kPageShift;
  if (guest.image.entry == kNoAddress || guest.image.entry % 16 != 0 ||
      !guest.image.contains(guest.image.entry))
    return "its entry is no bundle of it";
  const Gfn kernel = guest.image.start >> kPageShift;
  const Gfn kernel_end = round_up(guest.image.end, kPageSize) >> kPageShift;
  for (Gfn gfn = kernel; gfn < kernel_end; gfn++)
    if (guest.mfn_of(gfn) == kInvalidMfn) return "it does not fit its memory";
  layout.end = top_of_memory(guest, layout.initrd_pages + kFirmwareFrames + kLast, kernel, kernel_end);
  if (layout.end == 0) return "its RAM disk does not fit its memory";
  layout.start_info = layout.end - 3;
  layout.memory_map = layout.end - kLast;
  layout.firmware = layout.memory_map - kFirmwareFrames;
  layout.initrd = layout.firmware - layout.initrd_pages;
  return nullptr;
}

void load(const Dom0& guest, const Layout& layout) {
  for (unsigned i = 0; i < guest.image.segment_count; i++) {
    const GuestImage::Segment& s = guest.image.segments[i];
    guest.write(s.start, guest.file + s.file_offset, s.file_bytes);
    guest.write(s.start + s.file_bytes, nullptr, s.memory_bytes - s.file_bytes);
  }
  guest.write(layout.initrd << kPageShift, phys_to_virt(guest.initrd.start),
              guest.initrd.end - guest.initrd.start);
  write_domain_firmware(static_cast<u8*>(frame_to_virt(guest.mfn_of(layout.firmware))),
                        static_cast<u8*>(frame_to_virt(guest.mfn_of(layout.firmware + 1))),
                        layout.firmware << kPageShift);
}

class MemoryMapWriter {
 public:
  MemoryMapWriter(const Dom0& guest, Gfn page) : guest_(guest), at_(page << kPageShift) {
    guest.write(at_, nullptr, kPageSize);
  }
  void add(u32 type, Gfn first, Gfn end) {
    if (first >= end) return;
    const EfiDescriptor d = {type, 0, first << kPageShift, 0, end - first, kWriteBack};
    guest_.write(at_ + bytes, &d, sizeof d);
    bytes += sizeof d;
  }
  u64 bytes = 0;

 private:
  static constexpr u64 kWriteBack = 8;
  const Dom0& guest_;
  Paddr at_;
};

u64 write_memory_map(const Dom0& guest, const Layout& layout) {
  constexpr u32 kRuntimeCode = 5, kRuntimeData = 6;
  MemoryMapWriter map(guest, layout.memory_map);
  const Gfn kernel = guest.image.start >> kPageShift,
            kernel_end = round_up(guest.image.end, kPageSize) >> kPageShift;
  const struct {
    u32 type;
    Gfn first, end;
  } used[] = {{kEfiLoaderCode, kernel, kernel_end},
              {kEfiLoaderData, layout.initrd, layout.firmware},
              {kRuntimeCode, layout.firmware, layout.firmware + 1},
              {kRuntimeData, layout.firmware + 1, layout.memory_map},
              {kEfiLoaderData, layout.memory_map, layout.end}};
  for (unsigned at = 0; at < guest.chunk_count;) {
    const Run run = next_run(guest, at);
    // What is used, in order of address: the kernel lies below or above the rest.
    Gfn gfn = run.first;
    for (unsigned turn = 0; turn < 2; turn++)
      for (unsigned i = 0; i < count_of(used); i++) {
        if ((i == 0) != (turn == (kernel < layout.initrd ? 0u : 1u)) || used[i].first < run.first ||
            used[i].end > run.end)
          continue;
        map.add(kEfiConventional, gfn, used[i].first);
        map.add(used[i].type, used[i].first, used[i].end);
        gfn = used[i].end;
      }
    map.add(kEfiConventional, gfn, run.end);
  }
  return map.bytes;
}

void write_start_info(const Dom0& guest, const Layout& layout) {
  const Paddr page = layout.start_info << kPageShift;
  static_assert(sizeof(start_info) + sizeof(BootParameters) + MAX_GUEST_CMDLINE <= kPageSize);
  guest.write(page, nullptr, kPageSize);
  auto* at = static_cast<u8*>(frame_to_virt(guest.mfn_of(layout.start_info)));
  auto& info = *reinterpret_cast<start_info*>(at);
  copy_string(info.magic, "xen-3.0-ia64", sizeof info.magic);
  info.nr_pages = guest.pages;
  info.shared_info = guest.shared_info_name << kPageShift;
  info.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
  info.mod_start = layout.initrd_pages != 0 ? layout.initrd << kPageShift : 0;
  info.mod_len = guest.initrd.end - guest.initrd.start;
  copy_string(reinterpret_cast<char*>(info.cmd_line), guest.cmdline, sizeof info.cmd_line);
  BootParameters parameters = {};
  parameters.command_line = page + offsetof(start_info, cmd_line);
  parameters.system_table = (layout.firmware << kPageShift) + kFirmwareSystemTable;
  parameters.memory_map = layout.memory_map << kPageShift;
  parameters.memory_map_bytes = write_memory_map(guest, layout);
  parameters.descriptor_bytes = sizeof(EfiDescriptor);
  parameters.descriptor_version = 1;
  parameters.initrd = info.mod_start;
  parameters.initrd_bytes = info.mod_len;
  memcpy(at + sizeof(start_info), &parameters, sizeof parameters);
  arch_shared_info& shared = guest.domain->shared->arch;
  shared.start_info_pfn = layout.start_info;
  shared.memmap_info_pfn = layout.memory_map;
  shared.memmap_info_num_pages = 1;
}

int set_registers(const Dom0& guest, const Layout& layout) {
  memset(&context, 0, sizeof context);
  context.flags = VGCF_online;
  context.ip = guest.image.entry;
  context.psr = kPsrBn;  // physical, collection and interrupts off
  context.r[28] = (layout.start_info << kPageShift) + sizeof(start_info);
  context.fpsr = HV_FPSR;
  for (u64& rr : context.rr) rr = u64{kPageShift} << 2;
  for (vcpu_info& info : guest.domain->shared->vcpu_info) info.evtchn_upcall_mask = 1;
  const int rc = arch_set_vcpu_context(guest.domain->vcpu[0], context);
  if (rc == 0) guest.domain->vcpu[0]->pause_flags &= ~u32{kVcpuDown};
  return rc;
}

}  // namespace

const KernelNotes arch_kernel_notes = KernelNotes::optional;
const bool arch_kernel_has_place = true;

const char* arch_dom0_start(Dom0& guest) {
  if (guest.image.machine != EM_IA_64) return "it is for another processor";
  Layout layout;
  if (const char* error = place(guest, layout)) return error;
  load(guest, layout);
  write_start_info(guest, layout);
  return set_registers(guest, layout) == 0 ? nullptr : "its initial registers are not valid";
}

}  // namespace hv
