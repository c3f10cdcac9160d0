// How the live machine translates an address, what a TLB holds, what the bytes of a table mean: plain data,
// made when it is asked for (machine_image.h), with the owner of each frame at that instant.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/abi/observe.h"
#include "sim/core/translation.h"

namespace xs::viz {

/// Whose translations: a CPU's, whoever runs there, or a VCPU's, wherever it is.
struct Subject {
  std::optional<u32> cpu = 0;
  u32 dv = 0;  ///< without `cpu`
  bool operator==(const Subject&) const = default;
};
/// "cpu1", "d0v1"; nothing when it is neither.
std::optional<Subject> subject_of(const std::string& text);

struct TranslationWish {
  Subject subject;
  std::optional<AddressPlace> place = AddressPlace::pc;  ///< followed from instant to instant; none: `va`
  u64 va = 0;
  AddressUse use = AddressUse::fetch;
  bool operator==(const TranslationWish&) const = default;
};

struct FrameImage {
  bool ram = false;
  u32 owner = XS_OWNER_NONE;
  unsigned type = XS_FRAME_NONE;
};

struct SubjectImage {
  Subject subject;
  std::optional<u32> dv;  ///< VCPU that is, or runs there
  std::string state;      ///< why a VCPU does not run; empty: it runs
};

struct TlbEntryImage : HeldPage {
  FrameImage frame;
};

struct TranslationImage {
  TranslationWish wish;  ///< that this answers
  std::vector<SubjectImage> subjects;
  bool known = false;      ///< the subject is one of them; else nothing below means anything
  std::optional<u32> cpu;  ///< that it is, or runs on
  std::optional<u32> dv;
  bool guest_code = false;  ///< runs there now
  u64 va = 0;
  std::array<std::optional<u64>, address_places> places;
  std::optional<Explanation> processor;  ///< what the CPU does with it
  std::optional<Explanation> own;        ///< what the VCPU's own tables, or insertions, say
  std::string differ;                    ///< in what the two contradict each other; empty: in nothing
  std::map<u64, FrameImage> frames;      ///< those that steps name, by MFN
  std::vector<TlbEntryImage> tlb;        ///< of the CPU, by address
};

struct TableEntryImage : TableEntry {
  FrameImage frame_image;  ///< of `frame`
};

/// "rwx at 0, r-x at 1-3"; "---": nothing to nobody.
std::string rights_text(const std::array<u8, 4>& by_level);
std::string rights_text(u8 rights);
/// "4K", "2M".
std::string page_size_text(unsigned shift);
/// Words by which a TLB entry is found: addresses, frame, owner's label, rights, tags.
std::string tlb_text(const TlbEntryImage& entry, const std::string& owner);
const char* use_name(AddressUse use);
const char* place_name(AddressPlace place);

}  // namespace xs::viz
