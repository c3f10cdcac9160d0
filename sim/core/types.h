// Integer names used by every room below sim/. Addresses are plain 64-bit numbers: the variable's name
// (va, pa, mfn, gfn) says which space it belongs to.
#pragma once
#include <cstddef>
#include <cstdint>

namespace xs {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

/// Size of a frame (machine memory) and of the smallest page (virtual or guest-physical), bytes.
inline constexpr u64 frame_size = 4096;
inline constexpr unsigned frame_shift = 12;
inline constexpr u64 frame_mask = frame_size - 1;
/// "No frame": value of an empty P2M or M2P entry (Xen's INVALID_MFN / INVALID_P2M_ENTRY).
inline constexpr u64 invalid_frame = ~u64{0};

}  // namespace xs
