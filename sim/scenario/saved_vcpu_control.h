// A VCPU that is on no core, as a debugger sees it: what the hypervisor has saved, to be read.
#pragma once
#include <functional>

#include "sim/core/debug.h"
#include "sim/core/memory_port.h"
#include "sim/observe/saved_vcpus.h"

namespace xs::scenario {

class SavedVcpuControl final : public CpuControl {
 public:
  /// What its page tables are about: the machine frame that the domain calls so (invalid_frame: none). Empty:
  /// its names are the machine's.
  using FrameOf = std::function<u64(u64 name)>;

  /// `core`: any one; it names the registers, and its tables show the hypervisor, which guests' may not.
  SavedVcpuControl(const observe::SavedVcpu& vcpu, const CpuControl& core, MemoryPort& memory,
                   FrameOf frame_of)
      : vcpu_(vcpu), core_(core), memory_(memory), frame_of_(std::move(frame_of)) {}

  std::span<const DebugRegister> registers() const override { return core_.registers(); }
  void read_register(unsigned index, std::span<u8> out) const override;
  bool write_register(unsigned, std::span<const u8>) override { return false; }
  bool translate(u64 va, u64& pa) const override;
  /// The walk of its tables. The U bit decides nothing: kernel and user mode of a PV64 guest are both ring 3.
  Explanation explain(u64 va, AddressUse use) const override;
  std::optional<u64> place(AddressPlace where) const override;
  u64 linear_pc() const override { return vcpu_.rip; }
  void set_debug_points(const std::vector<DebugPoint>&) override {}
  void request_step(bool) override {}

 private:
  u64 number(std::string_view name) const;

  const observe::SavedVcpu vcpu_;
  const CpuControl& core_;
  MemoryPort& memory_;
  const FrameOf frame_of_;
};

}  // namespace xs::scenario
