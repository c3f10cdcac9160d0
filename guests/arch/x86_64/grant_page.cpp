#include "boot_tables.h"
#include "guests/lib/grant.h"
#include "guests/lib/panic.h"

// The page's own frame loses its mapping there, as shared_info's place does.
void* arch_show_grant_page(void* place, u64 number) {
  return boot_map(place, make_pte(number, pte_kernel)) ? nullptr : place;
}

void arch_hide_grant_page(void* page) {
  if (long r = boot_map(page, 0)) panic("a page of the grant table cannot be hidden: %ld", r);
}
