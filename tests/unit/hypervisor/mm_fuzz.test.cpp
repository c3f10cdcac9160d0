// A hostile guest, and a privileged one that makes mistakes, call the memory hypercalls with random
// arguments, most of them nearly right. Whatever they do, the counts must equal what the tables say, no frame
// may have two types, and a domain's end must give all its frames back.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>

#include "hypervisor/abi/grants.h"
#include "hypervisor/arch/x86_64/arch_hypercalls.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/percpu.h"
#include "machine.h"

using namespace hvtest;

namespace {
constexpr u64 kFrames = 48;
constexpr unsigned kLowBits = 44;  // grants name frames by 32 bits
constexpr u32 kRefs = 12;

struct Guest {
  Domain* domain;
  Vcpu* vcpu;
  std::vector<Mfn> known;  // MFNs it has ever seen
  std::vector<gnttab_map_grant_ref> mapped;

  Guest(DomId id, bool privileged) : domain(add_domain(id, kFrames + 16)), vcpu(new Vcpu()) {
    domain->privileged = privileged;
    domain->max_vcpus = 1;
    domain->vcpu[0] = vcpu;
    vcpu->domain = domain;
    for (u64 i = 0; i < kFrames; i++) known.push_back(frame_for(domain, kLowBits));
    domain->grants.mapping_page_limit = 1;
    if (grant_table_frame(domain, 0) == kInvalidMfn) throw Panic{"no grant table"};
    domain->shared_mfn = alloc_frame();
    share_frame_with_domain(domain->shared_mfn, domain);
    known.push_back(domain->shared_mfn);
  }
};

class Fuzzer {
 public:
  Fuzzer(u64 seed, std::vector<Guest*> guests) : random_(seed), guests_(std::move(guests)) {}

  void step() {
    self_ = guests_[pick(guests_.size())];
    enter(self_->vcpu);
    if (chance(60)) calm();
    switch (pick(15)) {
      case 12:
        return offer();
      case 13:
        return chance(2) ? map_grant() : unmap_grant();
      case 14:
        return chance(2) ? copy_granted() : chance(2) ? transfer() : move_list();
      case 0:
      case 1:
      case 2:
        return mmu_updates();
      case 3:
      case 4:
        return extended();
      case 5:
        return update_va();
      case 6:
        return reservation();
      case 7:
        return descriptors();
      case 8:
        return exchange();
      case 9:
        return sane_tree();
      default:
        return plain_store();
    }
  }

  const std::map<std::string, u64>& succeeded() const { return succeeded_; }

 private:
  u64 pick(u64 n) { return random_() % n; }
  bool chance(u64 n) { return pick(n) == 0; }

  Mfn frame() {
    if (chance(20)) return guests_[pick(guests_.size())]->known[pick(10)];
    if (chance(60)) return random_();
    if (chance(60)) return kHighFirst + kHighFrames - 1 + pick(3);
    if (chance(60)) return 0xfeb00;
    // Few frames, so that the same ones meet again in other roles.
    return self_->known[pick(chance(4) ? self_->known.size() : 12)];
  }
  Pte entry() {
    if (chance(6)) return random_() & ~kPtePresent;
    Pte pte = make_pte(frame(), kPtePresent | kPteUser);
    if (chance(2)) pte |= kPteWritable;
    if (chance(30)) pte |= kPteLarge;
    if (chance(30)) pte |= 1ull << pick(64);
    return pte;
  }
  u64 slot() { return chance(8) ? pick(512) : pick(3); }
  DomId domid() {
    if (!chance(5)) return DOMID_SELF;
    const DomId ids[] = {0, 5, 6, 77, DOMID_IO, DOMID_XEN, DOMID_INVALID};
    return ids[pick(count_of(ids))];
  }

  // What a guest does to a frame it can write: only when the frame is not in use as something else.
  void plain_store() {
    const Mfn mfn = frame();
    MmGuard guard;
    if (frame_and_type_get(mfn, XS_FRAME_WRITABLE, self_->domain) != 0) return;
    for (int i = 0; i < 3; i++) words(mfn)[slot()] = entry();
    if (chance(3))
      for (int i = 0; i < 512; i++) words(mfn)[i] = 0;
    frame_and_type_put(mfn, self_->domain);
  }

  // Random calls wedge a guest: everything ends up in use as something. Let go, fill up, and look around.
  void calm() {
    for (const auto& m : self_->mapped) {
      gnttab_unmap_grant_ref op = {m.host_addr, m.dev_bus_addr, m.handle, 0};
      if (self_->vcpu->arch.kernel_table != kInvalidMfn)
        do_grant_table_op({{GNTTABOP_unmap_grant_ref, reinterpret_cast<Vaddr>(&op), 1}});
    }
    self_->mapped.clear();
    const FrameList& list = self_->domain->mm.frames;
    self_->known.resize(1);
    self_->known[0] = self_->domain->shared_mfn;
    for (Mfn mfn = frame_list_first(list); mfn != kInvalidMfn; mfn = frame_list_next(mfn))
      self_->known.insert(self_->known.begin(), mfn);
    for (const Mfn mfn : self_->known) {
      mmuext_op op = {};
      op.cmd = MMUEXT_UNPIN_TABLE;
      op.arg1.mfn = mfn;
      do_mmuext_op({{reinterpret_cast<Vaddr>(&op), 1, 0, DOMID_SELF, 0, 0}});
    }
    do_set_gdt({{1, 0, 0, 0, 0, 0}});
    while (self_->domain->mm.total_pages < kFrames)
      self_->known.insert(self_->known.begin(), frame_for(self_->domain, kLowBits));
  }

  bool clear(Mfn mfn) {
    MmGuard guard;
    if (frame_and_type_get(mfn, XS_FRAME_WRITABLE, self_->domain) != 0) return false;
    for (int i = 0; i < 512; i++) words(mfn)[i] = 0;
    frame_and_type_put(mfn, self_->domain);
    return true;
  }

  // What a kernel does: four tables and a page, mapped from the bottom up, then made the base.
  void sane_tree() {
    Mfn t[5];
    for (Mfn& mfn : t)
      if (!clear(mfn = self_->known[pick(self_->known.size() - 1)])) return;
    const u64 i = pick(3);
    words(t[3])[i] = make_pte(t[4], kPtePresent | (chance(2) ? kPteWritable : 0));
    for (int level = 2; level >= 0; level--)
      words(t[level])[chance(3) ? slot() : 0] = make_pte(t[level + 1], kPtePresent | kPteWritable);
    mmuext_op op = {};
    op.cmd = chance(2) ? MMUEXT_PIN_L4_TABLE : MMUEXT_NEW_BASEPTR;
    op.arg1.mfn = t[0];
    count(do_mmuext_op({{reinterpret_cast<Vaddr>(&op), 1, 0, DOMID_SELF, 0, 0}}) == 0, "tree");
  }

  void mmu_updates() {
    mmu_update requests[4];
    u64 n = 0;
    for (auto& r : requests) {
      r.ptr = (frame() << kPageShift) + slot() * 8 + (chance(10) ? pick(8) : pick(2) * 2);
      r.val = entry();
      n++;
    }
    u32 done = 0;
    const u64 named = domid() | (chance(5) ? (pick(8) + 1) << 16 : 0);
    const Vaddr at = chance(40) ? kBadAddress : reinterpret_cast<Vaddr>(requests);
    do_mmu_update({{at, n | (chance(20) ? 0x80000000u : 0u), reinterpret_cast<Vaddr>(&done), named, 0, 0}});
    count(done != 0, "mmu_update");
  }

  void extended() {
    mmuext_op op = {};
    op.cmd = static_cast<unsigned>(pick(22));
    if (op.cmd == MMUEXT_FLUSH_CACHE || op.cmd == MMUEXT_FLUSH_CACHE_GLOBAL) return;  // a ring 0 instruction
    op.arg1.mfn = op.cmd == MMUEXT_SET_LDT ? pick(4) << kPageShift : frame();
    if (op.cmd == MMUEXT_COPY_PAGE) op.arg2.src_mfn = frame();
    if (op.cmd == MMUEXT_SET_LDT)
      op.arg2.nr_ents = static_cast<unsigned>(pick(9000)), op.arg1.linear_addr = pick(3) << kPageShift;
    const long rc = do_mmuext_op({{reinterpret_cast<Vaddr>(&op), 1, 0, domid(), 0, 0}});
    const char* const names[] = {"pin L1", "pin L2", "pin L3", "pin L4", "unpin", "new base"};
    if (op.cmd < count_of(names)) count(rc == 0, names[op.cmd]);
    if (self_->vcpu->arch.ldt_entries != 0 && self_->vcpu->arch.kernel_table != kInvalidMfn)
      count(mm_ldt_fault(self_->vcpu, chance(4) ? pick(18) : 0), "LDT page");
  }

  void update_va() {
    if (self_->vcpu->arch.kernel_table == kInvalidMfn) return;
    const Vaddr va =
        chance(10) ? random_() : (chance(4) ? slot() << 39 | slot() << 30 | slot() << 21 : 0) | slot() << 12;
    const Pte pte = entry();
    if (chance(2))
      count(do_update_va_mapping({{va, pte, UVMF_INVLPG, 0, 0, 0}}) == 0, "update_va_mapping");
    else
      count(do_update_va_mapping_otherdomain({{va, pte, 0, domid(), 0, 0}}) == 0,
            "update_va_mapping_otherdomain");
  }

  void reservation() {
    Mfn list[3] = {frame(), frame(), frame()};
    xen_memory_reservation r = {};
    set_xen_guest_handle(r.extent_start, list);
    r.nr_extents = pick(4);
    r.extent_order = chance(4) ? static_cast<unsigned>(pick(20)) : 0;
    r.mem_flags = chance(10) ? static_cast<unsigned>(pick(64)) : 0;
    r.domid = domid();
    const u64 commands[] = {XENMEM_populate_physmap, XENMEM_increase_reservation,
                            XENMEM_decrease_reservation};
    const u64 command = commands[pick(3)];
    const long done =
        do_memory_op({{command | (chance(30) ? pick(5) << 6 : 0), reinterpret_cast<Vaddr>(&r), 0, 0, 0, 0}});
    count(done > 0, "reservation");
    if (command != XENMEM_decrease_reservation && r.domid == DOMID_SELF)
      for (long i = 0; i < done && i < 3; i++) self_->known[pick(self_->known.size() - 1)] = list[i];
  }

  void exchange() {
    Mfn in[4], out[4];
    for (int i = 0; i < 4; i++) in[i] = frame(), out[i] = pick(1000);
    xen_memory_exchange x = {};
    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    const bool join = chance(2);
    x.in.nr_extents = join ? 4 : 1;
    x.out.nr_extents = join ? 1 : 1;
    x.in.extent_order = 0;
    x.out.extent_order = join ? 2 : 0;
    if (chance(20)) x.in.nr_extents = random_();
    if (chance(20)) x.nr_exchanged = pick(6);
    x.in.domid = x.out.domid = domid();
    count(do_memory_op({{XENMEM_exchange, reinterpret_cast<Vaddr>(&x), 0, 0, 0, 0}}) == 0, "exchange");
    if (x.nr_exchanged != 0 && x.in.domid == DOMID_SELF && x.nr_exchanged == x.in.nr_extents)
      self_->known[pick(12)] = out[0];
  }

  void descriptors() {
    if (chance(2)) {
      u64 frames[14];
      for (u64& f : frames) f = frame();
      count(do_set_gdt({{reinterpret_cast<Vaddr>(frames), pick(1100), 0, 0, 0, 0}}) == 0, "set_gdt");
    } else {
      count(do_update_descriptor({{(frame() << kPageShift) + slot() * 8,
                                   chance(2) ? 0x00cff3000000ffffull : random_(), 0, 0, 0, 0}}) == 0,
            "update_descriptor");
    }
  }

  // Its own table is memory like any other.
  void offer() {
    const u16 types[] = {GTF_permit_access, GTF_permit_access | GTF_readonly, GTF_accept_transfer,
                         static_cast<u16>(random_())};
    grant_entry_v1_t& entry = *grant_entry(self_->domain, static_cast<u32>(pick(kRefs)));
    if (chance(10)) entry.frame = static_cast<u32>(random_());
    entry = {types[pick(count_of(types))], someone(), static_cast<u32>(frame())};
  }

  DomId someone() {
    const DomId ids[] = {0, 5, 6, 5, 6, 77, DOMID_SELF};
    return ids[pick(count_of(ids))];
  }
  // Another guest that wants what this one is about to ask for.
  DomId cooperate(u32 ref, u16 flags) {
    const Guest& granter = *guests_[pick(guests_.size())];
    *grant_entry(granter.domain, ref) = {flags, self_->domain->id,
                                         static_cast<u32>(granter.known[pick(granter.known.size())])};
    return granter.domain->id;
  }
  Mfn table_in_use() {
    for (int tries = 0; tries < 20; tries++) {
      const Mfn mfn = frame();
      if (frame_is_ram(mfn) && type_of(frame_type_info(mfn)) == XS_FRAME_L1 && type_refs(mfn) != 0)
        return mfn;
    }
    return frame();
  }
  u32 ref() { return static_cast<u32>(chance(30) ? random_() : pick(kRefs)); }
  Vaddr place(u32 flags) {
    if (flags & GNTMAP_contains_pte) return (table_in_use() << kPageShift) + slot() * 8;
    return chance(20) ? random_() : slot() << kPageShift;
  }

  void map_grant() {
    if (self_->vcpu->arch.kernel_table == kInvalidMfn) return;
    gnttab_map_grant_ref op = {};
    op.flags = chance(20) ? static_cast<u32>(random_()) : GNTMAP_host_map;
    if (chance(4)) op.flags |= GNTMAP_device_map;
    if (chance(3)) op.flags |= GNTMAP_readonly;
    if (chance(2)) op.flags |= GNTMAP_contains_pte;
    op.host_addr = place(op.flags);
    op.ref = ref();
    op.dom = op.ref < kRefs && chance(2) ? cooperate(op.ref, GTF_permit_access) : someone();
    do_grant_table_op({{GNTTABOP_map_grant_ref, reinterpret_cast<Vaddr>(&op), 1}});
    count(op.status == GNTST_okay, "map_grant_ref");
    if (op.status == GNTST_okay) self_->mapped.push_back(op);
  }

  // Of what it has mapped; sometimes twice in one list, or not at all as it was mapped.
  void unmap_grant() {
    if (self_->mapped.empty() || self_->vcpu->arch.kernel_table == kInvalidMfn) return;
    const size_t which = pick(self_->mapped.size());
    const gnttab_map_grant_ref m = self_->mapped[which];
    const u64 host = chance(10) ? place(m.flags) : chance(10) ? 0 : m.host_addr;
    if (chance(3)) {
      const u64 beside = host ^ (m.flags & GNTMAP_contains_pte ? sizeof(Pte) : kPageSize);
      gnttab_unmap_and_replace op = {host, chance(3) ? place(m.flags) : beside, m.handle, 0};
      do_grant_table_op({{GNTTABOP_unmap_and_replace, reinterpret_cast<Vaddr>(&op), 1}});
      return count(op.status == GNTST_okay, "unmap_and_replace");
    }
    gnttab_unmap_grant_ref ops[3];
    for (auto& op : ops)
      op = {host, chance(2) ? m.dev_bus_addr : 0, chance(20) ? static_cast<u32>(random_()) : m.handle, 1};
    do_grant_table_op({{GNTTABOP_unmap_grant_ref, reinterpret_cast<Vaddr>(ops), 1 + pick(3)}});
    count(ops[0].status == GNTST_okay, "unmap_grant_ref");
    if (chance(2)) self_->mapped.erase(self_->mapped.begin() + static_cast<long>(which));
  }

  void copy_granted() {
    gnttab_copy op = {};
    op.flags = static_cast<u16>(pick(4));
    for (auto* side : {&op.source, &op.dest}) {
      const bool by_ref = op.flags & (side == &op.source ? GNTCOPY_source_gref : GNTCOPY_dest_gref);
      side->u.gmfn = by_ref ? ref() : frame();
      side->domid = by_ref ? someone() : DomId{DOMID_SELF};
      side->offset = static_cast<u16>(chance(20) ? random_() : pick(4000));
    }
    op.len = static_cast<u16>(chance(20) ? random_() : pick(90));
    do_grant_table_op({{GNTTABOP_copy, reinterpret_cast<Vaddr>(&op), 1}});
    count(op.status == GNTST_okay, "copy");
  }

  void transfer() {
    gnttab_transfer op = {};
    op.mfn = chance(2) ? frame() : self_->known[pick(self_->known.size())];
    op.ref = ref();
    op.domid = op.ref < kRefs && chance(2) ? cooperate(op.ref, GTF_accept_transfer) : someone();
    do_grant_table_op({{GNTTABOP_transfer, reinterpret_cast<Vaddr>(&op), 1}});
    count(op.status == GNTST_okay, "transfer");
  }

  // Lists of both kinds, the same frame twice in some.
  void move_list() {
    const bool exchange = chance(2);
    gnttab_transfer ops[3] = {};
    const u64 n = 1 + pick(3);
    for (u64 i = 0; i < n; i++) {
      ops[i].mfn = i != 0 && chance(6) ? ops[0].mfn : chance(2) ? frame() : some_known(*self_);
      ops[i].ref = ref();
      const u16 flags = GTF_accept_transfer | (exchange != chance(20) ? XS_GTF_EXCHANGE : 0);
      ops[i].domid = ops[i].ref < kRefs && !chance(4) ? cooperate(ops[i].ref, flags) : someone();
    }
    const unsigned op = exchange ? XS_GNTTABOP_exchange : XS_GNTTABOP_donate;
    do_grant_table_op({{op, reinterpret_cast<Vaddr>(ops), n}});
    for (u64 i = 0; i < n; i++) {
      count(ops[i].status == GNTST_okay, exchange ? "exchange of grants" : "donate");
      if (exchange && ops[i].status == GNTST_okay) self_->known[pick(12)] = ops[i].mfn;
    }
  }
  Mfn some_known(const Guest& g) { return g.known[pick(g.known.size())]; }

  void count(bool ok, const char* what) { succeeded_[what] += ok; }

  std::mt19937_64 random_;
  std::map<std::string, u64> succeeded_;
  std::vector<Guest*> guests_;
  Guest* self_ = nullptr;
};

void end(Guest& g) {
  end_domain(g.domain);
  unshare_frame(g.domain->shared_mfn);
}
}  // namespace

TEST_CASE("counts agree with the tables whatever guests ask for") {
  boot();
  const u64 seed = GENERATE(1, 2, 3, 4, 5, 6);
  CAPTURE(seed);
  const u64 before = heap_free_frames();
  Guest dom0(0, true), five(5, false), six(6, false);
  Fuzzer fuzzer(seed, {&five, &dom0, &six, &five});
  for (int step = 0; step < 40000; step++) {
    fuzzer.step();
    if (step % 50 != 0) continue;
    CAPTURE(step);
    REQUIRE(broken_reference() == "");
    if (step % 1000 == 0) REQUIRE(broken_invariant() == "");
  }
  // A fuzzer whose calls all fail proves nothing.
  CHECK(fuzzer.succeeded().size() == 22);
  for (const auto& [what, times] : fuzzer.succeeded()) {
    CAPTURE(what);
    CHECK(times > 0);
  }
  // dom0's mappings of the others' frames outlive them; then dom0 ends too and everything must be free.
  end(five);
  end(six);
  CHECK(broken_reference() == "");
  end(dom0);
  CHECK(held.empty());
  for (Guest* g : {&dom0, &five, &six}) {
    CHECK(g->domain->mm.total_pages == 0);
    mm_domain_destroy(g->domain);
    grants_destroy(g->domain);
    delete g->vcpu;
    delete g->domain;
  }
  CHECK(heap_free_frames() == before);
  CHECK(broken_invariant() == "");
}
