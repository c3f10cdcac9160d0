// Words used everywhere in the hypervisor.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/abi/observe.h"
#include "hypervisor/common/xen_abi.h"

namespace hv {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s8 = int8_t;
using s32 = int32_t;
using s64 = int64_t;

using Mfn = u64;    ///< machine frame number
using Gfn = u64;    ///< guest frame number ("pfn" of a PV guest)
using Paddr = u64;  ///< machine byte address
using Vaddr = u64;  ///< virtual byte address
using DomId = u16;
using Nanoseconds = s64;  ///< system time: since the hypervisor's boot

constexpr Mfn kInvalidMfn = ~0ull;
constexpr unsigned kPageShift = 12;
constexpr u64 kPageSize = 1ull << kPageShift;
constexpr unsigned kMaxCpus = 4;
constexpr unsigned kMaxVcpus = XEN_LEGACY_MAX_VCPUS;  ///< VCPUs of one domain

template <typename T, size_t N>
constexpr size_t count_of(const T (&)[N]) {
  return N;
}
template <typename T>
constexpr T min_of(T a, T b) {
  return a < b ? a : b;
}
template <typename T>
constexpr T max_of(T a, T b) {
  return a > b ? a : b;
}
constexpr u64 round_up(u64 value, u64 unit) { return (value + unit - 1) / unit * unit; }

}  // namespace hv
