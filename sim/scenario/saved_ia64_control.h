// An IA-64 VCPU that is on no core, as a debugger sees it: what the hypervisor has saved, to be read.
#pragma once
#include <functional>

#include "sim/core/debug.h"
#include "sim/core/memory_port.h"
#include "sim/mmu/vhpt_ia64/translation.h"
#include "sim/observe/saved_vcpus.h"

namespace xs::scenario {

class SavedIa64Control final : public CpuControl {
 public:
  /// Where an address of the hypervisor's leads.
  using Translate = std::function<bool(u64 va, u64& pa)>;
  /// The machine frame that the domain calls so (invalid_frame: none). Empty: its names are the machine's.
  using FrameOf = std::function<u64(u64 name)>;

  /// `core`: any one; it names the registers.
  SavedIa64Control(const observe::SavedIa64& vcpu, const CpuControl& core, const MemoryPort& memory,
                   Translate hypervisors, FrameOf frame_of)
      : vcpu_(vcpu),
        core_(core),
        memory_(memory),
        hypervisors_(std::move(hypervisors)),
        frame_of_(std::move(frame_of)) {}

  std::span<const DebugRegister> registers() const override { return core_.registers(); }
  const char* architecture() const override { return core_.architecture(); }
  void read_register(unsigned index, std::span<u8> out) const override;
  bool write_register(unsigned, std::span<const u8>) override { return false; }
  /// By what the hypervisor knows: its own addresses, the guest's translation registers and last insertions,
  /// and the table that the CPU walks for it. What the guest would have to insert first is not seen.
  bool translate(u64 va, u64& pa) const override;
  Explanation explain(u64 va, AddressUse use) const override;
  std::optional<u64> place(AddressPlace where) const override;
  bool read_held(u64 va, u8& out) const override;
  u64 linear_pc() const override { return vcpu_.ip | (vcpu_.psr >> 41 & 3); }
  void set_debug_points(const std::vector<DebugPoint>&) override {}
  void request_step(bool) override {}

 private:
  u64 number(unsigned index) const;
  u64 application_register(unsigned n) const;
  void named(u64 guest_physical, Explanation& out) const;
  bool inserted(Explanation& out) const;
  bool walked(Explanation& out) const;
  void arrive(u64 pa, const mmu::ia64::Translation& page, Explanation& out) const;

  const observe::SavedIa64 vcpu_;
  const CpuControl& core_;
  const MemoryPort& memory_;
  const Translate hypervisors_;
  const FrameOf frame_of_;
};

}  // namespace xs::scenario
