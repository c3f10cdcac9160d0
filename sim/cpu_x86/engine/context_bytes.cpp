#include "sim/cpu_x86/engine/context_bytes.h"

#include "sim/cpu_x86/system/descriptor.h"

namespace xs::x86 {

namespace {

u32 code_mode(u32 hflags, const Segment& cs) {
  hflags &= ~(hf_cs32 | hf_cs64);
  if ((hflags & hf_lma) && (cs.attributes & attr_long))
    return (hflags | hf_cs32 | hf_ss32 | hf_cs64) & ~hf_addseg;
  if (cs.attributes & attr_big) hflags |= hf_cs32;
  return hflags;
}

}  // namespace

void ContextBytes::set_segment(SegmentIndex i, const Segment& s) {
  const size_t at = 184 + 24 * size_t{i};
  put(at, u32{s.selector});
  put(at + 8, s.base);
  put(at + 16, s.limit);
  put(at + 20, s.attributes);
  u32 h = hflags();
  if (i == seg_cs) h = code_mode(h, s);
  if (i == seg_ss) {
    h = (h & ~hf_cpl) | (s.attributes >> attr_dpl_shift & 3);
    if (!(h & hf_cs64)) h = (h & ~hf_ss32) | (s.attributes & attr_big ? hf_ss32 : hf_none);
  }
  if (!(h & hf_cs64)) {
    const bool flat = (h & hf_pe) && (h & hf_cs32) && !segment(seg_ds).base && !segment(seg_es).base &&
                      !segment(seg_ss).base;
    h = flat ? h & ~hf_addseg : h | hf_addseg;
  }
  set_hflags(h);
}

}  // namespace xs::x86
