#include "guests/kernel/dom0/module_disk.h"

#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/archive.h"
#include "guests/lib/boot.h"
#include "guests/lib/string.h"

static long read_module(void* context, u64 first_sector, u32 count, void* to) {
  memcpy(to, static_cast<const u8*>(context) + first_sector * sector_bytes, u64{count} * sector_bytes);
  return 0;
}

void module_disk_use() {
  if (!boot_info->mod_start || !boot_info->mod_len) return;
  archive_use({read_module, nullptr, nullptr, reinterpret_cast<void*>(boot_info->mod_start),
               boot_info->mod_len / sector_bytes});
}
