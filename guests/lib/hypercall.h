// Xen's hypercalls by name, one thin typed wrapper each. Results: 0 or a count, or a negative errno
// (lib/errno.h). Structures are those of Xen's public headers.
#pragma once
#include "guests/lib/xen_abi.h"  // first: the headers below use its types without including it

#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "arch_hypercall.h"
#include "guests/lib/types.h"

// What a pointer among the arguments is to the hypervisor.
inline u64 hypercall_arg(const volatile void* p) { return arch_hypercall_address(p); }

inline long hypercall_console_io(int op, int count, char* text) {
  return arch_hypercall(__HYPERVISOR_console_io, op, count, hypercall_arg(text));
}
inline long hypercall_sched_op(int op, void* arg) {
  return arch_hypercall(__HYPERVISOR_sched_op, op, hypercall_arg(arg));
}
// The third argument of a suspension: start_info's frame, by which a toolstack finds it.
inline long hypercall_suspend(u64 start_info) {
  sched_shutdown_t op{SHUTDOWN_suspend};
  return arch_hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, hypercall_arg(&op), start_info);
}
inline long hypercall_event_channel_op(int op, void* arg) {
  return arch_hypercall(__HYPERVISOR_event_channel_op, op, hypercall_arg(arg));
}
// `count` structures of the operation, side by side; each answers in its `status`.
inline long hypercall_grant_table_op(unsigned op, void* list, unsigned count) {
  return arch_hypercall(__HYPERVISOR_grant_table_op, op, hypercall_arg(list), count);
}
inline long hypercall_memory_op(unsigned op, void* arg) {
  return arch_hypercall(__HYPERVISOR_memory_op, op, hypercall_arg(arg));
}
inline long hypercall_xen_version(int op, void* arg) {
  return arch_hypercall(__HYPERVISOR_xen_version, op, hypercall_arg(arg));
}
inline long hypercall_set_timer(u64 deadline_ns) {
  return arch_hypercall(__HYPERVISOR_set_timer_op, deadline_ns);
}
inline long hypercall_vcpu_op(int op, unsigned vcpu, void* arg) {
  return arch_hypercall(__HYPERVISOR_vcpu_op, op, vcpu, hypercall_arg(arg));
}
inline long hypercall_physdev_op(int op, void* arg) {
  return arch_hypercall(__HYPERVISOR_physdev_op, op, hypercall_arg(arg));
}
inline long hypercall_multicall(multicall_entry_t* calls, unsigned count) {
  return arch_hypercall(__HYPERVISOR_multicall, hypercall_arg(calls), count);
}
inline long hypercall_domctl(void* op) { return arch_hypercall(__HYPERVISOR_domctl, hypercall_arg(op)); }
inline long hypercall_sysctl(void* op) { return arch_hypercall(__HYPERVISOR_sysctl, hypercall_arg(op)); }
inline long hypercall_callback_op(int op, void* arg) {
  return arch_hypercall(__HYPERVISOR_callback_op, op, hypercall_arg(arg));
}
