#include "hypervisor/arch/ia64/instruction.h"

namespace hv {
namespace {

constexpr u64 field(u64 slot, unsigned low, unsigned bits) { return slot >> low & ((1ull << bits) - 1); }
constexpr unsigned small(u64 slot, unsigned low, unsigned bits) {
  return static_cast<unsigned>(field(slot, low, bits));
}

/// B units by template (SDM vol. 3 table 4-6), one bit a slot.
bool is_branch_unit(unsigned form, unsigned slot) {
  switch (form & ~1u) {
    case 0x10:  // MIB
    case 0x18:  // MMB
    case 0x1c:  // MFB
      return slot == 2;
    case 0x12:  // MBB
      return slot >= 1;
    case 0x16:  // BBB
      return true;
    default:
      return false;
  }
}

/// M units: slot 0 of all but BBB, slot 1 of MMI, MMF, MMB and their kin.
bool is_memory_unit(unsigned form, unsigned slot) {
  if (slot == 0) return true;
  const unsigned kind = form & ~1u;
  return slot == 1 && (kind == 0x08 || kind == 0x0a || kind == 0x0e || kind == 0x18);
}

Instruction decode_branch(u64 slot) {
  Instruction i;
  if (field(slot, 37, 4) != 0) return i;
  switch (field(slot, 27, 6)) {
    case 0x08:
      i.operation = Operation::rfi;
      break;
    case 0x0c:
    case 0x0d:
      i.operation = Operation::bank_switch;
      i.immediate = slot >> 27 & 1;
      break;
    default:
      break;
  }
  return i;
}

/// M44: masks; M30: an application register's immediate.
Instruction decode_system_immediate(u64 slot) {
  Instruction i;
  const u64 x4 = field(slot, 27, 4), x2 = field(slot, 31, 2);
  if (field(slot, 33, 3) != 0) return i;
  if (x4 == 6 || x4 == 7) {
    i.operation = x4 == 6 ? Operation::set_mask : Operation::reset_mask;
    i.immediate = field(slot, 36, 1) << 23 | x2 << 21 | field(slot, 6, 21);
  } else if (x4 == 8 && x2 == 2) {
    const u64 value = field(slot, 36, 1) << 7 | field(slot, 13, 7);
    i.operation = Operation::write_application_immediate;
    i.index = small(slot, 20, 7);
    i.immediate = value & 0x80 ? value | ~0xffull : value;
  }
  return i;
}

struct Row {
  u8 x6;
  Operation operation;
  u8 index;
};
constexpr Row kRows[] = {
    {0x00, Operation::write_indirect, kTableRegion},
    {0x01, Operation::write_indirect, kTableDbr},
    {0x02, Operation::write_indirect, kTableIbr},
    {0x03, Operation::write_indirect, kTablePkr},
    {0x04, Operation::write_indirect, kTablePmc},
    {0x05, Operation::write_indirect, kTablePmd},
    {0x09, Operation::purge_local, 0},
    {0x0a, Operation::purge_global, 0},
    {0x0b, Operation::purge_global, 1},
    {0x0c, Operation::purge_tr, 0},
    {0x0d, Operation::purge_tr, 1},
    {0x0e, Operation::insert_tr, 0},
    {0x0f, Operation::insert_tr, 1},
    {0x10, Operation::read_indirect, kTableRegion},
    {0x11, Operation::read_indirect, kTableDbr},
    {0x12, Operation::read_indirect, kTableIbr},
    {0x13, Operation::read_indirect, kTablePkr},
    {0x14, Operation::read_indirect, kTablePmc},
    {0x1e, Operation::translate, 0},
    {0x1f, Operation::access_key, 0},
    {0x24, Operation::read_control, 0},
    {0x25, Operation::read_psr, 0},
    {0x2a, Operation::write_application, 0},
    {0x2c, Operation::write_control, 0},
    {0x2d, Operation::write_psr_low, 0},
    {0x2e, Operation::insert_tc, 0},
    {0x2f, Operation::insert_tc, 1},
    {0x34, Operation::purge_all, 0},
};

Instruction decode_system(u64 slot) {
  Instruction i;
  if (field(slot, 33, 3) != 0) return i;
  const u64 x6 = field(slot, 27, 6);
  for (const Row& row : kRows) {
    if (row.x6 != x6) continue;
    i.operation = row.operation;
    i.r1 = small(slot, 6, 7);
    i.r2 = small(slot, 13, 7);
    i.r3 = small(slot, 20, 7);
    const bool names_register = row.operation == Operation::read_control ||
                                row.operation == Operation::write_control ||
                                row.operation == Operation::write_application;
    i.index = names_register ? i.r3 : row.index;
  }
  return i;
}

}  // namespace

Instruction decode(u64 low, u64 high, unsigned slot) {
  const u64 instruction = (slot == 0   ? low >> 5
                           : slot == 1 ? low >> 46 | high << 18
                                       : high >> 23) &
                          ((1ull << 41) - 1);
  const unsigned form = static_cast<unsigned>(low & 31);
  if (is_branch_unit(form, slot)) return decode_branch(instruction);
  if (!is_memory_unit(form, slot)) return {};
  const u64 major = field(instruction, 37, 4);
  if (major == 0) return decode_system_immediate(instruction);
  if (major == 1) return decode_system(instruction);
  return {};
}

}  // namespace hv
