// A machine for the hypervisor's memory half on the host.
//
//   RAM:  low [0, 4 MiB) and high from MFN 2^32, both backed by one host array each; the frame table and M2P
//   are sparse
//         anonymous mappings, as on the target.
//   panic() throws Panic, so that a test sees an assertion of the hypervisor as a failure of its own.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "hypervisor/abi/iommu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/page_type.h"

namespace hvtest {

using namespace hv;

struct Panic {
  std::string text;
};

constexpr Mfn kLowFrames = 1024;
constexpr Mfn kHighFirst = 1ull << 32;
constexpr u64 kHighFrames = 4096;

extern unsigned flushes;  ///< of all CPUs
extern bool preempt;      ///< each step of a long operation is its last for now
/// Of the one page of devices that there is, 0xfeb00; interrupts whose ports were closed.
extern u32 device_registers[kPageSize / 4];
extern std::vector<unsigned> closed_pirqs;
extern unsigned shadow_events[8];   ///< by enum xs_shadow_event
extern std::vector<DomId> dropped;  ///< domain_put() calls
/// What marks have told: {VCPU, xs_kept << 32 | page} -> frame.
extern std::map<std::pair<u64, u64>, Mfn> kept;

/// Uses of grants as marks have told them.
struct GrantMark {
  DomId granter, user;
  xs_grant_use use;
  bool write;
  u32 ref;
  Mfn mfn;
};
extern std::vector<GrantMark> grant_marks;
/// {frame, for writing} -> references that grants hold themselves.
extern std::map<std::pair<Mfn, bool>, u64> held;
void note_grant(u64 domains, u64 what, Mfn mfn);

/// Registers of an IOMMU as they were last written: it does nothing.
constexpr unsigned kIommuSlots = 24;
extern u32 iommu_registers[XS_IOMMU_REGISTER_BYTES / 4];

/// Boots the memory half; the process has one machine.
void boot();
/// A domain registered with the memory half.
Domain* add_domain(DomId id, u64 max_pages, xs_memory_model model = XS_MODEL_DIRECT);
void remove_domain(Domain* domain);
/// All of its end but the structure's.
void end_domain(Domain* domain);

/// Hypercalls that follow are this VCPU's.
void enter(Vcpu* vcpu);
/// Guest addresses from here on fault.
constexpr Vaddr kBadAddress = 0x0000800000000000;

/// What an outside observer demands: one owner, free frames blank, lists and totals in agreement.
std::string broken_invariant();

/// Counts anew, from the tables themselves, what every frame is referred to, and compares. "" when all agree.
std::string broken_reference();

/// MemoryModel::map_foreign at a place that is the caller's to choose.
int map_foreign(Domain* domain, Gfn gfn, Domain* owner, u64 name);

/// A frame of the domain with its contents.
Mfn frame_for(Domain* domain, unsigned address_bits = 64);
u64* words(Mfn mfn);
u64 refs(Mfn mfn);
u64 type_refs(Mfn mfn);

}  // namespace hvtest
