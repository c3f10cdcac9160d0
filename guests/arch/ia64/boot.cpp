#include "guests/lib/boot.h"

#include "layout.h"

start_info_t* boot_info;
shared_info_t* shared_info_page;

// A guest physical address that nothing else has: region 7 shows it.
void map_shared_info() {
  shared_info_page = reinterpret_cast<shared_info_t*>(KERNEL_BASE + boot_info->shared_info);
}
