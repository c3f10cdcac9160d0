// Copying to and from the memory of the VCPU that runs. Every function checks that the range is a guest's
// (never the hypervisor's), survives any fault in it, and answers false then: the caller returns -EFAULT.
// What a guest's address is, the architecture says: virtual (x86-64) or guest-physical (IA-64).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

// Per architecture; false: not a guest's memory, or not all of it is there. What was copied before stays.
bool arch_copy_from_guest(void* to, Vaddr from, u64 bytes);
bool arch_copy_to_guest(Vaddr to, const void* from, u64 bytes);

inline bool copy_from_guest(void* to, Vaddr from, u64 bytes) { return arch_copy_from_guest(to, from, bytes); }
inline bool copy_to_guest(Vaddr to, const void* from, u64 bytes) {
  return arch_copy_to_guest(to, from, bytes);
}
bool clear_guest(Vaddr to, u64 bytes);
/// To an address of the running VCPU's guest kernel, whatever mode it is in. Defined per architecture.
bool arch_copy_to_guest_kernel(Vcpu* vcpu, Vaddr to, const void* from, u64 bytes);

template <typename T>
bool copy_from_guest(T& to, Vaddr from) {
  return copy_from_guest(&to, from, sizeof(T));
}
template <typename T>
bool copy_to_guest(Vaddr to, const T& from) {
  return copy_to_guest(to, &from, sizeof(T));
}

/// Element `index` of a guest array. The range check catches an address that wraps.
template <typename T>
bool copy_from_guest_index(T& to, Vaddr array, u64 index) {
  u64 offset, address;
  if (__builtin_mul_overflow(index, sizeof(T), &offset) || __builtin_add_overflow(array, offset, &address))
    return false;
  return copy_from_guest(to, address);
}
template <typename T>
bool copy_to_guest_index(Vaddr array, u64 index, const T& from) {
  u64 offset, address;
  if (__builtin_mul_overflow(index, sizeof(T), &offset) || __builtin_add_overflow(array, offset, &address))
    return false;
  return copy_to_guest(address, from);
}

/// The address in a XEN_GUEST_HANDLE field of an ABI structure.
template <typename Handle>
Vaddr handle_address(const Handle& handle) {
  return reinterpret_cast<Vaddr>(handle.p);
}

}  // namespace hv
