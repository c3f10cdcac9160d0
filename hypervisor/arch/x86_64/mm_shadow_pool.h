// Of what shadows are made: frames, a pool of tables, roots. For mm_shadow.cpp alone.
#pragma once
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"

namespace hv {

/// One instruction touches at most a few pages at unrelated addresses; each needs three tables below its
/// root.
constexpr u32 kLeastTables = 64;

void free_shadow_frame(Mfn mfn);

/// Shadows of validated tables have a lock of their own (mm_shadow.h): held while this lives, where the
/// domain is shadowed for a time.
class DirectGuard {
 public:
  explicit DirectGuard(const Vcpu* vcpu);
  ~DirectGuard();
  DirectGuard(const DirectGuard&) = delete;
  DirectGuard& operator=(const DirectGuard&) = delete;

 private:
  bool locked_;
};
/// The VCPU, if its domain is shadowed so, is one of those, or is none any more.
void list_direct(Vcpu* vcpu);
void unlist_direct(Vcpu* vcpu);
/// fn of each, then `then`, under their lock.
void each_direct(void (*fn)(Vcpu*), void (*then)());

/// An empty table for the root; kInvalidMfn when the pool is used up.
Mfn take_table(Shadow& s, Shadow::Root& root);
/// All of its tables are in the pool again.
void empty_root(Shadow& s, Shadow::Root& root);
void release_pool(Shadow& s);
/// Room for so many tables. False: memory is out.
bool make_room(Shadow& s, u32 size);
/// False: memory is out; what there was is in the pool.
bool fill_pool(Shadow& s, u32 size);
bool make_pool(Shadow& s, u32 size);
/// 0 or -XEN_ENOMEM.
int make_roots(Vcpu* vcpu);
/// What of so many frames is one VCPU's.
u32 share_of(const Domain* domain, u64 frames);

}  // namespace hv
