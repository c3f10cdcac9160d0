// What a CPU makes of a virtual address, told step by step to whoever looks, and what its TLB holds. Plain
// data: no part of how a machine runs.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs {

/// What an address is used for. It decides which rights are needed and, on IA-64, which TLB is asked and
/// whether addresses are translated at all (PSR.it, dt, rt).
enum class AddressUse : u8 { fetch, read, write, register_stack };

/// Addresses that a CPU's own registers name.
enum class AddressPlace : u8 { pc, stack, register_stack, last_fault };
inline constexpr unsigned address_places = 4;
/// What a CPU uses them for.
constexpr AddressUse use_of(AddressPlace place) {
  if (place == AddressPlace::pc) return AddressUse::fetch;
  return place == AddressPlace::register_stack ? AddressUse::register_stack : AddressUse::read;
}

enum PageRight : u8 { page_read = 1, page_write = 2, page_execute = 4 };

/// One register or table entry on the way from an address to memory.
struct TranslationStep {
  std::string what;          ///< "PML4E 0x102", "rr5", "DTR 3", "P2M"
  std::optional<u64> at;     ///< physical address of what is read; none: a register
  std::optional<u64> value;  ///< as it is read
  std::string means;         ///< its fields, decoded, or why the way ends here
  std::optional<u64> frame;  ///< that it leads to: MFN
  std::optional<u64> name;   ///< what it says, where a domain's names for frames are no MFNs: GFN
};

/// One page that a TLB holds.
struct HeldPage {
  u64 va = 0, pa = 0;
  u8 shift = 12;
  std::array<u8, 4> rights{};  ///< PageRight bits by privilege level, but for what control registers refuse
  bool present = true, accessed = true, dirty = false, global = false;
  bool reachable = true;           ///< its tag is loaded now: else `va` is an offset in some region
  const char* where = "";          ///< "TLB", "L1D 4K", "ITC", "DTR"
  std::optional<unsigned> number;  ///< of a register
  std::optional<u32> rid, key;     ///< where translations have them
  bool operator==(const HeldPage&) const = default;
};

/// Where an access gets to, or why it does not.
struct TranslationOutcome {
  bool ok = false;
  u64 pa = 0;     ///< of the address itself
  u8 shift = 12;  ///< log2 of the page's size
  u8 rights = 0;  ///< PageRight bits at the level of the access; x86: no write before the D bit is set
  u32 fault = 0;  ///< x86: error code of the #PF. IA-64: offset in the IVT
  std::string why;
};

struct Explanation {
  u64 va = 0;
  AddressUse use = AddressUse::read;
  unsigned level = 0;            ///< of privilege
  bool physical = false;         ///< not translated at all
  bool of_hypervisor = false;    ///< its own address, of which a guest has no tables
  bool partial = false;          ///< not all is known here: that nothing was found proves nothing
  TranslationOutcome now;        ///< what the CPU gets: by the TLB, else by the tables
  TranslationOutcome tables;     ///< by the tables alone
  std::optional<HeldPage> held;  ///< what the TLB has for the address
  bool hit = false;              ///< and that grants this access
  std::string stale;             ///< in what it contradicts the tables; empty: in nothing
  std::vector<TranslationStep> steps;
};

/// One entry of a table that hardware reads, decoded.
struct TableEntry {
  unsigned index = 0;
  u64 value = 0;
  std::string means;
  std::optional<u64> frame;  ///< as the entry names it
  bool table = false;        ///< that frame is a table of the level below
};

}  // namespace xs
