#include "viz/live/look.h"

#include <algorithm>
#include <array>

#include "sim/observe/event.h"
#include "viz/live/disassemble.h"

namespace xs::viz {
namespace {

u64 register_value(const CpuControl& control, unsigned index, unsigned bits) {
  std::array<u8, 64> bytes{};
  control.read_register(index, std::span(bytes).first(bits / 8));
  u64 value = 0;
  for (unsigned i = 0; i < bits / 8; ++i) value |= u64{bytes[i]} << 8 * i;
  return value;
}

// Those that are a number: what is wider than 64 bits is floating point.
std::vector<RegisterValue> registers_of(const CpuControl& control) {
  std::vector<RegisterValue> out;
  const auto rows = control.registers();
  for (unsigned i = 0; i < rows.size(); ++i)
    if (rows[i].bits <= 64) out.push_back({rows[i].name, register_value(control, i, rows[i].bits)});
  return out;
}

CpuImage cpu_image(platform::Machine& machine, const observe::Observer& observer, unsigned cpu) {
  const CpuControl& control = machine.control(cpu);
  const CpuView& view = machine.cpu(cpu);
  CpuImage out;
  const auto vcpu = observer.running(cpu);
  out.dv = vcpu ? vcpu->domid << 16 | vcpu->vcpu : static_cast<u32>(observe::idle_dv);
  out.guest = view.in_guest();
  out.pc = control.linear_pc();
  out.registers = registers_of(control);
  out.code = code_around(machine, observer, cpu);
  return out;
}

FrameContent frame_content(platform::Machine& machine, const observe::Observer& observer, u64 mfn) {
  FrameContent out;
  out.mfn = mfn;
  if (const auto frame = observer.frame(mfn)) {
    out.type_count = frame->type_count, out.general_count = frame->general_count;
    out.allocated = frame->allocated;
  }
  constexpr u64 bytes = u64{1} << frame_shift;
  const u8* host = machine.memory().readable(mfn << frame_shift);
  if (host) out.bytes.assign(host, host + bytes);
  return out;
}

}  // namespace

MachineImage look_at(platform::Machine& machine, const observe::Observer& observer, const ImageWish& wish) {
  MachineImage out;
  out.time_ps = machine.now_ps();
  for (unsigned cpu = 0; wish.cpus && cpu < machine.cpus(); ++cpu)
    out.cpus.push_back(cpu_image(machine, observer, cpu));
  if (wish.frame) out.frame = frame_content(machine, observer, *wish.frame);
  return out;
}

}  // namespace xs::viz
