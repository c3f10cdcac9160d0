// Processor status register (SDM vol. 2 3.3.2, table 3-2).
#pragma once
#include "sim/core/types.h"

namespace xs::ia64::psr {

inline constexpr u64 be = u64{1} << 1;    ///< big-endian data
inline constexpr u64 up = u64{1} << 2;    ///< user performance monitors
inline constexpr u64 ac = u64{1} << 3;    ///< alignment check
inline constexpr u64 mfl = u64{1} << 4;   ///< f2..f31 written
inline constexpr u64 mfh = u64{1} << 5;   ///< f32..f127 written
inline constexpr u64 ic = u64{1} << 13;   ///< interruption collection
inline constexpr u64 i = u64{1} << 14;    ///< external interrupts
inline constexpr u64 pk = u64{1} << 15;   ///< protection keys
inline constexpr u64 dt = u64{1} << 17;   ///< data translation
inline constexpr u64 dfl = u64{1} << 18;  ///< f2..f31 disabled
inline constexpr u64 dfh = u64{1} << 19;  ///< f32..f127 disabled
inline constexpr u64 sp = u64{1} << 20;   ///< secure performance monitors
inline constexpr u64 pp = u64{1} << 21;   ///< privileged performance monitors
inline constexpr u64 di = u64{1} << 22;   ///< disable instruction set transition
inline constexpr u64 si = u64{1} << 23;   ///< secure interval timer
inline constexpr u64 db = u64{1} << 24;   ///< debug breakpoints
inline constexpr u64 lp = u64{1} << 25;   ///< lower-privilege transfer trap
inline constexpr u64 tb = u64{1} << 26;   ///< taken branch trap
inline constexpr u64 rt = u64{1} << 27;   ///< register stack translation
inline constexpr unsigned cpl_shift = 32;
inline constexpr u64 cpl = u64{3} << cpl_shift;
inline constexpr u64 is = u64{1} << 34;  ///< IA-32; never set here
inline constexpr u64 mc = u64{1} << 35;  ///< machine checks masked
inline constexpr u64 it = u64{1} << 36;  ///< instruction translation
inline constexpr u64 id = u64{1} << 37;  ///< instruction debug faults off for one instruction
inline constexpr u64 da = u64{1} << 38;  ///< data access and dirty bit faults off, likewise
inline constexpr u64 dd = u64{1} << 39;  ///< data debug faults off, likewise
inline constexpr u64 ss = u64{1} << 40;  ///< single step
inline constexpr unsigned ri_shift = 41;
inline constexpr u64 ri = u64{3} << ri_shift;  ///< slot to restart at
inline constexpr u64 ed = u64{1} << 43;        ///< exception deferral of one speculative load
inline constexpr u64 bn = u64{1} << 44;        ///< bank 1 of r16..r31
inline constexpr u64 ia = u64{1} << 45;        ///< instruction access bit faults off for one instruction
inline constexpr u64 vm = u64{1} << 46;        ///< virtual machine

/// What sum, rum and mov psr.um reach; what ssm, rsm and mov psr.l reach.
inline constexpr u64 user_mask = be | up | ac | mfl | mfh;
inline constexpr u64 system_mask = user_mask | ic | i | pk | dt | dfl | dfh | sp | pp | di | si;
inline constexpr u64 lower_half = system_mask | db | lp | tb | rt;
inline constexpr u64 implemented = lower_half | cpl | mc | it | id | da | dd | ss | ri | ed | bn | ia | vm;
/// Cleared when an instruction completes.
inline constexpr u64 one_instruction = id | da | dd | ed | ia;

}  // namespace xs::ia64::psr
