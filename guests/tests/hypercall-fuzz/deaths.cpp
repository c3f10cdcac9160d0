#include "guests/tests/hypercall-fuzz/deaths.h"

#include "guests/tests/hypercall-fuzz/arch.h"

void die(unsigned long how) {
  const Death& death = arch_deaths[how % arch_death_count];
  print_line("ending: %s", death.name);
  test_on_trap(nullptr);
  death.die();
  test_error("ending %lu did not end", how);
}
