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

static unsigned fill_trap_table(trap_info_t* table) {
  unsigned n = 0;
  for (const StubRow* row = trap_stub_table; row < trap_stub_table_end; row++) {
    trap_info_t& t = table[n++];
    t.vector = static_cast<u8>(row->vector);
    bool software = row->vector == 3 || row->vector == 4 ||
                    row->vector == 32;                  // int3, into, int 0x20: user may raise them
    t.flags = static_cast<u8>((software ? 3 : 0) | 4);  // 4: upcalls are masked on entry
    t.cs = FLAT_KERNEL_CS;
    t.address = row->address;
  }
  return n;
}

void arch_install_traps() {
  static trap_info_t
      table[33];  // static: too large for a kernel stack; the last entry stays zero and ends the list
  fill_trap_table(table);
  if (long r = arch_hypercall(__HYPERVISOR_set_trap_table, hypercall_arg(table)))
    panic("set_trap_table: %ld", r);
  register_callback(CALLBACKTYPE_event, 0, event_callback);
  register_callback(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, failsafe_callback);
  register_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, syscall_callback);
}

// Here the table is indexed by vector, and the callbacks are plain fields.
void arch_describe_traps(vcpu_guest_context_t& context) {
  trap_info_t rows[33];
  unsigned n = fill_trap_table(rows);
  for (unsigned i = 0; i < n; i++) context.trap_ctxt[rows[i].vector] = rows[i];
  context.event_callback_eip = reinterpret_cast<u64>(event_callback);
  context.failsafe_callback_eip = reinterpret_cast<u64>(failsafe_callback);
  context.syscall_callback_eip = reinterpret_cast<u64>(syscall_callback);
  context.flags |= VGCF_failsafe_disables_events | VGCF_syscall_disables_events;
}

u64 arch_fault_address(unsigned vcpu) { return vcpu_info_of(vcpu).arch.cr2; }
