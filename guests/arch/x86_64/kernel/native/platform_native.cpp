// The kernel on the bare machine (QEMU's microvm): one processor, no hypervisor.
#include "arch_cpu.h"
#include "arch_hypercall.h"
#include "clock.h"
#include "descriptors.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/native/native.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "guests/lib/xen_abi.h"
#include "instructions.h"
#include "interrupts.h"
#include "loader_data.h"
#include "serial.h"

#include <xen/sched.h>

extern const MemoryModel model_native;

namespace {
// As the hypervisor does (docs/architecture.md, "Leaving").
constexpr u16 exit_port = 0xf4;
constexpr u32 exit_success = 0, exit_panic = 2;
constexpr int breakpoint = 0xcc;

void leave(unsigned reason) {
  out32(exit_port, reason == SHUTDOWN_poweroff ? exit_success : exit_panic);
  asm volatile("cli; hlt");  // a machine without that port
}

const MemoryModel* model() { return &model_native; }

void use_memory() {
  interrupts_init();
  clock_init();
}

const char* role() { return "native"; }
const char* command_line() { return loader_data.command_line; }
void start_services() { native_start(serial_operator_port()); }

u64 time_ns(unsigned) { return clock_ns(); }
void open_cpu(unsigned) {}  // interrupts_init() did
void dispatch(unsigned) { interrupts_dispatch(); }
bool is_masked(unsigned) { return !(read_flags() & flag_if); }
void block(unsigned) { wait_for_interrupt(); }
void yield() { arch_relax(); }
void kick(unsigned cpu) { panic("CPU %u is kicked, and there is only one", cpu); }
bool has_cpu(unsigned cpu) { return cpu == 0; }
bool bind_interrupt(u32 gsi, InterruptHandler handler, void* context) {
  return interrupt_route(gsi, true, handler, context);
}
}  // namespace

constexpr Platform platform_native = {
    descriptors_init, model,    use_memory, role,      command_line, start_services, time_ns,
    clock_set_alarm,  open_cpu, dispatch,   is_masked, block,        yield,          kick,
    has_cpu,          nullptr,  nullptr,    nullptr,   nullptr,      bind_interrupt, nullptr};

extern "C" [[noreturn]] void native_main(u64 start_info) {
  serial_init();
  console_use(serial_write);
  shutdown_use(leave);
  memset(hypercall_page, breakpoint, page_bytes);  // a hypercall here would be a mistake: it shows as one
  loader_data_read(start_info);
  kernel_main(platform_native);
}
