// The kernel on the bare machine: one processor, no hypervisor.
#include "../cpu_ops.h"
#include "arch_cpu.h"
#include "clock.h"
#include "firmware.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/native/native.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"
#include "guests/lib/xen_abi.h"
#include "interrupts.h"
#include "loader_data.h"
#include "privileged.h"
#include "serial.h"

#include <xen/sched.h>

extern const MemoryModel model_native;
extern "C" void native_enter_user(TrapFrame* frame);

namespace {
// As the hypervisor does (docs/architecture.md, "Leaving").
constexpr u64 exit_port = 0xf4;
constexpr u32 exit_success = 0, exit_panic = 2;

// I/O ports as memory (SDM vol. 2 10.7); firmware has left in ar.k0 where.
volatile u32* port(u64 number) {
  return reinterpret_cast<volatile u32*>(DEVICE_BASE + read_port_space() +
                                         (number >> 2 << 12 | (number & 0xfff)));
}

void leave(unsigned reason) { *port(exit_port) = reason == SHUTDOWN_poweroff ? exit_success : exit_panic; }

void pin(u64 slot, u64 va) { insert_data_register(slot, va, (va - KERNEL_BASE) | PTE_MEMORY, GRANULE_SHIFT); }

void purge_all() {
  constexpr u64 pal_ptce_info = 6;
  FirmwareResult r = pal_call(pal_ptce_info);
  u64 outer = r.second >> 32, inner = r.second & 0xffffffff;
  u64 outer_stride = r.third >> 32, inner_stride = r.third & 0xffffffff;
  for (u64 address = r.first; outer--; address += outer_stride)
    for (u64 n = inner; n--; address += inner_stride) purge_entry(address);
  serialize();
}

void start() { cpu_ops = {native_enter_user, pin, purge_all}; }
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
bool is_masked(unsigned) { return !(read_psr() & PSR_I); }
// With PSR.i clear an interrupt ends the halt and stays pending.
void block(unsigned) {
  constexpr u64 pal_halt_light = 29;
  pal_call(pal_halt_light);
}
void yield() { arch_relax(); }
void kick(unsigned cpu) { panic("CPU %u is kicked, and there is only one", cpu); }
bool has_cpu(unsigned cpu) { return cpu == 0; }
bool bind_interrupt(u32 gsi, InterruptHandler handler, void* context) {
  return interrupt_route(gsi, true, handler, context);
}
}  // namespace

constexpr Platform platform_native = {
    start,           model,    use_memory, role,      command_line, start_services, time_ns,
    clock_set_alarm, open_cpu, dispatch,   is_masked, block,        yield,          kick,
    has_cpu,         nullptr,  nullptr,    nullptr,   nullptr,      bind_interrupt, nullptr};

extern "C" [[noreturn]] void native_main(u64 boot_parameters) {
  auto& boot = *physical<BootParameters>(boot_parameters);
  firmware_use(boot);
  if (u64 line = firmware_serial_line()) {
    serial_init(line);
    console_use(serial_write);
  }
  shutdown_use(leave);
  loader_data_read(boot);
  kernel_main(platform_native);
}
