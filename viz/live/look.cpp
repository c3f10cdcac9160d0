#include "viz/live/look.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

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

/// The hypervisor's own format of a P2M page (hypervisor/abi/observe.h).
std::vector<TableEntry> decode_p2m(std::span<const u8> bytes) {
  std::vector<TableEntry> out;
  for (unsigned i = 0; i < bytes.size() / sizeof(u64); ++i) {
    u64 value = 0;
    std::memcpy(&value, &bytes[i * sizeof value], sizeof value);
    if ((value & XS_P2M_PRESENT) == 0) continue;
    std::string means = "P";
    if (value & XS_P2M_WRITABLE) means += " W";
    if (value & XS_P2M_FOREIGN) means += " foreign";
    if (value & XS_P2M_SHARED) means += " shared";
    if (value & XS_P2M_SUPERPAGE) means += " 2 MiB";
    out.push_back({i, value, std::move(means), value >> XS_P2M_MFN_SHIFT});
  }
  return out;
}

/// By the type that the hypervisor gives the frame; what it caches of translations has one level, or several
/// in one shape.
bool decode_content(const CpuControl& cpu, const scenario::VcpuControls& vcpus, const FrameImage& frame,
                    const FrameContent& content, std::vector<TableEntry>& out) {
  if (frame.type == XS_FRAME_P2M) return out = decode_p2m(content.bytes), true;
  const bool typed = frame.type >= XS_FRAME_L1 && frame.type <= XS_FRAME_L4;
  const bool cached =
      frame.type == XS_FRAME_SHADOW ||
      (frame.type == XS_FRAME_NONE && frame.owner == XS_OWNER_XEN && vcpus.in_walked_table(content.mfn));
  if (!typed && !cached) return false;
  return out = cpu.decode_table(content.bytes, typed ? frame.type - XS_FRAME_L1 + 1 : 0), true;
}

FrameCounts frame_counts(const observe::Observer& observer, u64 mfn) {
  const auto frame = observer.frame(mfn);
  if (!frame) return {mfn, 0, 0, false};
  return {mfn, frame->type_count, frame->general_count, frame->allocated};
}

FrameContent frame_content(platform::Machine& machine, const observe::Observer& observer,
                           const scenario::VcpuControls& vcpus, u64 mfn) {
  FrameContent out;
  static_cast<FrameCounts&>(out) = frame_counts(observer, mfn);
  constexpr u64 bytes = u64{1} << frame_shift;
  const u8* host = machine.memory().readable(mfn << frame_shift);
  if (host) out.bytes.assign(host, host + bytes);
  std::vector<TableEntry> entries;
  out.table = host && decode_content(machine.control(0), vcpus, frame_image(observer, mfn), out, entries);
  // A guest whose tables hold GFNs has tables that no frame type tells of.
  std::optional<scenario::VcpuControls::GuestTable> own;
  if (host && !out.table) own = vcpus.guest_table(mfn);
  if (own) entries = machine.control(0).decode_table(out.bytes, own->level);
  out.table |= own.has_value();
  for (TableEntry& e : entries) {
    TableEntryImage& to = out.entries.emplace_back();
    static_cast<TableEntry&>(to) = std::move(e);
    if (!to.frame) continue;
    if (own) to.means += fmt::format(" GFN {:#x}", *to.frame);
    const u64 named = own ? observer.frame_named(own->domid, *to.frame) : *to.frame;
    to.frame = named == invalid_frame ? std::nullopt : std::optional(named);
    if (to.frame) to.frame_image = frame_image(observer, named);
  }
  return out;
}

}  // namespace

MachineImage look_at(platform::Machine& machine, const observe::Observer& observer,
                     const scenario::VcpuControls& vcpus, const ImageWish& wish) {
  MachineImage out;
  out.time_ps = machine.now_ps();
  for (unsigned cpu = 0; wish.cpus && cpu < machine.cpus(); ++cpu)
    out.cpus.push_back(cpu_image(machine, observer, cpu));
  if (wish.counts) out.counts = frame_counts(observer, *wish.counts);
  if (wish.frame) out.frame = frame_content(machine, observer, vcpus, *wish.frame);
  if (wish.translation) out.translation = look_at_translation(machine, observer, vcpus, *wish.translation);
  return out;
}

}  // namespace xs::viz
