// Guests' images share addresses: a name comes from the image of the domain that runs on the core, or from
// none.
#include <catch2/catch.hpp>

#include "fake_guest.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

/// A guest's image whose code begins with this function.
std::vector<u8> image_with(const char* function) {
  FakeElf elf = guest_elf();
  elf.symbols = {{function, guest_base, 64}};
  return elf.bytes();
}

struct Texts : Listener {
  std::vector<std::string> unmodelled;
  void on_unmodelled(const std::string& text) override { unmodelled.push_back(text); }
};

/// Two domains with images of their own, each on a core.
struct World {
  ScratchDir images;
  std::string kernel = images.write("kernel.elf", image_with("kernel_main")),
              other = images.write("other.elf", image_with("test_main"));
  FakeMachine m{[&] {
    ObserverOptions options;
    options.guests = {kernel, other};
    return options;
  }()};
  Observer& o = *m.observer;
  World() {
    m.boot();
    m.create(1, 0x40);
    m.create(2, 0x41);
    o.set_domain_image(1, kernel);
    o.set_domain_image(2, other);
    m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(1), 0, 0);
    m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(2), 0, 1);
  }
  std::string name(unsigned cpu) const { return o.symbols_on(cpu).describe(guest_base + 4); }
};

}  // namespace

TEST_CASE("an address of guests has the name that it has in the running domain's image") {
  World w;
  CHECK(w.name(0) == "kernel.elf: kernel_main+0x4");
  CHECK(w.name(1) == "other.elf: test_main+0x4");
  w.m.mark(XS_MARK_SWITCH, dv(1), dv(2), 0, 0);
  CHECK(w.name(0) == "other.elf: test_main+0x4");
  for (unsigned cpu : {0u, 1u}) CHECK(w.o.symbols_on(cpu).describe(pc_mark) == "hv.elf: xs_mark_store+0x0");
}

TEST_CASE("no image, no name") {
  World w;
  w.m.create(3, 0x42);
  const auto nameless = [&](unsigned cpu) {
    return !w.o.symbols_on(cpu).covers(guest_base + 4) && w.o.symbols_on(cpu).covers(pc_mark);
  };
  SECTION("a domain that nobody has told of") {
    w.m.mark(XS_MARK_SWITCH, dv(1), dv(3), 0, 0);
    CHECK(nameless(0));
    CHECK(w.name(0) == "0xffffffff80000004");
    CHECK_FALSE(nameless(1));
  }
  SECTION("an idle core") {
    w.m.mark(XS_MARK_SWITCH, dv(1), dv(0x7fff), 0, 0);
    CHECK(nameless(0));
  }
  SECTION("a domain of the same number, after the one that was told of has died") {
    w.m.mark(XS_MARK_DOMAIN_STATE, 2, XS_DOM_DEAD);
    w.m.create(2, 0x43);
    CHECK(nameless(1));
  }
  SECTION("an image that was not given") {
    w.o.set_domain_image(3, "/nonexistent.elf");
    w.m.mark(XS_MARK_SWITCH, dv(1), dv(3), 0, 0);
    CHECK(nameless(0));
  }
}

TEST_CASE("what is reported of a core carries that core's names") {
  World w;
  Texts texts;
  w.o.set_listener(&texts);
  for (FakeCpu& cpu : w.m.cpus) {
    cpu.pc_value = guest_base + 8;
    w.o.on_unmodelled(cpu, "port", 0x70);
  }
  w.o.set_listener(nullptr);
  CHECK(texts.unmodelled ==
        std::vector<std::string>{"CPU 0: port 0x70 is not modelled, at kernel.elf: kernel_main+0x8",
                                 "CPU 1: port 0x70 is not modelled, at other.elf: test_main+0x8"});
}

TEST_CASE("without a hypervisor every image's names count") {
  ScratchDir dir;
  ObserverOptions options;
  options.guests = {dir.write("kernel.elf", image_with("kernel_main"))};
  const Observer o(options);
  CHECK(o.symbols_on(0).describe(guest_base) == "kernel.elf: kernel_main+0x0");
}
