#include "arch_trap.h"
#include "guests/lib/boot.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"

namespace {
struct StubRow {
  u64 vector;
  u64 address;
};

void register_callback(u16 type, u16 flags, void (*entry)()) {
  callback_register_t op{type, flags, reinterpret_cast<u64>(entry)};
  long r = hypercall_callback_op(CALLBACKOP_register, &op);
  if (r) panic("callback type %u refused: %ld", type, r);
}
}  // namespace

extern "C" {
extern const StubRow trap_stub_table[], trap_stub_table_end[];
void event_callback();
void syscall_callback();
void failsafe_callback();
}

void arch_install_traps() {
  // Static: one table serves all VCPUs, and it would be a large object for a kernel stack.
  static trap_info_t table[33];
  unsigned n = 0;
  for (const StubRow* row = trap_stub_table; row < trap_stub_table_end; row++) {
    trap_info_t& t = table[n++];
    t.vector = static_cast<u8>(row->vector);
    bool software = row->vector == 3 || row->vector == 4 || row->vector == 32;  // int3, into, int 0x20: user may raise them
    t.flags = static_cast<u8>((software ? 3 : 0) | 4);                          // 4: upcalls are masked on entry
    t.cs = FLAT_KERNEL_CS;
    t.address = row->address;
  }
  table[n] = {};
  if (long r = arch_hypercall(__HYPERVISOR_set_trap_table, hypercall_arg(table))) panic("set_trap_table: %ld", r);
  register_callback(CALLBACKTYPE_event, 0, event_callback);
  register_callback(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, failsafe_callback);
  register_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, syscall_callback);
}

u64 arch_fault_address(unsigned vcpu) { return vcpu_info_of(vcpu).arch.cr2; }
