#include "hypervisor/common/console.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

bool began;

}  // namespace

bool panicking() { return __atomic_load_n(&began, __ATOMIC_ACQUIRE); }

void panic(const char* format, ...) {
  if (__atomic_exchange_n(&began, true, __ATOMIC_ACQ_REL)) arch_stop();
  mark(XS_MARK_PANIC, 0);
  if (cpu_count > 1) arch_stop_others();
  console_force();
  char text[256];
  va_list args;
  va_start(args, format);
  format_text(text, sizeof(text), format, args);
  va_end(args);
  print("Panic on CPU %u: %s\n", this_cpu().id, text);
  arch_end_in_panic();
}

}  // namespace hv
