// VCPUs as a debugger finds them in the hypervisor's memory, sound or damaged.
#include <catch2/catch.hpp>

#include "fake_machine.h"
#include "sim/observe/saved_vcpus.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

// Everything lies in one frame: the published layout, the list's head, two domains, two VCPUs.
constexpr u64 va = 0xffff82d080200000, frame = 0x20;
constexpr u64 head = 0x100, first = 0x200, second = 0x280, vcpu0 = 0x400, vcpu1 = 0x800;

struct Hypervisor {
  FakeMemory memory;
  FakeCpu cpu{memory, 0};
  xs_vcpus layout{};
  Image image;

  Hypervisor() : image("hv.elf", elf().bytes()) {
    cpu.pages[va >> 12] = frame;
    layout.magic = XS_VCPUS_MAGIC;
    layout.domain_list = va + head;
    layout.domain_next = 0, layout.domain_id = 8, layout.domain_pauses = 12, layout.domain_shut_down = 16;
    layout.domain_vcpus = 24, layout.vcpu_slots = 2;
    layout.vcpu_pauses = 0, layout.vcpu_why_stopped = 4, layout.vcpu_kernel_mode = 8;
    layout.vcpu_kernel_table = 16, layout.vcpu_user_table = 24;
    layout.vcpu_gs_base_kernel = 32, layout.vcpu_gs_base_user = 40;
    layout.vcpu_selectors = 48, layout.vcpu_registers = 64;
    layout.vcpu_fs_base = layout.vcpu_cr2 = layout.vcpu_cr4 = 56;
    layout.vcpu_fpu = 300;
    publish();
    put(head, va + first);
    domain(first, va + second, 0, va + vcpu0);
    domain(second, 0, 7, 0, va + vcpu1);
  }
  static FakeElf elf() {
    FakeElf e = hypervisor_elf();
    e.symbols.push_back({XS_VCPUS_SYMBOL, va, sizeof(xs_vcpus), STT_OBJECT});
    return e;
  }
  void publish() { std::memcpy(memory.host(frame << 12), &layout, sizeof layout); }
  template <typename T>
  void put(u64 offset, T value) {
    std::memcpy(memory.host((frame << 12) + offset), &value, sizeof value);
  }
  void domain(u64 at, u64 next, u16 id, u64 a, u64 b = 0) {
    put(at, next), put(at + 8, id), put(at + 24, a), put(at + 32, b);
  }
  SavedVcpus::Peek peek() const {
    return [this](u64 at, void* out, u64 size) { return cpu.peek(at, out, size); };
  }
  std::vector<SavedVcpu> list() const { return SavedVcpus(image).list(peek()); }
  std::string state() const { return list().at(1).state; }
};

}  // namespace

TEST_CASE("all VCPUs of all domains, with what was saved of each") {
  Hypervisor h;
  h.put(vcpu1 + 8, u8{1});
  h.put(vcpu1 + 16, u64{0x77}), h.put(vcpu1 + 24, u64{0x88});
  h.put(vcpu1 + 32, u64{0x1000}), h.put(vcpu1 + 40, u64{0x2000});
  h.put(vcpu1 + 48, u16{0xd}), h.put(vcpu1 + 54, u16{0x9});
  h.put(vcpu1 + 64, u64{0x15});  // r15: the first of Xen's cpu_user_regs
  auto all = h.list();
  REQUIRE(all.size() == 2);
  CHECK((all[0].domid == 0 && all[0].vcpu == 0));
  CHECK((all[1].domid == 7 && all[1].vcpu == 1));
  CHECK(all[1].general[15] == 0x15);
  CHECK(all[1].table == 0x77);
  CHECK(all[1].gs_base == 0x1000);
  CHECK((all[1].selectors[3] == 0xd && all[1].selectors[5] == 0x9));
  h.put(vcpu1 + 8, u8{0});
  all = h.list();
  CHECK(all[1].table == 0x88);
  CHECK(all[1].gs_base == 0x2000);
}

TEST_CASE("why a VCPU does not run, the weightiest reason first") {
  Hypervisor h;
  CHECK(h.state() == "runnable");
  h.put(vcpu1 + 4, u32{XS_VCPU_POLLING});
  CHECK(h.state() == "polling");
  h.put(vcpu1 + 4, u32{XS_VCPU_BLOCKED});
  CHECK(h.state() == "blocked");
  h.put(vcpu1, u32{1});
  CHECK(h.state() == "paused");
  h.put(second + 16, u8{1});
  CHECK(h.state() == "shut down");
  h.put(vcpu1 + 4, u32{XS_VCPU_DOWN});
  CHECK(h.state() == "down");
}

TEST_CASE("where there is no hypervisor yet, or a damaged one, the list ends") {
  Hypervisor h;
  CHECK(SavedVcpus(Image("other.elf", hypervisor_elf().bytes())).list(h.peek()).empty());
  h.put(second, va + 0x5000);  // leads out of what is mapped
  CHECK(h.list().size() == 2);
  h.put(second, va + second);  // and round and round
  CHECK(h.list().size() <= 0x7ff0);
  h.put(0, u64{1});
  CHECK(h.list().empty());
  h.publish();
  CHECK_FALSE(h.list().empty());
  h.cpu.pages.clear();
  CHECK(h.list().empty());
}

namespace {

/// The same two domains, published as on IA-64.
struct Ia64Hypervisor : Hypervisor {
  Ia64Hypervisor() {
    published.magic = XS_VCPUS_IA64_MAGIC;
    published.domain_list = layout.domain_list;
    published.domain_next = layout.domain_next, published.domain_id = layout.domain_id;
    published.domain_vcpus = layout.domain_vcpus, published.vcpu_slots = layout.vcpu_slots;
    published.domain_pauses = layout.domain_pauses, published.domain_shut_down = layout.domain_shut_down;
    published.vcpu_pauses = layout.vcpu_pauses, published.vcpu_why_stopped = layout.vcpu_why_stopped;
    published.domain_rid_block = 20;  // in front of the slots
    published.vcpu_ip = 0x10, published.vcpu_psr = 0x18;
    published.vcpu_bspstore = 0x20, published.vcpu_bsp = 0x28, published.vcpu_general_nats = 0x30;
    published.vcpu_general = 0x38;
    published.vcpu_float_6_to_11 = 0x140;
    published.vcpu_translations = 0x1b0, published.translation_count = 2;
    published.vcpu_vhpt = 0x1a8, published.vhpt_shift = 16;
    published.vcpu_stacked = 0x200;
    // The others in a place that is empty.
    published.vcpu_branch = published.vcpu_kernel_registers = published.vcpu_regions = 0x700;
    published.vcpu_predicates = published.vcpu_rsc = published.vcpu_ccv = published.vcpu_fpsr = 0x700;
    published.vcpu_pfs = published.vcpu_lc = published.vcpu_ec = published.vcpu_csd = 0x700;
    published.vcpu_cfm = published.vcpu_rnat = published.vcpu_virtual_psr = 0x700;
    published.vcpu_float = 0x400;
    publish();
    put(vcpu1 + 4, u32{XS_VCPU_BLOCKED});
    put(vcpu1 + 0x10, u64{0xa000000000001230}), put(vcpu1 + 0x18, u64{2} << 41);
    put(vcpu1 + 0x38 + 12 * 8, u64{0x5007});
    put(vcpu1 + 0x30, ~u64{0} << (7 + 31));  // r31 and up: r0 is word 7 of 64
    put(vcpu1 + 0x140, u64{0x6666}), put(vcpu1 + 0x400 + 8 * 16, u64{0x8888});
    put(vcpu1 + 0x20, u64{0x9010}), put(vcpu1 + 0x28, u64{0x9028});
    put(vcpu1 + 0x210 + 8, u64{0x1234});
    put(vcpu1 + 0x1b0 + 40, xs_translation_ia64{0x661, 24 << 2, 5, 7, 1});
    put(vcpu1 + 0x1a8, u64{0xf000});
    put(second + 20, u32{3});
  }
  void publish() { std::memcpy(memory.host(frame << 12), &published, sizeof published); }
  xs_vcpus_ia64 published{};
};

}  // namespace

TEST_CASE("VCPUs of an IA-64 hypervisor, with the register stack that it keeps") {
  Ia64Hypervisor h;
  auto all = h.list();
  REQUIRE(all.size() == 2);
  CHECK((all[1].domid == 7 && all[1].vcpu == 1));
  CHECK(std::string(all[1].state) == "blocked");
  REQUIRE(all[1].ia64);
  const SavedIa64& s = *all[1].ia64;
  CHECK(s.ip == 0xa000000000001230);
  CHECK(s.psr == u64{2} << 41);
  CHECK(s.general[12] == 0x5007);
  CHECK(s.nats == u64{1} << 31);
  CHECK(s.lc == 0);
  CHECK((s.floating[1] == std::array<u64, 2>{u64{1} << 63, 0xffff}));
  CHECK((s.floating[6][0] == 0x6666 && s.floating[8][0] == 0));  // not the one that lies with the others
  CHECK(s.bspstore == 0x9010);
  REQUIRE(s.dirty.size() == 24);
  CHECK((s.dirty[8] == 0x34 && s.dirty[9] == 0x12));
  REQUIRE(s.translations.size() == 1);
  CHECK((s.translations[0].va == 5 && s.translations[0].rid == 7));
  CHECK((s.vhpt == 0xf000 && s.vhpt_shift == 16 && s.rid_block == 3));
  CHECK(all[0].ia64->dirty.empty());
  SECTION("more than there are registers") {
    h.put(vcpu1 + 0x28, u64{1} << 40);
    CHECK(h.list()[1].ia64->dirty.empty());
  }
  SECTION("nowhere") {
    h.published.vcpu_stacked = 0x10000;
    h.publish();
    CHECK(h.list()[1].ia64->dirty.empty());
  }
}
