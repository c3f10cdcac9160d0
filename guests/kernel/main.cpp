#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"
#include "guests/lib/hypercall.h"
void guest_main() {
  print_line("hello");
  map_shared_info();
  shutdown(SHUTDOWN_poweroff);
}
#include "arch_trap.h"
void guest_trap(TrapFrame*) {}
