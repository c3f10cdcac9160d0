#include "sim/scenario/saved_vcpu_control.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sim/mmu/walk_x86/explain.h"
#include "sim/mmu/walk_x86/rights.h"

namespace xs::scenario {
namespace {

/// Where a register lies in FXSAVE's image (SDM vol. 1 table 10-2); bytes 0: not there.
struct Place {
  unsigned offset = 0, bytes = 0;
};
Place in_fpu_image(std::string_view name) {
  struct Field {
    std::string_view name;
    Place place;
  };
  static constexpr Field fields[] = {{"fctrl", {0, 2}}, {"fstat", {2, 2}},  {"fop", {6, 2}},
                                     {"fioff", {8, 4}}, {"fooff", {16, 4}}, {"mxcsr", {24, 4}}};
  for (const Field& f : fields)
    if (f.name == name) return f.place;
  unsigned i = 0;
  const auto numbered = [&](std::string_view prefix) {
    if (name.substr(0, prefix.size()) != prefix || name.size() == prefix.size()) return false;
    i = 0;
    for (char c : name.substr(prefix.size())) {
      if (c < '0' || c > '9') return false;
      i = i * 10 + static_cast<unsigned>(c - '0');
    }
    return true;
  };
  if (numbered("st")) return {32 + 16 * i, 10};
  if (numbered("xmm")) return {160 + 16 * i, 16};
  return {};
}

/// FXSAVE keeps one bit a register, not empty; gdb's ftag is the tag word, 3: empty.
u64 tag_word(u8 abridged) {
  u64 word = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (!(abridged >> i & 1)) word |= u64{3} << 2 * i;
  return word;
}

}  // namespace

u64 SavedVcpuControl::number(std::string_view name) const {
  static constexpr std::string_view general[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                 "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  static constexpr std::string_view selectors[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  const auto find = [&](const auto& names) {
    return static_cast<std::size_t>(std::find(std::begin(names), std::end(names), name) - std::begin(names));
  };
  if (const auto i = find(general); i < std::size(general)) return vcpu_.general[i];
  if (const auto i = find(selectors); i < std::size(selectors)) return vcpu_.selectors[i];
  if (name == "rip") return vcpu_.rip;
  if (name == "eflags") return vcpu_.rflags;
  if (name == "fs_base") return vcpu_.fs_base;
  if (name == "gs_base") return vcpu_.gs_base;
  if (name == "ftag") return tag_word(vcpu_.fpu[4]);
  if (name == "cr2") return vcpu_.cr2;
  if (name == "cr3") return vcpu_.table << frame_shift;
  if (name == "cr4") return vcpu_.cr4;
  return 0;  // the machine's own, not a VCPU's: CR0, CR8, EFER
}

void SavedVcpuControl::read_register(unsigned index, std::span<u8> out) const {
  std::fill(out.begin(), out.end(), u8{0});
  const std::string_view name = registers()[index].name;
  if (const Place place = in_fpu_image(name); place.bytes != 0) {
    std::memcpy(out.data(), &vcpu_.fpu[place.offset], std::min<std::size_t>(out.size(), place.bytes));
    return;
  }
  const u64 value = number(name);
  std::memcpy(out.data(), &value, std::min(out.size(), sizeof value));
}

bool SavedVcpuControl::translate(u64 va, u64& pa) const {
  const Explanation way = explain(va, AddressUse::read);
  pa = way.now.pa;
  return way.now.ok;
}

Explanation SavedVcpuControl::explain(u64 va, AddressUse use) const {
  namespace x86 = mmu::x86;
  const u64 slot = va >> 39 & 511;
  Explanation out;
  if (mmu::is_canonical(va) && slot >= 256 && slot < 272) {  // the hypervisor's (xen-x86_64.h)
    out = core_.explain(va, use);
    out.of_hypervisor = true;
    return out;
  }
  out.va = va, out.use = use, out.level = 3;
  if (!mmu::is_canonical(va)) {
    out.now.why = "not canonical";
  } else if (vcpu_.table == invalid_frame) {
    out.now.why = "the VCPU has no page tables yet";
  } else {
    mmu::X86Control control;
    control.cr0 = x86::cr0::pg | x86::cr0::wp, control.cr4 = x86::cr4::pae;
    control.efer = x86::efer::lme | x86::efer::lma | x86::efer::nxe;
    control.cr3 = vcpu_.table << frame_shift;
    const mmu::AccessKind kind = use == AddressUse::fetch   ? mmu::AccessKind::fetch
                                 : use == AddressUse::write ? mmu::AccessKind::write
                                                            : mmu::AccessKind::read;
    const mmu::Access access{.va = va, .kind = kind};
    const x86::TableWalk walk = x86::walk_tables(memory_, control, access, frame_of_);
    x86::add_steps(walk, control, frame_of_, out);
    out.now = x86::outcome(walk, control, access);
  }
  out.tables = out.now;
  return out;
}

std::optional<u64> SavedVcpuControl::place(AddressPlace where) const {
  constexpr unsigned stack_pointer = 4;  // as instructions encode it
  if (where == AddressPlace::pc) return vcpu_.rip;
  if (where == AddressPlace::stack) return vcpu_.general[stack_pointer];
  if (where == AddressPlace::last_fault && vcpu_.cr2 != 0) return vcpu_.cr2;
  return std::nullopt;
}

}  // namespace xs::scenario
