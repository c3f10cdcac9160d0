// From the bits of a slot to an operation and its operands.
#pragma once
#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64 {

/// What the processor does with bits that encode no instruction (Intel SDM volume 3, 4.1, legend of the
/// opcode maps).
enum class Reserved : u8 {
  no,
  ignored,                ///< no operation, whatever PR[qp] is (parts of the B unit)
  illegal_if_predicated,  ///< illegal operation fault when PR[qp] is 1
  illegal,                ///< illegal operation fault always
};

struct Decoded {
  const Row* row = nullptr;  ///< null when reserved
  Op op = Op::none;
  Reserved reserved = Reserved::no;
  u8 slot = 0;                        ///< where it stands in its bundle: 0 to 2
  bool stop = false;                  ///< its instruction group ends with it
  u8 qp = 0;                          ///< 0 as well for what ignores the field
  u8 r1 = 0, r2 = 0, r3 = 0, r4 = 0;  ///< as Row::operand says; 0 where there is none
  std::array<u64, 3> imm{};           ///< as Row::imm says, sign-extended
};

/// The row whose pattern matches; null for a reserved encoding. `unit` is the slot's, never reserved or L.
const Row* find(Unit unit, u64 slot);

/// The kind of a slot for which find() has no row.
Reserved reserved_kind(Unit unit, u64 slot);

/// Of a slot alone (`slot` 0, no stop); `l_slot` is slot 1 of the bundle when `unit` is X. What Itanium 2
/// lacks comes back as reserved.
Decoded decode(Unit unit, u64 bits, u64 l_slot = 0);

/// The instruction at slot `n`. In an MLX bundle slot 1 is the long instruction and slot 2 is none: going
/// there (rfi with PSR.ri = 2) is an illegal operation. So is every slot of a reserved template.
Decoded decode(const Bundle& bundle, unsigned n);

}  // namespace xs::ia64
