#include "sim/platform/firmware/pvh_loader.h"
#include "sim/platform/firmware/start_info.h"

#include <cstring>

#include "sim/core/error.h"
#include "sim/platform/dram.h"

namespace xs::platform {
namespace {

constexpr u64 ebda = 0x9fc00, low_640k = 0xa0000, acpi_nvs = 0xd0000, bios = 0xf0000, one_mib = 0x100000;
constexpr u64 start_info_pa = 0xf1000;
constexpr u64 modlist_pa = 0xf1100;
constexpr u64 memmap_pa = 0xf2000;
constexpr u64 strings_pa = 0xf3000;
constexpr u64 strings_end = one_mib;
constexpr u64 max_modules = (memmap_pa - modlist_pa) / sizeof(hvm_modlist_entry);

struct Span {
  u64 base, size;
  bool overlaps(const Span& o) const { return base < o.base + o.size && o.base < base + size; }
};

[[noreturn]] void does_not_fit(const std::string& name, const std::string& why) {
  throw Error(name + ": " + why);
}

std::string hex(u64 value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

void put(const MemoryPort& memory, u64 pa, const void* data, u64 size) {
  if (size == 0) return;
  u8* at = ram_bytes(memory, pa, size);
  if (!at) throw Error("the machine has too little low memory for its boot information");
  std::memcpy(at, data, size);
}

// Strings go one after the other; the command lines share one area.
class StringArea {
 public:
  explicit StringArea(const MemoryPort& memory) : memory_(memory) {}
  u64 add(const std::string& owner, const std::string& text) {
    if (text.size() + 1 > strings_end - next_)
      does_not_fit(owner, "the command lines are too long for the boot information");
    const u64 at = next_;
    put(memory_, at, text.c_str(), text.size() + 1);
    next_ += text.size() + 1;
    return at;
  }

 private:
  const MemoryPort& memory_;
  u64 next_ = strings_pa;
};

void load_segments(const ElfImage& kernel, const MemoryPort& memory) {
  const Span firmware{acpi_nvs, one_mib - acpi_nvs};
  for (const ElfSegment& s : kernel.segments) {
    const Span span{s.paddr, s.memory_size};
    const std::string where = "segment " + hex(s.paddr) + " + " + hex(s.memory_size);
    u8* at = ram_bytes(memory, s.paddr, s.memory_size);
    if (!at) does_not_fit(kernel.name, where + " lies outside the machine's memory");
    if (span.overlaps(firmware)) does_not_fit(kernel.name, where + " overlaps memory that the firmware uses");
    if (s.file_size) std::memcpy(at, kernel.bytes.data() + s.file_offset, s.file_size);
    std::memset(at + s.file_size, 0, s.memory_size - s.file_size);
  }
}

/// Places modules top-down, so that module 0 ends up lowest.
std::vector<hvm_modlist_entry> load_modules(const PvhBoot& boot, const MemoryPort& memory,
                                            StringArea& strings) {
  if (boot.modules.size() > max_modules)
    does_not_fit(boot.kernel.name, "more than " + std::to_string(max_modules) + " modules");
  std::vector<hvm_modlist_entry> list(boot.modules.size());
  u64 top = memory.ram().front().size;
  for (size_t i = boot.modules.size(); i-- > 0;) {
    const PvhModule& m = boot.modules[i];
    const u64 size = (m.bytes.size() + frame_mask) & ~frame_mask;
    if (size > top - one_mib) does_not_fit(m.name, "does not fit into the machine's low memory");
    top -= size;
    for (const ElfSegment& s : boot.kernel.segments)
      if (Span{top, size}.overlaps({s.paddr, s.memory_size}))
        does_not_fit(m.name, "does not fit beside the kernel in the machine's low memory");
    put(memory, top, m.bytes.data(), m.bytes.size());
    list[i] = {top, m.bytes.size(), strings.add(m.name, m.cmdline), 0};
  }
  return list;
}

std::vector<hvm_memmap_table_entry> memory_map(const MemoryPort& memory) {
  std::vector<hvm_memmap_table_entry> map;
  auto add = [&map](u64 base, u64 size, u32 type) { map.push_back({base, size, type, 0}); };
  add(0, ebda, XEN_HVM_MEMMAP_TYPE_RAM);
  add(ebda, low_640k - ebda, XEN_HVM_MEMMAP_TYPE_RESERVED);
  add(acpi_nvs, bios - acpi_nvs, XEN_HVM_MEMMAP_TYPE_NVS);
  add(bios, one_mib - bios, XEN_HVM_MEMMAP_TYPE_RESERVED);
  add(one_mib, memory.ram().front().size - one_mib, XEN_HVM_MEMMAP_TYPE_RAM);
  for (const RamRange& r : memory.ram())
    if (r.base != 0) add(r.base, r.size, XEN_HVM_MEMMAP_TYPE_RAM);
  return map;
}

}  // namespace

PvhEntry load_pvh(const PvhBoot& boot, const MemoryPort& memory) {
  const ElfImage& kernel = boot.kernel;
  if (!kernel.phys32_entry) does_not_fit(kernel.name, "no XEN_ELFNOTE_PHYS32_ENTRY note: not a PVH kernel");
  bool entry_inside = false;
  for (const ElfSegment& s : kernel.segments) entry_inside |= *kernel.phys32_entry - s.paddr < s.memory_size;
  if (!entry_inside || *kernel.phys32_entry >> 32)
    does_not_fit(kernel.name,
                 "its PVH entry " + hex(*kernel.phys32_entry) + " is not in a loaded segment below 4 GiB");
  load_segments(kernel, memory);

  StringArea strings(memory);
  hvm_start_info info{};
  info.magic = XEN_HVM_START_MAGIC_VALUE;
  info.version = 1;
  info.cmdline_paddr = strings.add(kernel.name, boot.cmdline);
  const auto modules = load_modules(boot, memory, strings);
  info.nr_modules = static_cast<u32>(modules.size());
  info.modlist_paddr = modules.empty() ? 0 : modlist_pa;
  info.rsdp_paddr = rsdp_pa;
  const auto map = memory_map(memory);
  info.memmap_paddr = memmap_pa;
  info.memmap_entries = static_cast<u32>(map.size());
  put(memory, modlist_pa, modules.data(), modules.size() * sizeof modules[0]);
  put(memory, memmap_pa, map.data(), map.size() * sizeof map[0]);
  put(memory, start_info_pa, &info, sizeof info);
  return {static_cast<u32>(*kernel.phys32_entry), static_cast<u32>(start_info_pa)};
}

}  // namespace xs::platform
