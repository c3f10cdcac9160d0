// Grants in use, as the hypervisor's marks tell them (XS_MARK_GRANT): who maps whose frame by which
// reference.
//
//     { granter, reference, user } --> { frame; mappings: for reading, for writing; shown, held }
//     frame --> those
//
// A copy or a transfer is over when it is told, and leaves nothing here.
#pragma once
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "hypervisor/abi/observe.h"
#include "sim/core/types.h"

namespace xs::observe {

/// A mark, taken apart.
struct GrantUse {
  u32 granter = 0, user = 0, ref = 0;
  xs_grant_use use = XS_GRANT_MAP;
  bool write = false, held = false;
  u64 mfn = 0;
};
/// A frame goes from one domain to the other: it is told when it has.
constexpr bool is_move(const GrantUse& u) { return u.use >= XS_GRANT_TRANSFER; }
/// The domain whose the frame is, or has become by this.
constexpr u32 owner_after(const GrantUse& u) { return u.use == XS_GRANT_EXCHANGE_FROM ? u.user : u.granter; }
/// Of an event `grant`: a mapping begins or ends.
constexpr bool is_mapping(u64 what) {
  const u64 use = what >> XS_GRANT_USE_SHIFT & 0xff;
  return use == XS_GRANT_MAP || use == XS_GRANT_UNMAP;
}
/// The words a, b, c of XS_MARK_GRANT; none when there is no such use.
std::optional<GrantUse> decode_grant(u64 parties, u64 what, u64 mfn);
u64 grant_parties(const GrantUse& u);  ///< word a
u64 grant_what(const GrantUse& u);     ///< word b

struct GrantKey {
  u32 granter = 0, ref = 0, user = 0;
  auto operator<=>(const GrantKey&) const = default;  // NOLINT(modernize-use-nullptr): the compiler's own 0
};

struct Mappings {
  u32 readers = 0, writers = 0;
  u64 all() const { return u64{readers} + writers; }
  bool operator==(const Mappings&) const = default;
};

struct GrantInUse {
  u64 mfn = 0;
  Mappings shown;  ///< each by an entry of a page table or P2M
  Mappings held;   ///< by the grant itself: for devices, or in a model without tables
  u64 all() const { return shown.all() + held.all(); }
  u64 writers() const { return u64{shown.writers} + held.writers; }
  bool operator==(const GrantInUse&) const = default;
};

class GrantsInUse {
 public:
  static constexpr std::size_t most = std::size_t{1}
                                      << 18;  ///< entries; what the hypervisor allows 16 domains
  using Map = std::map<GrantKey, GrantInUse>;

  /// One mapping more or less; throws Error when that cannot be. Other uses change nothing.
  void apply(const GrantUse& u);
  /// A whole entry, as a keyframe has it; throws Error when it cannot be.
  void add(const GrantKey& key, const GrantInUse& grant);
  /// Whatever `domid` grants or maps.
  void forget(u32 domid);

  const Map& all() const { return grants_; }
  const GrantInUse* find(const GrantKey& key) const {
    const auto it = grants_.find(key);
    return it == grants_.end() ? nullptr : &it->second;
  }
  u64 mappings() const { return mappings_; }
  /// Of one reference, by all users; `mfn` is meant when there are any.
  GrantInUse of_reference(u32 granter, u32 ref) const;
  /// Of one frame by one user, by all references of `owner`, whose the frame is now. A mapping whose entry
  /// the user has overwritten itself holds nothing: its frame may be somebody else's by now.
  GrantInUse of_user(u32 user, u64 mfn, u32 owner) const;
  /// Calls fn(key, grant) for each that names the frame.
  template <typename Fn>
  void for_frame(u64 mfn, Fn fn) const {
    for (auto it = by_frame_.lower_bound({mfn, {}}); it != by_frame_.end() && it->first == mfn; ++it)
      fn(it->second, grants_.at(it->second));
  }
  bool operator==(const GrantsInUse& other) const { return grants_ == other.grants_; }

 private:
  Map grants_;
  std::set<std::pair<u64, GrantKey>> by_frame_;
  u64 mappings_ = 0;
};

/// "1 for reading, 2 for writing (1 held)".
std::string mappings_text(const GrantInUse& grant);

}  // namespace xs::observe
