// Addresses are guest-physical ones with bit 63 set, and nothing else is an address; hypercalls of page
// tables and descriptor tables do not exist.
#include "guests/tests/hypercall-errors/errors.h"

const u64 bad_code_address = 8;  // no bundle begins there

namespace {
long get_features(u64 address) {
  return arch_hypercall(__HYPERVISOR_xen_version, XENVER_get_features, address);
}

void check_addresses() {
  alignas(16) xen_feature_info_t features{0, 0};
  const u64 good = hypercall_arg(&features);
  test_equal("a guest-physical address", get_features(good), 0);
  test_equal("the same without bit 63", get_features(good & ~XEN_IA64_INLINE), -XEN_EFAULT);
  test_equal("a virtual address", get_features(reinterpret_cast<u64>(&features) & ~XEN_IA64_INLINE),
             -XEN_EFAULT);
  test_equal("behind the last address", get_features(~0ull), -XEN_EFAULT);
  // The first word is memory, what follows is not: shared_info is the last frame there is. Where frames are
  // the machine's, the next one may well be the domain's.
  if (!guest_is_translated()) return;
  const u64 end = XEN_IA64_INLINE | (boot_info->shared_info + page_bytes);
  test_equal("over the end of memory", get_features(end - sizeof(u32)), -XEN_EFAULT);
}

void check_absent_calls() {
  const unsigned absent[] = {__HYPERVISOR_set_trap_table,
                             __HYPERVISOR_mmu_update,
                             __HYPERVISOR_set_gdt,
                             __HYPERVISOR_stack_switch,
                             __HYPERVISOR_set_callbacks,
                             __HYPERVISOR_fpu_taskswitch,
                             __HYPERVISOR_set_debugreg,
                             __HYPERVISOR_get_debugreg,
                             __HYPERVISOR_update_descriptor,
                             __HYPERVISOR_update_va_mapping,
                             __HYPERVISOR_iret,
                             __HYPERVISOR_set_segment_base,
                             __HYPERVISOR_mmuext_op,
                             __HYPERVISOR_update_va_mapping_otherdomain};
  for (unsigned number : absent)
    test_equal("a call of page or descriptor tables", arch_hypercall(number), -XEN_ENOSYS);
}

// XEN_IA64_SET_XSI takes its address in r28.
long set_xsi(u64 address) {
  register u64 number asm("r2") = XEN_IA64_SET_XSI;
  register u64 where asm("r28") = address;
  register long result asm("r8");
  asm volatile("break %[hypercall]\n;;"
               : "=r"(result)
               : "r"(number), "r"(where), [hypercall] "i"(XEN_IA64_BREAK_HYPERCALL)
               : "memory");
  return result;
}

void check_numbers() {
  test_equal("a number above the architecture's", arch_hypercall(0x6ff), -XEN_ENOSYS);
  test_equal("an XSI that is not aligned", set_xsi(XEN_IA64_XSI + page_bytes), -XEN_EINVAL);
  test_equal("an XSI in the hypervisor's space", set_xsi(HYPERVISOR_VIRT_START), -XEN_EINVAL);
  test_equal("where it is already", set_xsi(XEN_IA64_XSI), 0);
}
}  // namespace

void check_arch() {
  check_addresses();
  check_absent_calls();
  check_numbers();
}
