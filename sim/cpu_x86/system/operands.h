// Instructions with their operands, by Capstone: shared by what looks for accesses (system/ only).
#pragma once
#include <capstone/capstone.h>

#include <array>
#include <span>

#include "sim/core/types.h"

namespace xs::x86 {

/// General registers in the order of instruction encodings, segment bases ES CS SS DS FS GS.
struct OperandState {
  unsigned bits = 64;
  std::array<u64, 16> gpr{};
  std::array<u64, 6> segment_base{};
};

/// Capstone with operands, one handle per mode; the simulation has one thread.
class OperandDecoder {
 public:
  explicit OperandDecoder(cs_mode mode);
  ~OperandDecoder();
  OperandDecoder(const OperandDecoder&) = delete;
  OperandDecoder& operator=(const OperandDecoder&) = delete;

  static OperandDecoder& of(unsigned bits);
  /// Decodes one instruction and moves past it; null when the bytes are none. Valid until the next call.
  const cs_insn* next(std::span<const u8>& bytes, u64& address);
  /// Registers that the decoded instruction writes.
  std::span<const u16> written();

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
  cs_regs read_{}, write_{};
};

inline constexpr unsigned no_gpr = 16;
/// Number of the general register that holds `reg`, in the order of instruction encodings; or no_gpr.
unsigned gpr_index(unsigned reg);
/// Linear address of a memory operand. `next` is the address of the following instruction (RIP-relative).
u64 operand_address(const OperandState& state, const cs_x86& x, const x86_op_mem& mem, u64 next);

}  // namespace xs::x86
