// Text of instructions, in the syntax and with the pseudo-ops of GNU objdump.
#pragma once
#include <string>
#include <vector>

#include "sim/cpu_ia64/isa/bundle.h"

namespace xs::ia64 {

/// "(p06) ld8 r14=[r32],8"; branch targets are counted from `address`, that of the bundle. A reserved
/// encoding is "data8 0x..." as for objdump. `unit` is the slot's, never reserved or L; `l_slot` as for
/// decode().
std::string disassemble(Unit unit, u64 slot, u64 address, u64 l_slot = 0);

/// The instruction at slot `n`, with ";;" where its group ends. Slot 2 of an MLX bundle is part of slot 1.
std::string disassemble(const Bundle& bundle, unsigned n, u64 address);

/// A line per instruction, laid out as objdump does:
///
///     [MMI] (p06) ld8 r14=[r32],8
///                 add r15=r14,r16;;
///                 nop.i 0x0
std::vector<std::string> disassemble_lines(const Bundle& bundle, u64 address);

/// "ar.pfs", "cr.iva"; "ar20" where the register has no name (Intel SDM volume 1, 3.1.8 and volume 2, 3.3.4).
std::string application_register_name(unsigned n);
std::string control_register_name(unsigned n);

}  // namespace xs::ia64
