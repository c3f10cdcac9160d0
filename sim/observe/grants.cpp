#include "sim/observe/grants.h"

#include <fmt/format.h>

#include <xen/xen.h>

#include "sim/core/error.h"

namespace xs::observe {
namespace {

constexpr u64 use_mask = 0xff;
constexpr u64 all_flags = XS_GRANT_WRITE | XS_GRANT_HELD;

u32& counter_of(GrantInUse& grant, const GrantUse& u) {
  Mappings& m = u.held ? grant.held : grant.shown;
  return u.write ? m.writers : m.readers;
}

void sum_up(GrantInUse& sum, const GrantInUse& one) {
  sum.mfn = one.mfn;
  sum.shown.readers += one.shown.readers, sum.shown.writers += one.shown.writers;
  sum.held.readers += one.held.readers, sum.held.writers += one.held.writers;
}

}  // namespace

std::optional<GrantUse> decode_grant(u64 parties, u64 what, u64 mfn) {
  const u64 use = what >> XS_GRANT_USE_SHIFT & use_mask;
  const u64 granter = parties >> 16, user = parties & 0xffff;
  const u64 others = what & ~(all_flags | use_mask << XS_GRANT_USE_SHIFT | 0xffffffff);
  if (use < XS_GRANT_MAP || use > XS_GRANT_EXCHANGE_FROM || others != 0 || granter >= DOMID_FIRST_RESERVED ||
      user >= DOMID_FIRST_RESERVED)
    return std::nullopt;
  return GrantUse{static_cast<u32>(granter),
                  static_cast<u32>(user),
                  static_cast<u32>(what),
                  static_cast<xs_grant_use>(use),
                  (what & XS_GRANT_WRITE) != 0,
                  (what & XS_GRANT_HELD) != 0,
                  mfn};
}

u64 grant_parties(const GrantUse& u) { return u64{u.granter} << 16 | u.user; }

u64 grant_what(const GrantUse& u) {
  return u64{u.use} << XS_GRANT_USE_SHIFT | (u.write ? XS_GRANT_WRITE : 0) | (u.held ? XS_GRANT_HELD : 0) |
         u.ref;
}

void GrantsInUse::apply(const GrantUse& u) {
  if (!is_mapping(grant_what(u))) return;
  const GrantKey key{u.granter, u.ref, u.user};
  if (u.use == XS_GRANT_MAP) {
    GrantInUse one{u.mfn, {}, {}};
    if (const GrantInUse* known = find(key)) one = *known;
    if (one.mfn != u.mfn) throw Error(fmt::format("trace: reference {} is another frame now", u.ref));
    if (++counter_of(one, u) == 0) throw Error("trace: too many mappings of a grant");
    add(key, one);
    return;
  }
  const auto it = grants_.find(key);
  if (it == grants_.end() || it->second.mfn != u.mfn || counter_of(it->second, u) == 0)
    throw Error(fmt::format("trace: reference {} is not mapped like that", u.ref));
  --counter_of(it->second, u);
  --mappings_;
  if (it->second.all() != 0) return;
  by_frame_.erase({u.mfn, key});
  grants_.erase(it);
}

void GrantsInUse::add(const GrantKey& key, const GrantInUse& grant) {
  if (grant.all() == 0) throw Error("trace: a grant that nobody uses");
  const auto it = grants_.find(key);
  if (it == grants_.end() && grants_.size() >= most) throw Error("trace: too many grants");
  if (it != grants_.end()) {
    mappings_ -= it->second.all();
    by_frame_.erase({it->second.mfn, key});
  }
  mappings_ += grant.all();
  grants_[key] = grant;
  by_frame_.emplace(grant.mfn, key);
}

void GrantsInUse::forget(u32 domid) {
  for (auto it = grants_.begin(); it != grants_.end();) {
    if (it->first.granter != domid && it->first.user != domid) {
      ++it;
      continue;
    }
    mappings_ -= it->second.all();
    by_frame_.erase({it->second.mfn, it->first});
    it = grants_.erase(it);
  }
}

GrantInUse GrantsInUse::of_reference(u32 granter, u32 ref) const {
  GrantInUse sum;
  for (auto it = grants_.lower_bound({granter, ref, 0});
       it != grants_.end() && it->first.granter == granter && it->first.ref == ref; ++it)
    sum_up(sum, it->second);
  return sum;
}

GrantInUse GrantsInUse::of_user(u32 user, u64 mfn, u32 owner) const {
  GrantInUse sum;
  for_frame(mfn, [&](const GrantKey& key, const GrantInUse& grant) {
    if (key.user == user && key.granter == owner) sum_up(sum, grant);
  });
  return sum;
}

std::string mappings_text(const GrantInUse& grant) {
  const u64 readers = u64{grant.shown.readers} + grant.held.readers;
  std::string text;
  if (readers != 0) text = fmt::format("{} for reading", readers);
  if (grant.writers() != 0)
    text += fmt::format("{}{} for writing", text.empty() ? "" : ", ", grant.writers());
  if (grant.held.all() != 0) text += fmt::format(" ({} held)", grant.held.all());
  return text;
}

}  // namespace xs::observe
