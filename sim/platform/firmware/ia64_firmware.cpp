#include "sim/platform/firmware/ia64_firmware.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace xs::platform {
namespace {

struct Name {
  u64 number;
  const char* text;
};

// Below 256: static registers (arguments in r29 to r31); from 256: stacked (in1 to in3).
constexpr Name pal[] = {{1, "PAL_CACHE_FLUSH"},
                        {2, "PAL_CACHE_INFO"},
                        {3, "PAL_CACHE_INIT"},
                        {4, "PAL_CACHE_SUMMARY"},
                        {5, "PAL_MEM_ATTRIB"},
                        {6, "PAL_PTCE_INFO"},
                        {7, "PAL_VM_INFO"},
                        {8, "PAL_VM_SUMMARY"},
                        {9, "PAL_BUS_GET_FEATURES"},
                        {10, "PAL_BUS_SET_FEATURES"},
                        {11, "PAL_DEBUG_INFO"},
                        {12, "PAL_FIXED_ADDR"},
                        {13, "PAL_FREQ_BASE"},
                        {14, "PAL_FREQ_RATIOS"},
                        {15, "PAL_PERF_MON_INFO"},
                        {16, "PAL_PLATFORM_ADDR"},
                        {17, "PAL_PROC_GET_FEATURES"},
                        {18, "PAL_PROC_SET_FEATURES"},
                        {19, "PAL_RSE_INFO"},
                        {20, "PAL_VERSION"},
                        {21, "PAL_MC_CLEAR_LOG"},
                        {22, "PAL_MC_DRAIN"},
                        {23, "PAL_MC_EXPECTED"},
                        {24, "PAL_MC_DYNAMIC_STATE"},
                        {25, "PAL_MC_ERROR_INFO"},
                        {26, "PAL_MC_RESUME"},
                        {27, "PAL_MC_REGISTER_MEM"},
                        {28, "PAL_HALT"},
                        {29, "PAL_HALT_LIGHT"},
                        {30, "PAL_COPY_INFO"},
                        {31, "PAL_CACHE_LINE_INIT"},
                        {32, "PAL_PMI_ENTRYPOINT"},
                        {33, "PAL_ENTER_IA_32_ENV"},
                        {34, "PAL_VM_PAGE_SIZE"},
                        {37, "PAL_TEST_INFO"},
                        {38, "PAL_CACHE_PROT_INFO"},
                        {39, "PAL_REGISTER_INFO"},
                        {41, "PAL_PREFETCH_VISIBILITY"},
                        {42, "PAL_LOGICAL_TO_PHYSICAL"},
                        {43, "PAL_CACHE_SHARED_INFO"},
                        {44, "PAL_PSTATE_INFO"},
                        {45, "PAL_SHUTDOWN"},
                        {48, "PAL_GET_HW_POLICY"},
                        {49, "PAL_SET_HW_POLICY"},
                        {50, "PAL_VP_INFO"},
                        {51, "PAL_MC_HW_TRACKING"},
                        {256, "PAL_COPY_PAL"},
                        {257, "PAL_HALT_INFO"},
                        {258, "PAL_TEST_PROC"},
                        {259, "PAL_CACHE_READ"},
                        {260, "PAL_CACHE_WRITE"},
                        {261, "PAL_VM_TR_READ"},
                        {262, "PAL_GET_PSTATE"},
                        {263, "PAL_SET_PSTATE"},
                        {265, "PAL_VP_CREATE"},
                        {266, "PAL_VP_ENV_INFO"},
                        {267, "PAL_VP_EXIT_ENV"},
                        {268, "PAL_VP_INIT_ENV"},
                        {269, "PAL_VP_REGISTER"},
                        {270, "PAL_VP_RESTORE"},
                        {271, "PAL_VP_SAVE"},
                        {272, "PAL_VP_TERMINATE"},
                        {274, "PAL_BRAND_INFO"},
                        {276, "PAL_MC_ERROR_INJECT"},
                        {277, "PAL_MEMORY_BUFFER"}};

constexpr Name sal[] = {{0x01000000, "SAL_SET_VECTORS"},
                        {0x01000001, "SAL_GET_STATE_INFO"},
                        {0x01000002, "SAL_GET_STATE_INFO_SIZE"},
                        {0x01000003, "SAL_CLEAR_STATE_INFO"},
                        {0x01000004, "SAL_MC_RENDEZ"},
                        {0x01000005, "SAL_MC_SET_PARAMS"},
                        {0x01000006, "SAL_REGISTER_PHYSICAL_ADDR"},
                        {0x01000008, "SAL_CACHE_FLUSH"},
                        {0x01000009, "SAL_CACHE_INIT"},
                        {0x01000010, "SAL_PCI_CONFIG_READ"},
                        {0x01000011, "SAL_PCI_CONFIG_WRITE"},
                        {0x01000012, "SAL_FREQ_BASE"},
                        {0x01000013, "SAL_PHYSICAL_ID_INFO"},
                        {0x01000020, "SAL_UPDATE_PAL"}};

template <class Table>
std::string name_in(const Table& table, u64 number, const char* otherwise) {
  const auto* at = std::find_if(std::begin(table), std::end(table),
                                [number](const Name& n) { return n.number == number; });
  if (at != std::end(table)) return at->text;
  char text[64];
  std::snprintf(text, sizeof text, "%s 0x%llx", otherwise, static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

std::string pal_procedure(u64 index) { return name_in(pal, index, "PAL procedure"); }
std::string sal_procedure(u64 function) { return name_in(sal, function, "SAL procedure"); }

std::string refused_call(u64 call) {
  constexpr u64 number = (u64{1} << 56) - 1;
  return call >> 56 == 0 ? pal_procedure(call & number) : sal_procedure(call & number);
}

}  // namespace xs::platform
