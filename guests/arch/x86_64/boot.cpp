#include "guests/lib/boot.h"

#include "arch_cpu.h"
#include "boot_tables.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"

shared_info_t* shared_info_page;

// A page of the image gives up its own frame's mapping for the shared_info frame. It lies alone in
// .bss.pages.
alignas(page_bytes) [[gnu::section(".bss.pages")]] static u8 shared_info_window[page_bytes];

void map_shared_info() {
  u64 entry = (boot_info->shared_info & pte_frame_mask) | pte_kernel;
  long r = boot_map(shared_info_window, entry);
  if (r) panic("cannot map shared_info: %ld", r);
  shared_info_page = reinterpret_cast<shared_info_t*>(shared_info_window);
}

void unmap_shared_info() {
  if (guest_is_translated()) return;
  if (long r = boot_map(shared_info_window, 0)) panic("cannot unmap shared_info: %ld", r);
}

Pfn boot_info_frame() { return boot_va_frame(boot_info); }
