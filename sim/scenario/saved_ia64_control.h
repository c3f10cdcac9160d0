// An IA-64 VCPU that is on no core, as a debugger sees it: what the hypervisor has saved, to be read.
#pragma once
#include <functional>

#include "sim/core/debug.h"
#include "sim/observe/saved_vcpus.h"

namespace xs::scenario {

class SavedIa64Control final : public CpuControl {
 public:
  /// Where an address of the hypervisor's leads. Guests' translations are in no table that could be read: of
  /// their memory only the part of the register stack that the hypervisor keeps is seen.
  using Translate = std::function<bool(u64 va, u64& pa)>;

  /// `core`: any one; it names the registers.
  SavedIa64Control(const observe::SavedIa64& vcpu, const CpuControl& core, Translate translate)
      : vcpu_(vcpu), core_(core), translate_(std::move(translate)) {}

  std::span<const DebugRegister> registers() const override { return core_.registers(); }
  const char* architecture() const override { return core_.architecture(); }
  void read_register(unsigned index, std::span<u8> out) const override;
  bool write_register(unsigned, std::span<const u8>) override { return false; }
  bool translate(u64 va, u64& pa) const override { return translate_(va, pa); }
  bool read_held(u64 va, u8& out) const override;
  u64 linear_pc() const override { return vcpu_.ip | (vcpu_.psr >> 41 & 3); }
  void set_debug_points(const std::vector<DebugPoint>&) override {}
  void request_step(bool) override {}

 private:
  u64 number(unsigned index) const;
  u64 application_register(unsigned n) const;

  const observe::SavedIa64 vcpu_;
  const CpuControl& core_;
  const Translate translate_;
};

}  // namespace xs::scenario
