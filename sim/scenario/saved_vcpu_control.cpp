#include "sim/scenario/saved_vcpu_control.h"

#include <algorithm>
#include <cstring>
#include <string_view>

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

// The walk of SDM vol. 3A 4.5, without rights; entries name frames as the domain does.
bool SavedVcpuControl::translate(u64 va, u64& pa) const {
  constexpr u64 present = 1, large = 0x80, frame_bits = 0x000ffffffffff000;
  const u64 sign = va >> 47;
  if (sign != 0 && sign != (u64{1} << 17) - 1) return false;  // not canonical
  const u64 slot = va >> 39 & 511;
  if (slot >= 256 && slot < 272) return core_.translate(va, pa);  // the hypervisor's (xen-x86_64.h)
  u64 name = vcpu_.table;
  for (unsigned level = 4;; --level) {
    const u64 mfn = frame_of_(name);
    u64 entry = 0;
    const unsigned shift = frame_shift + 9 * (level - 1);
    if (mfn == invalid_frame || !memory_.host(mfn << frame_shift)) return false;
    std::memcpy(&entry, memory_.host(mfn << frame_shift) + (va >> shift & 511) * 8, sizeof entry);
    if (!(entry & present)) return false;
    if (level > 1 && !(level < 4 && entry & large)) {
      name = (entry & frame_bits) >> frame_shift;
      continue;
    }
    const u64 inside = va & ((u64{1} << shift) - 1);
    const u64 at = (entry & frame_bits & ~((u64{1} << shift) - 1)) | inside;
    const u64 frame = frame_of_(at >> frame_shift);
    pa = frame << frame_shift | (at & frame_mask);
    return frame != invalid_frame;
  }
}

}  // namespace xs::scenario
