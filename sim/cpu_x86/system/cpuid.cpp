#include <cstring>

#include "sim/cpu_x86/system/core.h"
#include "sim/cpu_x86/system/cpu_model.h"

namespace xs::x86 {

namespace {

struct Leaf {
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
};

u32 word(const char* text, unsigned at) {
  u32 w;
  std::memcpy(&w, text + at, 4);
  return w;
}

Leaf brand_leaf(unsigned part) {
  char text[48] = {};
  std::memcpy(text, model::brand, sizeof model::brand);
  return {word(text, 16 * part), word(text, 16 * part + 4), word(text, 16 * part + 8),
          word(text, 16 * part + 12)};
}

Leaf basic_leaf(u32 leaf, unsigned id, unsigned cores) {
  switch (leaf) {
    case 0:
      return {model::max_leaf, word(model::vendor, 0), word(model::vendor, 8), word(model::vendor, 4)};
    case 1: {
      const u32 counts = cores > 1 ? cores << 16 : 0;
      return {model::signature, id << 24 | counts | 8u << 8, model::leaf1_ecx,
              model::leaf1_edx | (cores > 1 ? u32{model::htt} : 0u)};
    }
    case 7:
      return {0, model::leaf7_ebx, 0, 0};
    default:
      return {};
  }
}

Leaf extended_leaf(u32 leaf, unsigned cores) {
  switch (leaf) {
    case 0x80000000:
      return {model::max_extended_leaf, word(model::vendor, 0), word(model::vendor, 8),
              word(model::vendor, 4)};
    case 0x80000001:
      return {model::signature, 0, model::extended_ecx, model::extended_edx};
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
      return brand_leaf(leaf - 0x80000002);
    case 0x80000008:
      return {model::linear_bits << 8 | model::physical_bits, 0, cores - 1, 0};
    default:
      return {};
  }
}

}  // namespace

void Core::cpuid() {
  const u32 leaf = static_cast<u32>(gpr(0)), subleaf = static_cast<u32>(gpr(1));
  Leaf l;
  if (leaf == 0x40000000)
    l = {0x40000000, word(model::hypervisor_vendor, 0), word(model::hypervisor_vendor, 4),
         word(model::hypervisor_vendor, 8)};
  else if (leaf >= 0x80000000)
    l = extended_leaf(leaf, config_.cores);
  else if (leaf != 7 || subleaf == 0)
    l = basic_leaf(leaf, config_.id, config_.cores);
  set_gpr(0, l.eax);
  set_gpr(3, l.ebx);
  set_gpr(1, l.ecx);
  set_gpr(2, l.edx);
}

}  // namespace xs::x86
