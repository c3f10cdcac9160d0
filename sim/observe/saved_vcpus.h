// VCPUs as the hypervisor keeps them (hypervisor/abi/vcpus.h), read from machine memory.
#pragma once
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/abi/vcpus.h"
#include "sim/core/types.h"
#include "sim/observe/image.h"

namespace xs::observe {

/// Of a VCPU on IA-64: what struct xs_vcpus_ia64 leads to.
struct SavedIa64 {
  u64 ip = 0, psr = 0, cfm = 0, nats = 0, predicates = 0;
  std::array<u64, 32> general{};
  std::array<u64, 8> branch{}, kernel{};
  u64 rsc = 0, ccv = 0, fpsr = 0, pfs = 0, lc = 0, ec = 0, csd = 0;
  std::array<std::array<u64, 2>, 128> floating{};  ///< as stf.spill writes
  u64 bspstore = 0, rnat = 0;
  std::vector<u8> dirty;  ///< what lies from bspstore on, up to bsp
  // What its addresses mean.
  u64 virtual_psr = 0;
  std::array<u64, 8> regions{};                   ///< rr0 to rr7, the guest's
  std::vector<xs_translation_ia64> translations;  ///< the valid ones
  u64 vhpt = 0;                                   ///< address of the hypervisor's
  u32 vhpt_shift = 0, rid_block = 0;
};

/// State that was saved when the VCPU last entered the hypervisor; while it runs, of no meaning but for its
/// names.
struct SavedVcpu {
  u32 domid = 0, vcpu = 0;
  const char* state = "";         ///< why it does not run: "blocked", "polling", "down", ...; "runnable"
  std::array<u64, 16> general{};  ///< as instructions encode them
  u64 rip = 0, rflags = 0;
  std::array<u16, 6> selectors{};  ///< es cs ss ds fs gs
  u64 fs_base = 0, gs_base = 0, cr2 = 0, cr4 = 0;
  u64 table = invalid_frame;      ///< top page table of its mode, by the domain's name for the frame
  std::array<u8, 512> fpu{};      ///< FXSAVE image
  std::optional<SavedIa64> ia64;  ///< then nothing above but the names and `state` means anything
};

class SavedVcpus {
 public:
  /// An image that publishes nothing has none.
  explicit SavedVcpus(const Image& hypervisor) : symbol_(hypervisor.symbol(XS_VCPUS_SYMBOL)) {}
  /// Reads memory at an address of the hypervisor's; false when there is none (Observer::peek_hypervisor).
  using Peek = std::function<bool(u64 va, void* out, u64 size)>;
  /// All there are, by domain and number.
  std::vector<SavedVcpu> list(const Peek& peek) const;

 private:
  std::optional<u64> symbol_;
};

}  // namespace xs::observe
