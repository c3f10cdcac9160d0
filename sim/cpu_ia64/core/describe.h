// A core in words: for messages about programs that came to an end, and for people who look at registers.
#pragma once
#include <string>
#include <vector>

#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {

/// "0x100040 slot 1: ld8 r14=[r15]"; without the instruction where there is no memory.
std::string describe_instruction(const Core& core, const MemoryPort& memory, u64 bundle, unsigned slot);
/// Where the core stands, and where its latest interruptions came from, a line each.
std::vector<std::string> describe_place(const Core& core, const MemoryPort& memory);
/// All registers of general interest, a few a line; general registers r32 and up as far as the frame goes.
std::vector<std::string> describe_registers(const Core& core);

}  // namespace xs::ia64
