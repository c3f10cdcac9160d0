#pragma once
#include "sim/core/types.h"

namespace xs::x86 {

/// An exception or interrupt on its way through the IDT.
struct Event {
  enum class Source : u8 { fault, software, external };
  u8 vector = 0;
  Source source = Source::fault;
  bool has_error = false;
  u32 error = 0;
  u64 cr2 = 0;  ///< #PF
  u64 return_rip = 0;
  bool resume = false;  ///< #DB that pushes RFLAGS.RF set: SDM vol. 3B 17.3.1.1
};

/// Thrown through the host code that emulates an instruction, never through the engine.
struct GuestFault {
  u8 vector;
  bool has_error;
  u32 error;
  u64 cr2;
};

}  // namespace xs::x86
