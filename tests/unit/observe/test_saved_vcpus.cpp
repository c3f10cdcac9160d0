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
