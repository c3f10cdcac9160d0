// A recording of three domains that use each other's frames by grants, made event by event:
//
//     dom0     256 frames   has 32 of web's for writing by references 8 to 39, and holds one of db's for
//     devices 1 web    256 frames   has one of db's for writing; has transferred 6 of its own to dom0 2 db
//     128 frames   translated; has 8 of web's for reading by references 100 to 107, at GFNs 0x400 to
//                           0x407
#pragma once
#include <string>

#include "sim/core/types.h"

namespace xs::test {

inline constexpr u64 grants_ram = 0xf2d40000;
/// MFN of a domain's frame by its GFN.
constexpr u64 grants_frame(u32 domid, u64 gfn) { return grants_ram + 0x80 + 0x100 * u64{domid} + gfn; }

void write_grants_trace(const std::string& file);

}  // namespace xs::test
