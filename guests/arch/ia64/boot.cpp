#include "guests/lib/boot.h"

#include "domain_boot.h"
#include "layout.h"

start_info_t* boot_info;
shared_info_t* shared_info_page;
const BootParameters* domain_boot_parameters;

// A frame that the hypervisor has put among this domain's.
void map_shared_info() {
  shared_info_page = reinterpret_cast<shared_info_t*>(KERNEL_BASE + boot_info->shared_info);
}

void unmap_shared_info() {}

Pfn boot_info_frame() { return (reinterpret_cast<u64>(boot_info) - KERNEL_BASE) / 4096; }

// start_info is at the beginning of the page that has the boot parameters.
void domain_main(u64 boot_parameters) {
  constexpr u64 page_bytes = 4096;
  domain_boot_parameters = reinterpret_cast<const BootParameters*>(KERNEL_BASE + boot_parameters);
  boot_info = reinterpret_cast<start_info_t*>(KERNEL_BASE + align_down(boot_parameters, page_bytes));
  if (boot_info->mod_start) boot_info->mod_start += KERNEL_BASE;  // the portable kernel wants an address
  guest_main();
}
