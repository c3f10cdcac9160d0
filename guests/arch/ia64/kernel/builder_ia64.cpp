// The IA-64 half of the domain builder. There are no page tables: the first VCPU begins as on a bare machine,
// in physical mode, with boot parameters.
//
//   frame 0                                                                  pages
//   | … image at its physical addresses … | firmware (2) | memory map | start_info, boot parameters |
//   xenstore | console |
#include "boot_parameters.h"
#include "guests/kernel/dom0/domain_builder.h"
#include "guests/kernel/heap.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "layout.h"

const char* const arch_start_magic = "xen-3.0-ia64";
const xs_memory_model arch_domain_model = XS_MODEL_TRANSLATED;

namespace {
constexpr u64 firmware_frames = 2, frames_at_end = firmware_frames + 4;
constexpr u64 system_table_in_firmware = page_bytes;

void fill_memory_map(void* context, Pfn, u8* page) {
  auto& b = *static_cast<BuildState*>(context);
  const struct {
    u32 type;
    Pfn first, end;
  } used[] = {{efi_conventional_memory, 0, b.image_first},
              {efi_loader_code, b.image_first, b.image_end},
              {efi_conventional_memory, b.image_end, b.firmware},
              {efi_runtime_services_code, b.firmware, b.firmware + 1},
              {efi_runtime_services_data, b.firmware + 1, b.firmware + firmware_frames},
              {efi_loader_data, b.memory_map, b.pages}};
  static_assert(sizeof used / sizeof used[0] * sizeof(EfiMemoryDescriptor) <= page_bytes);
  auto* d = reinterpret_cast<EfiMemoryDescriptor*>(page);
  memset(page, 0, page_bytes);
  for (auto& u : used) *d++ = {u.type, u.first * page_bytes, 0, u.end - u.first, efi_write_back};
}

// Behind start_info, whose page the generic half has filled.
void fill_boot_parameters(void* context, Pfn pfn, u8* page) {
  auto& b = *static_cast<BuildState*>(context);
  BootParameters p{};
  p.command_line = pfn * page_bytes + offsetof(start_info_t, cmd_line);
  p.system_table = b.firmware * page_bytes + system_table_in_firmware;
  p.memory_map = b.memory_map * page_bytes;
  p.memory_map_bytes = 6 * sizeof(EfiMemoryDescriptor);
  p.descriptor_bytes = sizeof(EfiMemoryDescriptor);
  p.descriptor_version = 1;
  memcpy(page + sizeof(start_info_t), &p, sizeof p);
}
static_assert(sizeof(start_info_t) + sizeof(BootParameters) <= page_bytes);
}  // namespace

long arch_plan_layout(BuildState& b) {
  if (!b.hides_mfns)
    return build_failed(b, "the kernel image does not run in that memory model", -XEN_ENOEXEC);
  if (b.image_end + frames_at_end >= b.pages)
    return build_failed(b, "the memory is too small for the kernel image", -XEN_ENOMEM);
  b.console = b.pages - 1;
  b.store = b.pages - 2;
  b.start_info = b.pages - 3;
  b.memory_map = b.pages - 4;
  b.firmware = b.memory_map - firmware_frames;
  b.zero_first = b.image_first;
  b.zero_end = b.image_end;
  return 0;
}

long arch_allocate(BuildState&) { return 0; }  // no shadow of anything

void arch_start_info(const BuildState&, start_info_t&) {}
void arch_fill_shared_info(const BuildState& b, arch_shared_info& info) {
  info.start_info_pfn = b.start_info;
  info.memmap_info_pfn = b.memory_map;
  info.memmap_info_num_pages = 1;
}

long arch_build_boot_pages(BuildState& b) {
  auto fill_zero = [](void*, Pfn, u8* page) { memset(page, 0, page_bytes); };
  long error = build_fill(b, b.store, 2, fill_zero, nullptr);
  if (!error) error = build_fill(b, b.memory_map, 1, fill_memory_map, &b);
  if (!error) error = build_fill(b, b.start_info, 1, fill_boot_parameters, &b);
  if (error) return build_failed(b, "the boot pages cannot be written", error);
  xen_domctl op{};
  op.u.hypercall_init.gmfn = b.machine[b.firmware];
  error = domctl(XEN_DOMCTL_hypercall_init, b.id, op);
  return error ? build_failed(b, "the hypervisor gives no firmware", error) : 0;
}

long arch_start_state(BuildState& b) {
  auto* context = static_cast<vcpu_guest_context_t*>(heap_alloc(sizeof(vcpu_guest_context_t)));
  if (!context) return build_failed(b, "dom0 has no memory for the VCPU's registers", -XEN_ENOMEM);
  context->flags = VGCF_online;
  context->ip = b.elf.entry;
  context->psr = PSR_BN;
  context->r[28] = b.start_info * page_bytes + sizeof(start_info_t);
  context->fpsr = FPSR_DEFAULT;
  for (u64& rr : context->rr) rr = page_shift << 2;
  xen_domctl op{};
  set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
  long error = domctl(XEN_DOMCTL_setvcpucontext, b.id, op);
  heap_free(context);
  return error ? build_failed(b, "the VCPU's registers are not accepted", error) : 0;
}
