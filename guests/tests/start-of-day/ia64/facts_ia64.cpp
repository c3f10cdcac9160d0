#include "guests/tests/start-of-day/facts.h"

#include "boot_parameters.h"
#include "domain_boot.h"
#include "guest_physical.h"
#include "privileged.h"

extern "C" const u8 image_start[], image_end[];

namespace {
const u8* memory(u64 physical) { return static_cast<const u8*>(test_va(0)) + physical; }
// Tables have fields where no alignment helps.
template <typename T>
T read_at(u64 physical) {
  T value;
  memcpy(&value, memory(physical), sizeof value);
  return value;
}

EfiMemoryDescriptor descriptor(u64 n) {
  const BootParameters& boot = *domain_boot_parameters;
  return read_at<EfiMemoryDescriptor>(boot.memory_map + n * boot.descriptor_bytes);
}
u64 descriptors() {
  return domain_boot_parameters->memory_map_bytes / domain_boot_parameters->descriptor_bytes;
}

// Of the descriptor that an address lies in; 0: of none.
u32 type_of(u64 physical) {
  for (u64 n = 0; n < descriptors(); n++) {
    const EfiMemoryDescriptor d = descriptor(n);
    if (physical >= d.first_byte && physical - d.first_byte < d.pages * efi_page_bytes) return d.type;
  }
  return 0;
}

void check_parameters() {
  const BootParameters& boot = *domain_boot_parameters;
  test_equal("boot parameters behind start_info", static_cast<s64>(reinterpret_cast<u64>(&boot)),
             static_cast<s64>(reinterpret_cast<u64>(boot_info) + sizeof(start_info_t)));
  test_equal("size of a memory descriptor", static_cast<s64>(boot.descriptor_bytes),
             sizeof(EfiMemoryDescriptor));
  test_check(!strcmp(reinterpret_cast<const char*>(memory(boot.command_line)),
                     reinterpret_cast<const char*>(boot_info->cmd_line)),
             "two command lines");
  test_equal("initrd", static_cast<s64>(boot.initrd_bytes), static_cast<s64>(boot_info->mod_len));
}

void check_memory_map() {
  u64 pages = 0, overlaps = 0;
  for (u64 n = 0; n < descriptors(); n++) {
    const EfiMemoryDescriptor d = descriptor(n);
    pages += d.pages;
    for (u64 m = 0; m < n; m++) {
      const EfiMemoryDescriptor other = descriptor(m);
      overlaps += d.first_byte < other.first_byte + other.pages * efi_page_bytes &&
                  other.first_byte < d.first_byte + d.pages * efi_page_bytes;
    }
    test_check(d.attribute & efi_write_back, "memory that cannot be cached: 0x%lx", d.first_byte);
  }
  test_equal("pages in the memory map", static_cast<s64>(pages), static_cast<s64>(boot_info->nr_pages));
  test_equal("overlapping descriptors", static_cast<s64>(overlaps), 0);
  test_equal("what the image lies in", type_of(guest_physical(image_start)), efi_loader_code);
  test_equal("what the image's end lies in", type_of(guest_physical(image_end) - 1), efi_loader_code);
  test_equal("what start_info lies in", type_of(guest_physical(boot_info)), efi_loader_data);
  test_equal("what the firmware's tables lie in", type_of(domain_boot_parameters->system_table),
             efi_runtime_services_data);
  test_equal("what shared_info lies in", type_of(boot_info->shared_info), 0);
}

void check_clear_memory() {
  const Pfn first = div_up(guest_physical(image_end), page_bytes);
  unsigned wrong = 0;
  for (Pfn p = first; p < first + 64; p++)
    for (u64 at = 0; at < page_bytes; at += sizeof(u64)) wrong += read_at<u64>(p * page_bytes + at) != 0;
  test_equal("words behind the image that somebody has left", wrong, 0);
}

struct FirmwareResult {
  u64 status, values[3];
};
struct Descriptor {
  u64 code, gp;
};
FirmwareResult call(Descriptor procedure, u64 function, u64 argument) {
  procedure.code += KERNEL_BASE;
  u64 made = reinterpret_cast<u64>(&procedure);
  asm volatile("" : "+r"(made)::"memory");  // the compiler believes that descriptors never change
  return reinterpret_cast<FirmwareResult (*)(u64, u64)>(made)(function, argument);
}
// Its index is in r28 and its arguments in those that follow (SDM vol. 2 11.10.2).
FirmwareResult call_pal(u64 entry, u64 index) {
  register u64 r28 asm("r28") = index;
  register u64 r29 asm("r29") = 0;
  register u64 r8 asm("r8");
  register u64 r9 asm("r9");
  register u64 r10 asm("r10");
  register u64 r11 asm("r11");
  asm volatile("mov b6 = %[entry];; br.call.sptk.many b0 = b6;;"
               : "=r"(r8), "=r"(r9), "=r"(r10), "=r"(r11)
               : [entry] "r"(entry + KERNEL_BASE), "r"(r28), "r"(r29)
               : "b0", "b6", "ar.pfs", "r2", "memory");
  return {r8, {r9, r10, r11}};
}

void check_procedures(u64 entry_points) {
  constexpr u64 pal_in_it = 8, sal_in_it = 16, freq_base = 0x01000012, pal_vm_summary = 8, pal_absent = 255;
  const u64 pal = read_at<u64>(entry_points + pal_in_it);
  const Descriptor sal = read_at<Descriptor>(entry_points + sal_in_it);
  test_equal("what PAL lies in", type_of(pal), efi_runtime_services_code);
  test_equal("what SAL lies in", type_of(sal.code), efi_runtime_services_code);
  const FirmwareResult clock = call(sal, freq_base, 0);
  test_check(clock.status == 0 && clock.values[0] >= 1000000, "SAL_FREQ_BASE: %ld, %lu Hz",
             static_cast<s64>(clock.status), clock.values[0]);
  test_equal("SAL's function 0", static_cast<s64>(call(sal, 0, 0).status), -1);
  const FirmwareResult summary = call_pal(pal, pal_vm_summary);
  test_equal("PAL_VM_SUMMARY", static_cast<s64>(summary.status), 0);
  test_equal("data translation registers", static_cast<s64>(summary.values[0] >> 32 & 0xff), 7);
  test_equal("instruction translation registers", static_cast<s64>(summary.values[0] >> 40 & 0xff), 7);
  test_equal("bits of a region identifier", static_cast<s64>(summary.values[1] >> 8 & 0xff), 18);
  test_equal("a PAL procedure that is not there", static_cast<s64>(call_pal(pal, pal_absent).status), -1);
}

void check_firmware() {
  constexpr u64 efi_signature = 0x5453595320494249, count_in_it = 104, tables_in_it = 112,
                address_in_table = 16;
  constexpr u64 sal_guid = 0x11d32d88eb9d2d32, entries_in_sal = 96;
  const u64 efi = domain_boot_parameters->system_table;
  test_check(read_at<u64>(efi) == efi_signature, "no EFI system table");
  test_equal("configuration tables", static_cast<s64>(read_at<u64>(efi + count_in_it)), 1);
  const u64 table = read_at<u64>(efi + tables_in_it);
  test_check(read_at<u64>(table) == sal_guid, "the configuration table is not SAL's");
  const u64 sal = read_at<u64>(table + address_in_table);
  test_check(!strncmp(reinterpret_cast<const char*>(memory(sal)), "SST_", 4), "no SAL system table");
  u8 sum = 0;
  for (u32 n = 0; n < read_at<u32>(sal + 4); n++) sum = static_cast<u8>(sum + read_at<u8>(sal + n));
  test_equal("sum of the SAL system table", sum, 0);
  test_equal("its first entry", read_at<u8>(sal + entries_in_sal), 0);
  if (!read_at<u8>(sal + entries_in_sal)) check_procedures(sal + entries_in_sal);
}

u64 vendor() {
  register u64 r8 asm("r8") = 0;
  asm volatile("break %[get_cpuid];;" : "+r"(r8) : [get_cpuid] "i"(XEN_IA64_GET_CPUID));
  return r8;
}

void check_processor() {
  const auto& registers = *reinterpret_cast<const xen_ia64_privregs*>(XEN_IA64_XSI + XEN_IA64_PRIVREGS);
  const auto& shared = *reinterpret_cast<const shared_info_t*>(XEN_IA64_XSI);
  u64 rsc;
  asm volatile("mov %0 = ar.rsc" : "=r"(rsc));
  test_equal("level in ar.rsc", static_cast<s64>(rsc >> 2 & 3), 1);
  test_equal("level in PSR", static_cast<s64>(read_psr() >> PSR_CPL_SHIFT & 3), 0);
  test_equal("PSR.ic in the privileged registers", registers.psr_ic, 1);
  test_equal("the bank there", registers.banknum, 1);
  test_check(shared.vcpu_info[0].evtchn_upcall_mask == shared_info_page->vcpu_info[0].evtchn_upcall_mask,
             "shared_info at its two addresses differs");
  test_equal("start_info's frame in shared_info", static_cast<s64>(shared.arch.start_info_pfn),
             static_cast<s64>(test_frame(boot_info)));
  constexpr u64 xen_ia64 = 0x343661692f6e6558;  // "Xen/ia64"
  test_check(vendor() == xen_ia64, "the vendor of the processor is 0x%lx", vendor());
}
}  // namespace

bool arch_magic_good(const char* magic) { return !strcmp(magic, "xen-3.0-ia64"); }
bool arch_features_good(u32 features) { return features >> XENFEAT_highmem_assist & 1; }

void check_arch() {
  check_parameters();
  check_memory_map();
  check_clear_memory();
  check_firmware();
  check_processor();
}
