// All that firmware hands to a kernel and does for it: boot parameters, the tables with their checksums, and
// every service of PAL, SAL and EFI, first in physical mode, then with translation on and firmware seen at
// addresses of its own, code and data in different regions. Both must answer the same, and what they answer
// is printed.
#include "guests/ia64/corner/corner.h"
#include "guests/ia64/lib/firmware.h"

using namespace bare;
using corner::check;

namespace {

enum Kind : u8 { pal, sal };
struct Call {
  Kind kind;
  const char* name;
  u64 number, a1, a2, a3;
};
constexpr Call calls[] = {
    {pal, "PAL_CACHE_FLUSH data", 1, 2, 1, 0},
    {pal, "PAL_CACHE_FLUSH, no such type", 1, 5, 0, 0},
    {pal, "PAL_CACHE_INFO level 0 instructions", 2, 0, 1, 0},
    {pal, "PAL_CACHE_INFO level 0 data", 2, 0, 2, 0},
    {pal, "PAL_CACHE_INFO level 1", 2, 1, 2, 0},
    {pal, "PAL_CACHE_INFO level 2", 2, 2, 2, 0},
    {pal, "PAL_CACHE_INFO level 2 instructions", 2, 2, 1, 0},
    {pal, "PAL_CACHE_INFO level 3", 2, 3, 2, 0},
    {pal, "PAL_CACHE_INIT", 3, ~u64{0}, 3, 0},
    {pal, "PAL_CACHE_SUMMARY", 4, 0, 0, 0},
    {pal, "PAL_MEM_ATTRIB", 5, 0, 0, 0},
    {pal, "PAL_PTCE_INFO", 6, 0, 0, 0},
    {pal, "PAL_VM_INFO instructions", 7, 0, 1, 0},
    {pal, "PAL_VM_INFO data", 7, 0, 2, 0},
    {pal, "PAL_VM_INFO level 1", 7, 1, 2, 0},
    {pal, "PAL_VM_SUMMARY", 8, 0, 0, 0},
    {pal, "PAL_BUS_GET_FEATURES", 9, 0, 0, 0},
    {pal, "PAL_BUS_SET_FEATURES", 10, 0, 0, 0},
    {pal, "PAL_DEBUG_INFO", 11, 0, 0, 0},
    {pal, "PAL_FIXED_ADDR", 12, 0, 0, 0},
    {pal, "PAL_FREQ_BASE", 13, 0, 0, 0},
    {pal, "PAL_FREQ_RATIOS", 14, 0, 0, 0},
    {pal, "PAL_PERF_MON_INFO, odd buffer", 15, 1, 0, 0},
    {pal, "PAL_PLATFORM_ADDR interrupt block", 16, 0, uncached | 0xfee00000, 0},
    {pal, "PAL_PLATFORM_ADDR ports", 16, 1, 0xffffc000000, 0},
    {pal, "PAL_PLATFORM_ADDR elsewhere", 16, 0, 0xfed00000, 0},
    {pal, "PAL_PROC_GET_FEATURES", 17, 0, 0, 0},
    {pal, "PAL_PROC_GET_FEATURES set 16", 17, 0, 16, 0},
    {pal, "PAL_PROC_SET_FEATURES", 18, 0, 0, 0},
    {pal, "PAL_RSE_INFO", 19, 0, 0, 0},
    {pal, "PAL_VERSION", 20, 0, 0, 0},
    {pal, "PAL_MC_CLEAR_LOG", 21, 0, 0, 0},
    {pal, "PAL_MC_DRAIN", 22, 0, 0, 0},
    {pal, "PAL_MC_EXPECTED on", 23, 1, 0, 0},
    {pal, "PAL_MC_EXPECTED off", 23, 0, 0, 0},
    {pal, "PAL_MC_DYNAMIC_STATE", 24, 0, 0, 0},
    {pal, "PAL_MC_ERROR_INFO", 25, 0, 0, 0},
    {pal, "PAL_MC_REGISTER_MEM", 27, 0x2000200, 4096, 0},
    {pal, "PAL_MC_REGISTER_MEM, odd", 27, 0x2000100, 4096, 0},
    {pal, "PAL_HALT", 28, 1, 0, 0},
    {pal, "PAL_COPY_INFO", 30, 0, 1, 1},
    {pal, "PAL_PMI_ENTRYPOINT", 32, 0x2000000, 0, 0},
    {pal, "PAL_VM_PAGE_SIZE", 34, 0, 0, 0},
    {pal, "PAL_CACHE_PROT_INFO", 38, 1, 2, 0},
    {pal, "PAL_CACHE_PROT_INFO level 1 instructions", 38, 1, 1, 0},
    {pal, "PAL_REGISTER_INFO application", 39, 0, 0, 0},
    {pal, "PAL_REGISTER_INFO application, harmless", 39, 1, 0, 0},
    {pal, "PAL_REGISTER_INFO control", 39, 2, 0, 0},
    {pal, "PAL_REGISTER_INFO control, harmless", 39, 3, 0, 0},
    {pal, "PAL_REGISTER_INFO 4", 39, 4, 0, 0},
    {pal, "PAL_PREFETCH_VISIBILITY", 41, 0, 0, 0},
    {pal, "PAL_LOGICAL_TO_PHYSICAL", 42, ~u64{0}, 0, 0},
    {pal, "PAL_LOGICAL_TO_PHYSICAL 1", 42, 1, 0, 0},
    {pal, "PAL_CACHE_SHARED_INFO", 43, 0, 1, 0},
    {pal, "PAL_VP_INFO", 50, 0, 0, 0},
    {pal, "PAL_COPY_PAL, little room", 256, 0x2000000, 100, 0},
    {pal, "PAL_HALT_INFO, odd buffer", 257, 1, 0, 0},
    {pal, "PAL_VP_ENV_INFO", 266, 0, 0, 0},
    {pal, "PAL_BRAND_INFO", 274, 0, 0, 0},
    {sal, "SAL_SET_VECTORS machine check", 0x01000000, 0, 0x100000, 0},
    {sal, "SAL_SET_VECTORS, no such vector", 0x01000000, 3, 0x100000, 0},
    {sal, "SAL_SET_VECTORS, no bundle", 0x01000000, 2, 0x100008, 0},
    {sal, "SAL_GET_STATE_INFO", 0x01000001, 0, 0, 0},
    {sal, "SAL_GET_STATE_INFO_SIZE", 0x01000002, 0, 0, 0},
    {sal, "SAL_CLEAR_STATE_INFO", 0x01000003, 0, 0, 0},
    {sal, "SAL_CLEAR_STATE_INFO, no such type", 0x01000003, 4, 0, 0},
    {sal, "SAL_MC_RENDEZ", 0x01000004, 0, 0, 0},
    {sal, "SAL_MC_SET_PARAMS", 0x01000005, 1, 1, 0xe8},
    {sal, "SAL_MC_SET_PARAMS, no such vector", 0x01000005, 1, 1, 3},
    {sal, "SAL_REGISTER_PHYSICAL_ADDR", 0x01000006, 0, 0x2000000, 0},
    {sal, "SAL_CACHE_FLUSH", 0x01000008, 3, 0, 0},
    {sal, "SAL_CACHE_INIT", 0x01000009, 0, 0, 0},
    {sal, "SAL_PCI_CONFIG_READ 4", 0x01000010, 0, 4, 0},
    {sal, "SAL_PCI_CONFIG_READ 2", 0x01000010, 2, 2, 0},
    {sal, "SAL_PCI_CONFIG_READ, odd", 0x01000010, 1, 2, 0},
    {sal, "SAL_PCI_CONFIG_WRITE", 0x01000011, 0, 4, 0},
    {sal, "SAL_FREQ_BASE platform", 0x01000012, 0, 0, 0},
    {sal, "SAL_FREQ_BASE interval timer", 0x01000012, 1, 0, 0},
    {sal, "SAL_PHYSICAL_ID_INFO", 0x01000013, 0, 0, 0},
    {sal, "SAL_UPDATE_PAL", 0x01000020, 0, 0, 0},
};
constexpr unsigned call_count = sizeof calls / sizeof calls[0];
Result answers[call_count];

/// Where firmware is called.
EntryPoints at;

u64 sum(u64 from, u64 size) {
  u8 total = 0;
  for (u64 i = 0; i < size; ++i) total = static_cast<u8>(total + read<u8>(from + i));
  return total;
}

u32 crc32(const EfiHeader& header) {
  u32 crc = ~0u;
  for (u64 i = 0; i < header.size; ++i) {
    crc ^= i - 16 < 4 ? 0 : reinterpret_cast<const u8*>(&header)[i];
    for (unsigned bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

bool is_sound(u64 acpi, const char* signature) {
  return acpi != 0 && memcmp(reinterpret_cast<const void*>(acpi), signature, 4) == 0 &&
         sum(acpi, read<u32>(acpi + 4)) == 0;
}

void memory_map() {
  constexpr u64 page = 4096;
  u64 end = 0;
  bool ascending = true;
  for (u64 n = 0; n < boot().memory_map_size / boot().descriptor_size; ++n) {
    const auto& d =
        *reinterpret_cast<const MemoryDescriptor*>(boot().memory_map + n * boot().descriptor_size);
    print("  memory ");
    put_decimal(d.type);
    print(" ", d.physical, " to ", d.physical + d.pages * page, " attribute ", d.attribute, "\n");
    ascending &= d.physical >= end && d.pages != 0;
    end = d.physical + d.pages * page;
  }
  check(ascending, "the memory map ascends without overlaps");
}

void print_module(const char* name, u64 from, u64 size) {
  print("  ", name, ": ");
  put_decimal(size);
  print(" bytes, sum ", sum(from, size), "\n");
}

void tables() {
  print("  command line: ", boot().command_line, "\n");
  print_module("initrd", boot().initrd, boot().initrd_size);
  print_module("domain", boot().domain, boot().domain_size);
  memory_map();
  const SystemTable& system = *boot().system_table;
  check(system.header.signature == 0x5453595320494249 && crc32(system.header) == system.header.crc32,
        "EFI system table");
  check(system.runtime->header.signature == 0x56524553544e5552 &&
            crc32(system.runtime->header) == system.runtime->header.crc32,
        "EFI runtime services");
  const u64 sst = find_table(sal_system_table), rsdp = find_table(acpi_20);
  check(sst != 0 && read<u32>(sst) == 0x5f545353 && sum(sst, read<u32>(sst + 4)) == 0, "SAL system table");
  check(rsdp != 0 && sum(rsdp, 20) == 0 && sum(rsdp, 36) == 0, "RSDP");
  check(is_sound(read<u64>(rsdp + 24), "XSDT"), "XSDT");
  const u64 fadt = find_acpi("FACP");
  check(is_sound(fadt, "FACP"), "FADT");
  check(is_sound(*reinterpret_cast<const u32*>(fadt + 40), "DSDT"), "DSDT");
  check(is_sound(find_acpi("APIC"), "APIC"), "MADT");
  const u64 serial = find_table(hcdp);
  check(is_sound(serial, "HCDP") && read<u32>(serial + 60) == 0xfea00000, "HCDP names the serial line");
  check(BARE_READ("ar.k0") == 0xffffc000000, "ar.k0 is where the I/O ports are");
}

Result make(const Call& c) {
  constexpr u64 first_stacked = 256;
  if (c.kind == sal) return function<SalProcedure>(at.sal_proc)(c.number, c.a1, c.a2, c.a3, 0, 0, 0, 0);
  return c.number < first_stacked ? pal_static(at.pal_proc, c.number, c.a1, c.a2, c.a3)
                                  : pal_stacked(at.pal_proc, c.number, c.a1, c.a2, c.a3);
}

void print_answer(const char* name, const Result& r) {
  print("  ", name, ": ");
  if (r.status < 0) print("-");
  put_decimal(r.status < 0 ? -r.status : r.status);
  if ((r.first | r.second | r.third) != 0) print(", ", r.first);
  if ((r.second | r.third) != 0) print(" ", r.second);
  if (r.third != 0) print(" ", r.third);
  print("\n");
}

void buffers() {
  static u64 words[16];
  pal_static(at.pal_proc, 15, reinterpret_cast<u64>(words), 0, 0);
  check(words[0] == 0xff && words[4] == 0xf0 && (words[1] | words[8] | words[12]) == 0,
        "PAL_PERF_MON_INFO's masks");
  pal_stacked(at.pal_proc, 257, reinterpret_cast<u64>(words), 0, 0);
  check(words[0] == (u64{3} << 60 | 0x10001) && words[1] == 0, "PAL_HALT_INFO's states");
}

/// Asleep until the timer; the interrupt stays pending, for PSR.i is clear.
void halts() {
  constexpr u64 halt_light = 29, timer_vector = 0xef, nap = 50000;
  BARE_WRITE("cr.itv", timer_vector);
  const u64 due = itc() + nap;
  BARE_WRITE("cr.itm", due);
  pal_static(at.pal_proc, halt_light, 0, 0, 0);
  check(itc() >= due && acknowledge() == timer_vector, "PAL_HALT_LIGHT sleeps until the timer");
  end_of_interrupt();
  BARE_WRITE("cr.itv", 1 << 16);
}

/// PAL in memory answers as PAL in the ROM does.
void copies() {
  constexpr u64 copy_pal = 256, cache_summary = 4, target = 0x3000000, room = 0x4000;
  const Result copied = pal_stacked(at.pal_proc, copy_pal, target, room, 0);
  check(copied == Result{}, "PAL_COPY_PAL");
  check(pal_static(target + copied.first, cache_summary, 0, 0, 0) ==
            pal_static(at.pal_proc, cache_summary, 0, 0, 0),
        "and the copy answers");
}

// EFI

struct Time {
  u16 year;
  u8 month, day, hour, minute, second, padding;
  u32 nanosecond;
  u16 zone, daylight;
};
using Generic = u64(u64, u64, u64, u64, u64);
u64 efi(Service service, u64 a1, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0) {
  return function<Generic>(*boot().system_table->runtime->service[service])(a1, a2, a3, a4, a5);
}
template <class T>
u64 place(T& object) {
  return reinterpret_cast<u64>(&object);
}

void print_time() {
  Time t{};
  check(efi(get_time, place(t), 0) == 0, "GetTime");
  print("  ");
  const u64 fields[] = {t.year, t.month, t.day, t.hour, t.minute, t.second};
  for (const u64 number : fields) {
    put_decimal(number);
    print(" ");
  }
  print("\n");
}

void efi_services() {
  constexpr u64 error = u64{1} << 63, invalid = error | 2, unsupported = error | 3,
                write_protected = error | 8, not_found = error | 14;
  Time t{2031, 12, 31, 23, 59, 59, 0, 0, 0, 0};
  u32 count = 0;
  u64 size = 0, guid[2] = {};
  u16 name[2] = {'a', 0};
  print_time();
  check(efi(set_time, place(t)) == 0, "SetTime");
  print_time();
  t.month = 2;
  check(efi(set_time, place(t)) == invalid, "SetTime refuses the 31st of February");
  check(efi(get_wakeup_time, 0) == unsupported && efi(set_wakeup_time, 0) == unsupported, "no wakeup time");
  check(efi(convert_pointer, 0, place(size)) == unsupported, "ConvertPointer outside its time");
  check(efi(get_variable, place(name), place(guid), 0, place(size)) == not_found, "GetVariable");
  check(efi(get_next_variable_name, place(size), place(name), place(guid)) == not_found,
        "GetNextVariableName");
  check(efi(set_variable, place(name), place(guid), 7, 2, place(name)) == write_protected, "SetVariable");
  check(efi(get_next_high_monotonic_count, place(count)) == 0 && count != 0, "GetNextHighMonotonicCount");
  print("  count ", count, "\n");
}

// Virtual mode: code seen in region 6, firmware's data in region 5.
constexpr u64 code_offset = u64{6} << 61, data_offset = u64{5} << 61;

void map_firmware() {
  constexpr unsigned rom_shift = 16, data_shift = 16;
  constexpr u64 rom = 0xff000000, data = 0xf0000;
  corner::insert_code(code_offset | rom, {.pa = rom, .ar = 1}, rom_shift);
  corner::insert_data(data_offset | data, {.pa = data}, data_shift);
}

u64 enter_virtual() {
  constexpr u64 runtime = u64{1} << 63, runtime_data = 6;
  for (u64 n = 0; n < boot().memory_map_size / boot().descriptor_size; ++n) {
    auto& d = *reinterpret_cast<MemoryDescriptor*>(boot().memory_map + n * boot().descriptor_size);
    if ((d.attribute & runtime) != 0)
      d.virtual_address = d.physical | (d.type == runtime_data ? data_offset : code_offset);
  }
  return efi(set_virtual_address_map, boot().memory_map_size, boot().descriptor_size,
             boot().descriptor_version, boot().memory_map);
}

}  // namespace

int main() {
  print("services\n");
  tables();
  at = entry_points();
  if (memcmp(boot().command_line, "refused", 8) == 0)
    function<SalProcedure>(at.sal_proc)(0x01000007, 0, 0, 0, 0, 0, 0, 0);
  print("physical\n");
  for (unsigned n = 0; n < call_count; ++n) print_answer(calls[n].name, answers[n] = make(calls[n]));
  buffers();
  copies();
  halts();
  efi_services();
  check(efi(set_virtual_address_map, 0, 40, 1, boot().memory_map) == (u64{1} << 63 | 14),
        "SetVirtualAddressMap refuses a map without firmware");
  check(enter_virtual() == 0, "SetVirtualAddressMap");
  check(crc32(boot().system_table->header) == boot().system_table->header.crc32,
        "EFI system table, converted");
  check((reinterpret_cast<u64>(boot().system_table->runtime) & ~data_offset) < 0x100000 &&
            reinterpret_cast<u64>(boot().system_table->runtime) >> 61 == 5,
        "its pointers are in firmware's data");

  corner::start("virtual");
  map_firmware();
  at.pal_proc |= code_offset;
  at.sal_proc.entry |= code_offset;
  at.sal_proc.gp |= data_offset;
  bool same = true;
  for (unsigned n = 0; n < call_count; ++n) {
    const Result now = make(calls[n]);
    if (now == answers[n]) continue;
    print_answer(calls[n].name, now);
    same = false;
  }
  check(same, "PAL and SAL answer as in physical mode");
  buffers();
  halts();
  efi_services();
  check(enter_virtual() == (u64{1} << 63 | 3), "SetVirtualAddressMap works once");
  check(corner::quiet(), "without an interruption");
  const int wrong = corner::report("services");
  if (wrong == 0 && memcmp(boot().command_line, "reset", 6) == 0) efi(reset_system, 0);
  if (wrong == 0) efi(reset_system, 2);
  return wrong;
}
