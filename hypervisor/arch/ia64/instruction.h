// Instructions that trap when a guest kernel executes them, taken apart: a part of the instruction set (SDM
// vol. 3 chapter 4), for the hypervisor's emulation.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

enum class Operation {
  none,         ///< not one of these
  bank_switch,  ///< immediate: 0 or 1
  rfi,
  reset_mask,         ///< rsm: immediate
  set_mask,           ///< ssm
  read_psr,           ///< r1
  write_psr_low,      ///< r2
  read_control,       ///< r1 = cr[index]
  write_control,      ///< cr[index] = r2
  read_indirect,      ///< r1 = table[r3]; index: which table (x6)
  write_indirect,     ///< table[r3] = r2
  write_application,  ///< ar[index] = r2, or the immediate
  write_application_immediate,
  insert_tc,     ///< index 0 data, 1 fetch; r2
  insert_tr,     ///< ... tr[r3] = r2
  purge_local,   ///< ptc.l r3, r2
  purge_global,  ///< ptc.g, ptc.ga
  purge_tr,      ///< ptr; index 0 data, 1 fetch
  purge_all,     ///< ptc.e r3
  translate,     ///< tpa r1 = r3
  access_key,    ///< tak
};

struct Instruction {
  Operation operation = Operation::none;
  unsigned index = 0;
  unsigned r1 = 0, r2 = 0, r3 = 0;
  u64 immediate = 0;
};

/// Slot 0 to 2 of a bundle.
Instruction decode(u64 low, u64 high, unsigned slot);

constexpr unsigned kTableRegion = 0, kTableDbr = 1, kTableIbr = 2, kTablePkr = 3, kTablePmc = 4,
                   kTablePmd = 5;

}  // namespace hv
