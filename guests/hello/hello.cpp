// The first program a new machine runs. It proves the PVH hand-over (start_info, memory map, RSDP), the way
// into long mode, the serial line and the exit port: it prints one line computed from what the firmware
// reported and leaves with exit value 0. With "verbose" on its command line it also lists memory map and ACPI
// tables.
#include <stdint.h>

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/xen.h>

namespace {

constexpr uint16_t com1 = 0x3f8, exit_port = 0xf4;

void out8(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
void out32(uint16_t port, uint32_t value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
uint8_t in8(uint16_t port) {
  uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

void put(char c) {
  while (!(in8(com1 + 5) & 0x20)) {
  }
  out8(com1, static_cast<uint8_t>(c));
}
void put(const char* text) {
  while (*text) put(*text++);
}
void put_number(uint64_t value, unsigned base = 10) {
  char digits[24];
  unsigned n = 0;
  do digits[n++] = "0123456789abcdef"[value % base];
  while (value /= base);
  while (n) put(digits[--n]);
}

template <class T>
const T* at(uint64_t pa) {
  return reinterpret_cast<const T*>(pa);
}

// ACPI 6.4 section 5.2.6: every table starts with this header.
struct [[gnu::packed]] TableHeader {
  char signature[4];
  uint32_t length;
  uint8_t rest[28];
};
static_assert(sizeof(TableHeader) == 36);

struct [[gnu::packed]] Rsdp {
  char signature[8];
  uint8_t checksum;
  char oem[6];
  uint8_t revision;
  uint32_t rsdt;
  uint32_t length;
  uint64_t xsdt;
};

bool is(const char* a, const char* b) { return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]; }

uint8_t sum(uint64_t pa, uint32_t bytes) {
  uint8_t total = 0;
  while (bytes--) total = static_cast<uint8_t>(total + *at<uint8_t>(pa++));
  return total;
}

// MADT: entries of type 0 are processors; flag bit 0 says enabled (5.2.12.2).
unsigned count_processors(const TableHeader* madt) {
  const uint8_t* entry = reinterpret_cast<const uint8_t*>(madt) + 44;
  const uint8_t* end = reinterpret_cast<const uint8_t*>(madt) + madt->length;
  unsigned count = 0;
  for (; entry + 2 <= end && entry[1] >= 2; entry += entry[1])
    if (entry[0] == 0 && (entry[4] & 1)) ++count;
  return count;
}

unsigned processors(uint64_t rsdp_pa, bool verbose) {
  const Rsdp* rsdp = at<Rsdp>(rsdp_pa);
  const bool wide = rsdp->revision >= 2 && rsdp->xsdt;
  const uint64_t root = wide ? rsdp->xsdt : rsdp->rsdt;
  const unsigned step = wide ? 8 : 4;
  unsigned count = 0;
  for (uint32_t offset = sizeof(TableHeader); offset + step <= at<TableHeader>(root)->length;
       offset += step) {
    const uint64_t pa = wide ? *at<uint64_t>(root + offset) : *at<uint32_t>(root + offset);
    const TableHeader* table = at<TableHeader>(pa);
    if (is(table->signature, "APIC")) count = count_processors(table);
    if (!verbose) continue;
    put("acpi ");
    for (char c : table->signature) put(c);
    put(" at 0x");
    put_number(pa, 16);
    put(sum(pa, table->length) ? " bad checksum\n" : "\n");
  }
  return count;
}

uint64_t ram_mib(const hvm_start_info& info, bool verbose) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < info.memmap_entries; ++i) {
    const auto* e = at<hvm_memmap_table_entry>(info.memmap_paddr) + i;
    if (e->type == XEN_HVM_MEMMAP_TYPE_RAM) bytes += e->size;
    if (!verbose) continue;
    put("memory 0x");
    put_number(e->addr, 16);
    put(" + 0x");
    put_number(e->size, 16);
    put(" type ");
    put_number(e->type);
    put('\n');
  }
  return (bytes + 0xfffff) >> 20;  // firmware keeps some pages for itself
}

bool asks_for_verbose(const char* words) {
  for (; *words; ++words)
    if (words[0] == 'v' && words[1] == 'e' && words[2] == 'r' && words[3] == 'b') return true;
  return false;
}

bool in_long_mode() {
  uint32_t low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080u));
  return (low >> 10) & 1;  // EFER.LMA
}

}  // namespace

extern "C" void hello_main(uint64_t start_info_pa) {
  const auto& info = *at<hvm_start_info>(start_info_pa);
  if (info.magic != XEN_HVM_START_MAGIC_VALUE) {
    put("no PVH start info\n");
    out32(exit_port, 1);
  }
  const bool verbose = info.cmdline_paddr && asks_for_verbose(at<char>(info.cmdline_paddr));
  if (verbose) {
    put("start_info 0x");
    put_number(start_info_pa, 16);
    put(" rsdp 0x");
    put_number(info.rsdp_paddr, 16);
    put(" modules ");
    put_number(info.nr_modules);
    put('\n');
  }
  const uint64_t mib = ram_mib(info, verbose);
  const unsigned cpus = processors(info.rsdp_paddr, verbose);
  put(in_long_mode() ? "hello from long mode, " : "hello from protected mode, ");
  put_number(mib);
  put(" MiB, ");
  put_number(cpus);
  put(cpus == 1 ? " cpu\n" : " cpus\n");
  out32(exit_port, 0);
}
