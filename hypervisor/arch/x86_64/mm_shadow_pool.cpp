#include "hypervisor/arch/x86_64/mm_shadow_pool.h"

#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
Spinlock direct_lock;  // the innermost but for flushes of CPUs
Vcpu* shadowed_vcpus;

Mfn new_shadow_frame() {
  const Mfn mfn = alloc_frame();
  if (mfn != kInvalidMfn) frame_set_type_info(mfn, type_bits(XS_FRAME_SHADOW));
  return mfn;
}

void chain_free(Shadow& s, u32 position) {
  s.next[position] = s.free;
  s.free = position + 1;
}
}  // namespace

void free_shadow_frame(Mfn mfn) {
  frame_set_type_info(mfn, 0);
  free_frame(mfn);
}

// --- of validated tables ---------------------------------------------------------------------------
DirectGuard::DirectGuard(const Vcpu* vcpu) : locked_(vcpu->domain->arch.shadowed) {
  if (locked_) direct_lock.lock();
}
DirectGuard::~DirectGuard() {
  if (locked_) direct_lock.unlock();
}

void list_direct(Vcpu* vcpu) {
  if (!vcpu->domain->arch.shadowed) return;
  LockGuard guard(direct_lock);
  vcpu->arch.shadow.next_shadowed = shadowed_vcpus;
  __atomic_store_n(&shadowed_vcpus, vcpu, __ATOMIC_RELEASE);
}

void unlist_direct(Vcpu* vcpu) {
  if (__atomic_load_n(&shadowed_vcpus, __ATOMIC_ACQUIRE) == nullptr) return;
  LockGuard guard(direct_lock);
  for (Vcpu** at = &shadowed_vcpus; *at != nullptr; at = &(*at)->arch.shadow.next_shadowed)
    if (*at == vcpu) {
      *at = vcpu->arch.shadow.next_shadowed;
      return;
    }
}

void each_direct(void (*fn)(Vcpu*), void (*then)()) {
  if (__atomic_load_n(&shadowed_vcpus, __ATOMIC_ACQUIRE) == nullptr) return then();
  LockGuard guard(direct_lock);
  for (Vcpu* vcpu = shadowed_vcpus; vcpu != nullptr; vcpu = vcpu->arch.shadow.next_shadowed) fn(vcpu);
  then();
}

// --- the pool --------------------------------------------------------------------------------------
Mfn take_table(Shadow& s, Shadow::Root& root) {
  if (s.free == 0) return kInvalidMfn;
  const u32 position = s.free - 1;
  s.free = s.next[position];
  s.next[position] = root.first;
  root.first = position + 1;
  if (root.last == 0) root.last = root.first;
  root.count++;
  memset(frame_to_virt(s.table[position]), 0, kPageSize);
  return s.table[position];
}

void empty_root(Shadow& s, Shadow::Root& root) {
  if (root.count == 0) return;
  Pte* l4 = table_at(root.l4);
  for (unsigned word = 0; word < count_of(root.used_slots); word++)
    for (u64& bits = root.used_slots[word]; bits != 0; bits &= bits - 1)
      xs_store64(l4 + word * 64 + static_cast<unsigned>(__builtin_ctzll(bits)), 0);
  s.next[root.last - 1] = s.free;
  s.free = root.first;
  root.first = root.last = root.count = 0;
  root.splits_huge = false;
}

void release_pool(Shadow& s) {
  for (Shadow::Root& root : s.root) empty_root(s, root);
  for (u32 i = 0; i < s.size; i++) free_shadow_frame(s.table[i]);
  release(s.table);
  release(s.next);
  s.table = nullptr;
  s.next = nullptr;
  s.size = s.free = 0;
}

bool make_room(Shadow& s, u32 size) {
  s.table = static_cast<Mfn*>(allocate(size * sizeof(Mfn)));
  s.next = static_cast<u32*>(allocate(size * sizeof(u32)));
  return s.table != nullptr && s.next != nullptr;
}

bool fill_pool(Shadow& s, u32 size) {
  while (s.size < size) {
    const Mfn mfn = new_shadow_frame();
    if (mfn == kInvalidMfn) return false;
    s.table[s.size] = mfn;
    chain_free(s, s.size++);
  }
  return true;
}

bool make_pool(Shadow& s, u32 size) { return make_room(s, size) && fill_pool(s, size); }

int make_roots(Vcpu* vcpu) {
  for (Shadow::Root& root : vcpu->arch.shadow.root) {
    root.l4 = new_shadow_frame();
    if (root.l4 == kInvalidMfn) return -XEN_ENOMEM;
    Pte* l4 = table_at(root.l4);
    arch_fill_hypervisor_slots(l4);
    if (vcpu->domain->mm.model->plain_tables) l4[kGuestM2pSlot] = 0;  // for those who make entries of it
  }
  return 0;
}

u32 share_of(const Domain* domain, u64 frames) {
  return static_cast<u32>(min_of<u64>(max_of<u64>(frames / domain->max_vcpus, kLeastTables), 1u << 20));
}

}  // namespace hv
