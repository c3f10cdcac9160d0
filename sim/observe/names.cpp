#include "sim/observe/names.h"

#include "hypervisor/abi/grants.h"

#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/xen.h>

#include <fmt/format.h>

#include <charconv>

#include "hypervisor/abi/observe.h"
#include "sim/core/ia64_vectors.h"

namespace xs::observe {
namespace {

struct Named {
  u64 operation;
  const char* name;
};
constexpr u32 any_sub = ~u32{0};
constexpr u64 key(u64 hypercall, u32 sub) { return hypercall << 32 | sub; }

#define CALL(call) \
  { key(__HYPERVISOR_##call, any_sub), #call }
#define SUB(call, prefix, name) \
  { key(__HYPERVISOR_##call, prefix##name), #call "." #name }

// clang-format off
constexpr Named operations[] = {
    CALL(set_trap_table), CALL(mmu_update), CALL(set_gdt), CALL(stack_switch), CALL(set_callbacks),
    CALL(fpu_taskswitch), CALL(sched_op_compat), CALL(platform_op), CALL(set_debugreg), CALL(get_debugreg),
    CALL(update_descriptor), CALL(memory_op), CALL(multicall), CALL(update_va_mapping), CALL(set_timer_op),
    CALL(xen_version), CALL(console_io), CALL(grant_table_op), CALL(vm_assist),
    CALL(update_va_mapping_otherdomain), CALL(iret), CALL(vcpu_op), CALL(set_segment_base), CALL(mmuext_op),
    CALL(xsm_op), CALL(nmi_op), CALL(sched_op), CALL(callback_op), CALL(event_channel_op), CALL(physdev_op),
    CALL(hvm_op), CALL(sysctl), CALL(domctl), CALL(kexec_op), CALL(xenpmu_op), CALL(dm_op),

    SUB(memory_op, XENMEM_, increase_reservation), SUB(memory_op, XENMEM_, decrease_reservation),
    SUB(memory_op, XENMEM_, populate_physmap), SUB(memory_op, XENMEM_, exchange),
    SUB(memory_op, XENMEM_, maximum_ram_page), SUB(memory_op, XENMEM_, current_reservation),
    SUB(memory_op, XENMEM_, maximum_reservation), SUB(memory_op, XENMEM_, maximum_gpfn),
    SUB(memory_op, XENMEM_, machphys_mfn_list), SUB(memory_op, XENMEM_, machphys_mapping),
    SUB(memory_op, XENMEM_, add_to_physmap), SUB(memory_op, XENMEM_, add_to_physmap_batch),
    SUB(memory_op, XENMEM_, remove_from_physmap), SUB(memory_op, XENMEM_, reserved_device_memory_map), SUB(memory_op, XENMEM_, memory_map),
    SUB(memory_op, XENMEM_, machine_memory_map), SUB(memory_op, XENMEM_, set_memory_map),
    SUB(memory_op, XENMEM_, claim_pages), SUB(memory_op, XENMEM_, acquire_resource),
    SUB(memory_op, XENMEM_, get_sharing_freed_pages), SUB(memory_op, XENMEM_, get_sharing_shared_pages),

    SUB(mmu_update, MMU_, NORMAL_PT_UPDATE), SUB(mmu_update, MMU_, MACHPHYS_UPDATE),
    SUB(mmu_update, MMU_, PT_UPDATE_PRESERVE_AD), SUB(mmu_update, MMU_, PT_UPDATE_NO_TRANSLATE),
    SUB(mmuext_op, MMUEXT_, PIN_L1_TABLE), SUB(mmuext_op, MMUEXT_, PIN_L2_TABLE),
    SUB(mmuext_op, MMUEXT_, PIN_L3_TABLE), SUB(mmuext_op, MMUEXT_, PIN_L4_TABLE),
    SUB(mmuext_op, MMUEXT_, UNPIN_TABLE), SUB(mmuext_op, MMUEXT_, NEW_BASEPTR),
    SUB(mmuext_op, MMUEXT_, TLB_FLUSH_LOCAL), SUB(mmuext_op, MMUEXT_, INVLPG_LOCAL),
    SUB(mmuext_op, MMUEXT_, TLB_FLUSH_MULTI), SUB(mmuext_op, MMUEXT_, INVLPG_MULTI),
    SUB(mmuext_op, MMUEXT_, TLB_FLUSH_ALL), SUB(mmuext_op, MMUEXT_, INVLPG_ALL),
    SUB(mmuext_op, MMUEXT_, FLUSH_CACHE), SUB(mmuext_op, MMUEXT_, SET_LDT),
    SUB(mmuext_op, MMUEXT_, NEW_USER_BASEPTR), SUB(mmuext_op, MMUEXT_, CLEAR_PAGE),
    SUB(mmuext_op, MMUEXT_, COPY_PAGE), SUB(mmuext_op, MMUEXT_, FLUSH_CACHE_GLOBAL),

    SUB(event_channel_op, EVTCHNOP_, bind_interdomain), SUB(event_channel_op, EVTCHNOP_, bind_virq),
    SUB(event_channel_op, EVTCHNOP_, bind_pirq), SUB(event_channel_op, EVTCHNOP_, close),
    SUB(event_channel_op, EVTCHNOP_, send), SUB(event_channel_op, EVTCHNOP_, status),
    SUB(event_channel_op, EVTCHNOP_, alloc_unbound), SUB(event_channel_op, EVTCHNOP_, bind_ipi),
    SUB(event_channel_op, EVTCHNOP_, bind_vcpu), SUB(event_channel_op, EVTCHNOP_, unmask),
    SUB(event_channel_op, EVTCHNOP_, reset), SUB(event_channel_op, EVTCHNOP_, init_control),
    SUB(event_channel_op, EVTCHNOP_, expand_array), SUB(event_channel_op, EVTCHNOP_, set_priority),

    SUB(sched_op, SCHEDOP_, yield), SUB(sched_op, SCHEDOP_, block), SUB(sched_op, SCHEDOP_, shutdown),
    SUB(sched_op, SCHEDOP_, poll), SUB(sched_op, SCHEDOP_, remote_shutdown),
    SUB(sched_op, SCHEDOP_, shutdown_code), SUB(sched_op, SCHEDOP_, watchdog),
    SUB(sched_op, SCHEDOP_, pin_override),

    SUB(vcpu_op, VCPUOP_, initialise), SUB(vcpu_op, VCPUOP_, up), SUB(vcpu_op, VCPUOP_, down),
    SUB(vcpu_op, VCPUOP_, is_up), SUB(vcpu_op, VCPUOP_, get_runstate_info),
    SUB(vcpu_op, VCPUOP_, register_runstate_memory_area), SUB(vcpu_op, VCPUOP_, set_periodic_timer),
    SUB(vcpu_op, VCPUOP_, stop_periodic_timer), SUB(vcpu_op, VCPUOP_, set_singleshot_timer),
    SUB(vcpu_op, VCPUOP_, stop_singleshot_timer), SUB(vcpu_op, VCPUOP_, register_vcpu_info),
    SUB(vcpu_op, VCPUOP_, send_nmi), SUB(vcpu_op, VCPUOP_, get_physid),
    SUB(vcpu_op, VCPUOP_, register_vcpu_time_memory_area),

    SUB(xen_version, XENVER_, version), SUB(xen_version, XENVER_, extraversion),
    SUB(xen_version, XENVER_, compile_info), SUB(xen_version, XENVER_, capabilities),
    SUB(xen_version, XENVER_, changeset), SUB(xen_version, XENVER_, platform_parameters),
    SUB(xen_version, XENVER_, get_features), SUB(xen_version, XENVER_, pagesize),
    SUB(xen_version, XENVER_, guest_handle), SUB(xen_version, XENVER_, commandline),
    SUB(console_io, CONSOLEIO_, write), SUB(console_io, CONSOLEIO_, read),
    SUB(vm_assist, VMASST_CMD_, enable), SUB(vm_assist, VMASST_CMD_, disable),
    {key(__HYPERVISOR_callback_op, CALLBACKOP_register), "callback_op.register"},
    SUB(callback_op, CALLBACKOP_, unregister),

    SUB(grant_table_op, GNTTABOP_, map_grant_ref), SUB(grant_table_op, GNTTABOP_, unmap_grant_ref),
    SUB(grant_table_op, GNTTABOP_, setup_table), SUB(grant_table_op, GNTTABOP_, transfer),
    SUB(grant_table_op, GNTTABOP_, copy), SUB(grant_table_op, GNTTABOP_, query_size),
    SUB(grant_table_op, GNTTABOP_, set_version), SUB(grant_table_op, GNTTABOP_, get_version),
    SUB(grant_table_op, GNTTABOP_, unmap_and_replace),
    SUB(grant_table_op, XS_GNTTABOP_, donate), SUB(grant_table_op, XS_GNTTABOP_, exchange),

    SUB(domctl, XEN_DOMCTL_, createdomain), SUB(domctl, XEN_DOMCTL_, destroydomain),
    SUB(domctl, XEN_DOMCTL_, pausedomain), SUB(domctl, XEN_DOMCTL_, unpausedomain),
    SUB(domctl, XEN_DOMCTL_, getdomaininfo), SUB(domctl, XEN_DOMCTL_, setvcpuaffinity),
    SUB(domctl, XEN_DOMCTL_, shadow_op), SUB(domctl, XEN_DOMCTL_, max_mem),
    SUB(domctl, XEN_DOMCTL_, setvcpucontext), SUB(domctl, XEN_DOMCTL_, getvcpucontext),
    SUB(domctl, XEN_DOMCTL_, getvcpuinfo), SUB(domctl, XEN_DOMCTL_, max_vcpus),
    SUB(domctl, XEN_DOMCTL_, scheduler_op), SUB(domctl, XEN_DOMCTL_, hypercall_init),
    SUB(domctl, XEN_DOMCTL_, resumedomain), SUB(domctl, XEN_DOMCTL_, getpageframeinfo3),
    SUB(domctl, XEN_DOMCTL_, setdomainhandle), SUB(domctl, XEN_DOMCTL_, gdbsx_guestmemio),

    SUB(sysctl, XEN_SYSCTL_, readconsole), SUB(sysctl, XEN_SYSCTL_, physinfo),
    SUB(sysctl, XEN_SYSCTL_, sched_id), SUB(sysctl, XEN_SYSCTL_, getdomaininfolist),
    SUB(sysctl, XEN_SYSCTL_, debug_keys), SUB(sysctl, XEN_SYSCTL_, getcpuinfo),
    SUB(sysctl, XEN_SYSCTL_, availheap), SUB(sysctl, XEN_SYSCTL_, cputopoinfo),

    SUB(physdev_op, PHYSDEVOP_, eoi), SUB(physdev_op, PHYSDEVOP_, set_iopl),
    SUB(physdev_op, PHYSDEVOP_, set_iobitmap), SUB(physdev_op, PHYSDEVOP_, apic_read),
    SUB(physdev_op, PHYSDEVOP_, apic_write), SUB(physdev_op, PHYSDEVOP_, map_pirq), SUB(physdev_op, PHYSDEVOP_, setup_gsi),
    SUB(physdev_op, PHYSDEVOP_, alloc_irq_vector), SUB(physdev_op, PHYSDEVOP_, irq_status_query),
};
// clang-format on

const char* find_name(u64 operation) {
  for (const Named& n : operations)
    if (n.operation == operation) return n.name;
  return nullptr;
}

template <std::size_t N>
const char* pick(const char* const (&names)[N], unsigned index) {
  return index < N && names[index] != nullptr ? names[index] : "unknown";
}

}  // namespace

std::string operation_name(u64 operation) {
  const u64 call = operation >> 32;
  u32 sub = static_cast<u32>(operation);
  // memory_op's command carries the start extent above bit 5 (xen/memory.h MEMOP_EXTENT_SHIFT).
  if (call == __HYPERVISOR_memory_op) sub &= 0x3f;
  if (const char* exact = find_name(key(call, sub))) return exact;
  const char* base = find_name(key(call, any_sub));
  const std::string head = base ? std::string(base) : fmt::format("hypercall_{}", call);
  return sub == 0 ? head : fmt::format("{}.{}", head, sub);
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const Named& n : operations)
    // A call whose sub-operation 0 has a name of its own never goes by the bare name.
    if (operation_name(n.operation & ~u64{any_sub}) == n.name || static_cast<u32>(n.operation) != any_sub)
      names.emplace_back(n.name);
  return names;
}

bool is_operation_name(std::string_view name) {
  // "memory_op.99", "hypercall_45", "hypercall_45.3": what the table does not hold is named by its number.
  constexpr std::string_view unnamed = "hypercall_";
  const auto number = [](std::string_view digits, u64& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  const std::size_t dot = name.rfind('.');
  const std::string_view head = name.substr(0, dot);
  u64 call = 0, sub = 0;
  if (dot != std::string_view::npos && !number(name.substr(dot + 1), sub)) sub = any_sub;
  if (head.starts_with(unnamed)) {
    if (!number(head.substr(unnamed.size()), call)) return false;
    return sub < any_sub && operation_name(key(call, static_cast<u32>(sub))) == name;
  }
  for (const Named& n : operations) {
    if (static_cast<u32>(n.operation) != any_sub && name == n.name) return true;
    if (static_cast<u32>(n.operation) == any_sub && head == n.name && sub < any_sub)
      return operation_name((n.operation & ~u64{any_sub}) | sub) == name;
  }
  return false;
}

std::string owner_name(u32 owner) {
  if (owner == XS_OWNER_XEN) return "xen";
  if (owner == XS_OWNER_FREE) return "free";
  if (owner == XS_OWNER_NONE) return "none";
  if (owner < DOMID_FIRST_RESERVED) return fmt::format("dom{}", owner);
  return fmt::format("owner {:#x}", owner);
}

const char* frame_type_name(unsigned type) {
  static constexpr const char* names[] = {"none",  "L1",       "L2",     "L3",  "L4",    "seg_desc",
                                          nullptr, "writable", "shared", "p2m", "shadow"};
  return pick(names, type);
}

const char* shadow_event_name(unsigned event) {
  static constexpr const char* names[] = {nullptr, "fill", "reflect", "drop", "drop page", "evict"};
  return pick(names, event);
}

const char* domain_state_name(unsigned state) {
  static constexpr const char* names[] = {"paused", "running", "shutdown", "crashed", "dying", "dead"};
  return pick(names, state);
}

const char* memory_model_name(unsigned model) {
  static constexpr const char* names[] = {"direct",   "translated", "identity",
                                          "dom0_pmt", "nested",     "exposed"};
  return pick(names, model);
}

const char* port_kind_name(unsigned kind) {
  static constexpr const char* names[] = {"closed", "interdomain", "IPI", "VIRQ", "PIRQ"};
  return pick(names, kind);
}

const char* grant_use_name(unsigned use) {
  static constexpr const char* names[] = {nullptr,   "map",      "unmap",       "copy from",
                                          "copy to", "transfer", "exchange to", "exchange from"};
  return pick(names, use);
}

const char* shutdown_reason_name(unsigned reason) {
  static constexpr const char* names[] = {"poweroff", "reboot", "suspend", "crash", "watchdog", "soft_reset"};
  return pick(names, reason);
}

std::string vector_name(std::string_view architecture, u64 vector) {
  if (architecture == "ia64") return ia64_vector_name(static_cast<u32>(vector));
  // Intel SDM vol. 3A table 6-1.
  static constexpr const char* names[32] = {"#DE", "#DB",   "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
                                            "#DF", nullptr, "#TS", "#NP", "#SS", "#GP", "#PF", nullptr,
                                            "#MF", "#AC",   "#MC", "#XM", "#VE", "#CP"};
  if (vector < 32 && names[vector] != nullptr) return names[vector];
  return fmt::format("vector {:#x}", vector);
}

const char* boot_step_name(unsigned step) {
  static constexpr const char* names[] = {nullptr, "memory ready", "all CPUs up", "dom0 entered"};
  return pick(names, step);
}

}  // namespace xs::observe
