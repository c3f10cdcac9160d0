#include "loader_data.h"

#include "boot_tables.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

#include <xen/arch-x86/hvm/start_info.h>

extern "C" const char image_start[], image_end[];

LoaderData loader_data;

namespace {
constexpr u64 mapped_bytes = 1ull << 30;

template <typename T>
const T* at(u64 address, u64 count = 1) {
  if (address >= mapped_bytes || count > (mapped_bytes - address) / sizeof(T))
    panic("the loader's data at %lx are out of reach", address);
  return reinterpret_cast<const T*>(boot_virt_base + address);
}

void read_memory_map(const hvm_start_info& info) {
  if (info.version < 1 || !info.memmap_entries) panic("the loader gives no memory map");
  auto* entry = at<hvm_memmap_table_entry>(info.memmap_paddr, info.memmap_entries);
  for (u32 i = 0; i < info.memmap_entries; i++)
    if (entry[i].type == XEN_HVM_MEMMAP_TYPE_RAM) ram_add(entry[i].addr, entry[i].addr + entry[i].size);
}
}  // namespace

void loader_data_read(u64 start_info) {
  auto& info = *at<hvm_start_info>(start_info);
  if (info.magic != XEN_HVM_START_MAGIC_VALUE) panic("no PVH start info at %lx", start_info);
  constexpr size_t room = sizeof loader_data.command_line;
  if (info.cmdline_paddr && !copy_string(loader_data.command_line, room, at<char>(info.cmdline_paddr)))
    panic("the command line is longer than %lu characters", room - 1);
  read_memory_map(info);
  ram_number(boot_va_frame(image_start), boot_va_frame(image_end));
}
