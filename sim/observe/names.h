// Names for numbers that appear in marks and frame entries: Xen's, as in the public headers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/types.h"

namespace xs::observe {

/// An operation as marks carry it: hypercall number << 32 | sub-operation (hypervisor/abi/observe.h).
/// "memory_op.populate_physmap"; unknown sub-operations keep their number: "memory_op.99".
std::string operation_name(u64 operation);
/// True when operation_name() answers `name` for some operation.
bool is_operation_name(std::string_view name);
/// Every name that operation_name() answers but those with a number in them, in the order of the ABI.
std::vector<std::string> operation_names();
/// "dom3", "xen", "free", "none"; anything else "owner 0x1234".
std::string owner_name(u32 owner);
/// "L1".."L4", "seg_desc", "writable", "shared", "p2m", "shadow", "none".
const char* frame_type_name(unsigned type);
/// "fill", "reflect", "drop", "drop page", "evict".
const char* shadow_event_name(unsigned event);
/// "paused", "running", "shutdown", "crashed", "dying", "dead".
const char* domain_state_name(unsigned state);
/// Of enum xs_port: "closed", "interdomain", "IPI", "VIRQ", "PIRQ".
const char* port_kind_name(unsigned kind);
/// Of enum xs_grant_use: "map", "unmap", "copy from", "copy to", "transfer".
const char* grant_use_name(unsigned use);
/// "direct", "translated", "identity", "dom0_pmt", "nested", "exposed".
const char* memory_model_name(unsigned model);
/// "poweroff", "reboot", "suspend", "crash", "watchdog", "soft_reset" (xen/sched.h SHUTDOWN_*).
const char* shutdown_reason_name(unsigned reason);
/// x86_64: "#PF" for 14; "vector 0x40" above 31. ia64: "break instruction" for 0x2c00.
std::string vector_name(std::string_view architecture, u64 vector);
/// "memory ready", "all CPUs up", "dom0 entered".
const char* boot_step_name(unsigned step);

}  // namespace xs::observe
