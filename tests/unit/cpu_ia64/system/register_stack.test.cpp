// The register stack against a simple model: registers without end, and a backing store that a program reads.
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "sim/cpu_ia64/system/register_stack.h"

using namespace xs;
using namespace xs::ia64;

namespace {

constexpr u64 store_base = 0x80001000;

struct Memory final : RegisterStackMemory {
  bool store(u64 address, u64 value) override {
    if (refuse && random() % 3 == 0) return ++refused, false;
    ++accesses;
    words[address] = value;
    return true;
  }
  u8* place(u64 address, bool) override {
    if (random() % 2 == 0) return nullptr;
    ++accesses;
    return reinterpret_cast<u8*>(&words[address]);
  }
  bool load(u64 address, u64& value) override {
    if (refuse && random() % 3 == 0) return ++refused, false;
    ++accesses;
    value = words[address];
    return true;
  }
  struct Words {
    u64& operator[](u64 address) { return pages[address >> frame_shift][(address & frame_mask) / 8]; }
    std::map<u64, std::array<u64, frame_size / 8>> pages;
  };
  Words words;
  std::minstd_rand random{7};
  bool refuse = false;
  unsigned refused = 0, accesses = 0;
};

struct Register {
  u64 value = 0;
  bool nat = false;
  bool operator==(const Register&) const = default;
};

/// A stack of frames, each with its own registers; outputs are the next frame's inputs.
struct Model {
  struct Frame {
    FrameMarker marker;
    std::size_t base;
  };
  std::vector<Register> registers = std::vector<Register>(100'000);
  std::vector<Frame> frames{{FrameMarker{}, 0}};
  Frame& top() { return frames.back(); }
  Register& reg(unsigned i) { return registers[top().base + i]; }
};

struct Bench {
  Bench() { stack.set_bspstore(store_base); }

  template <class Step>
  void insist(Step step) {  // an instruction that faults is restarted
    for (unsigned tries = 0; !step(); ++tries) REQUIRE(tries < 10'000);
  }
  void alloc(unsigned sof, unsigned sol) {
    insist([&] { return stack.alloc(FrameMarker::make(sof, sol, 0)); });
    for (unsigned i = model.top().marker.sof(); i < sof; ++i) write(i, {random(), false});
    model.top().marker = FrameMarker::make(sof, sol, 0);
  }
  void write(unsigned i, Register r) {
    values[i] = r.value;
    nats[i] = r.nat;
    model.reg(i) = r;
  }
  void write_all() {
    for (unsigned i = 0; i < model.top().marker.sof(); ++i) write(i, {random(), random() % 5 == 0});
  }
  void call() {
    const FrameMarker m = model.top().marker;
    stack.call();
    model.frames.push_back({FrameMarker::make(m.sof() - m.sol(), 0, 0), model.top().base + m.sol()});
  }
  void ret() {
    model.frames.pop_back();
    const FrameMarker m = model.top().marker;
    REQUIRE(stack.back(m, m.sol()));
    insist([&] { return stack.complete(); });
  }
  void check() {
    REQUIRE(stack.frame().sof() == model.top().marker.sof());
    for (unsigned i = 0; i < model.top().marker.sof(); ++i) {
      INFO("r" << 32 + i << " at depth " << model.frames.size());
      REQUIRE(Register{values[i], nats[i] != 0} == model.reg(i));
    }
    REQUIRE(stack.bsp() == skip_registers(store_base, static_cast<i64>(model.top().base)));
    REQUIRE(stack.bspstore() <= stack.bsp());
  }
  /// All that lies below the frame, in memory.
  void check_flushed() {
    insist([&] { return stack.flush(); });
    REQUIRE(stack.bspstore() == stack.bsp());
    for (std::size_t i = 0; i < model.top().base; ++i) {
      const u64 at = skip_registers(store_base, static_cast<i64>(i));
      const u64 collection = (at | 0x1f8) < stack.bsp() ? memory.words[at | 0x1f8] : stack.rnat();
      REQUIRE(memory.words[at] == model.registers[i].value);
      REQUIRE((collection >> collection_bit(at) & 1) == model.registers[i].nat);
    }
  }
  /// What a kernel does at an interruption: cover, a backing store of its own, work, and all the way back.
  void interruption() {
    const FrameMarker marker = stack.frame();
    stack.cover();
    const u64 bspstore = stack.bspstore(), rnat = stack.rnat(), own = 0x90000000 + 8 * (random() % 63);
    stack.set_bspstore(own);
    stack.set_rnat(random());
    const u64 below = stack.bsp() - own;
    handler(4);
    insist([&] { return stack.alloc(FrameMarker{}); });
    insist([&] { return stack.load(static_cast<unsigned>(below / 8)); });
    REQUIRE(stack.bspstore() == own);
    stack.set_bspstore(bspstore);
    stack.set_rnat(rnat);
    REQUIRE(stack.back(marker, marker.sof()));
    insist([&] { return stack.complete(); });
  }
  void handler(unsigned depth) {
    const FrameMarker m = FrameMarker::make(static_cast<unsigned>(random() % 97), 0, 0);
    insist([&] { return stack.alloc(m); });
    for (unsigned i = 0; i < m.sof(); ++i) values[i] = random(), nats[i] = 1;
    if (depth == 0) return;
    const FrameMarker split = FrameMarker::make(m.sof(), m.sof() / 2, 0);
    insist([&] { return stack.alloc(split); });
    stack.call();
    handler(depth - 1);
    REQUIRE(stack.back(split, split.sol()));
    insist([&] { return stack.complete(); });
  }

  u64 random() { return source(); }
  std::mt19937_64 source{42};
  Memory memory;
  std::array<u64, RegisterStack::physical + RegisterStack::slack> values{};
  std::array<u8, RegisterStack::physical + RegisterStack::slack> nats{};
  bool any_nat = true;
  RegisterStack stack{memory, values.data(), nats.data(), any_nat};
  Model model;
};

}  // namespace

TEST_CASE("addresses of registers skip the collections") {
  CHECK(skip_registers(0x1000, 62) == 0x11f0);
  CHECK(skip_registers(0x1000, 63) == 0x1200);
  CHECK(skip_registers(0x11f0, 1) == 0x1200);
  CHECK(skip_registers(0x1200, -1) == 0x11f0);
  CHECK(skip_registers(0x1200, -63) == 0x1000);
  CHECK(skip_registers(0x1008, 0) == 0x1008);
  for (i64 n = -300; n < 300; ++n) {
    CHECK(skip_registers(skip_registers(0x8000, n), -n) == 0x8000);
    CHECK_FALSE(is_collection(skip_registers(0x8000, n)));
  }
}

TEST_CASE("random call trees keep every register") {
  Bench b;
  b.memory.refuse = GENERATE(false, true);
  b.alloc(8, 4);
  b.write_all();
  for (int i = 0; i < 6'000; ++i) {
    const u64 choice = b.random() % 100;
    const std::size_t depth = b.model.frames.size();
    if (choice < 45 ? depth < 220 : depth == 1) {
      b.call();
      const unsigned inputs = b.model.top().marker.sof();
      const unsigned sof = inputs + static_cast<unsigned>(b.random() % (97 - inputs));
      b.alloc(sof, static_cast<unsigned>(b.random() % (sof + 1)));
      b.write_all();
    } else if (choice < 85) {
      b.ret();
    } else if (choice < 95) {
      b.interruption();
    } else {
      b.check_flushed();
    }
    b.check();
  }
  CHECK((b.memory.refused != 0) == b.memory.refuse);
}

TEST_CASE("the stack wraps with every size of frame") {
  for (unsigned sof = 0; sof <= 96; ++sof) {
    Bench b;
    for (int depth = 0; depth < 200; ++depth) {
      b.alloc(sof, sof);
      b.write_all();
      b.call();
    }
    for (int depth = 0; depth < 200; ++depth) {
      b.ret();
      b.check();
    }
  }
}

TEST_CASE("no memory access before the 96 registers are in use") {
  Bench b;
  b.alloc(48, 48);
  b.call();
  b.alloc(48, 48);
  CHECK(b.memory.accesses == 0);
  b.call();
  b.alloc(1, 1);
  CHECK(b.memory.accesses == 1);
  CHECK(b.stack.bspstore() == store_base + 8);
}

TEST_CASE("an incomplete frame can be covered, and completed later") {
  Bench b;
  b.alloc(20, 20);
  b.write_all();
  b.call();
  b.insist([&] { return b.stack.flush(); });
  const FrameMarker m = b.model.frames.front().marker;
  REQUIRE(b.stack.back(m, m.sol()));
  REQUIRE(b.stack.incomplete());
  CHECK(b.stack.bspstore() == skip_registers(store_base, 20));
  CHECK(b.stack.bsp() == store_base);
  b.stack.cover();  // by the handler of the fault that a load met
  CHECK_FALSE(b.stack.incomplete());
  CHECK(b.stack.bsp() == b.stack.bspstore());
  REQUIRE(b.stack.back(m, m.sof()));
  b.insist([&] { return b.stack.complete(); });
  b.model.frames.pop_back();
  b.check();
}

TEST_CASE("loadrs drops what lies deeper, and loads what is missing") {
  Bench b;
  b.alloc(40, 40);
  b.write_all();
  b.call();
  SECTION("drops") {
    REQUIRE(b.stack.load(10));
    CHECK(b.stack.bspstore() == b.stack.bsp() - 80);
    CHECK(b.stack.dirty_bytes() == 80);
    CHECK(b.memory.accesses == 0);
  }
  SECTION("all") {
    REQUIRE(b.stack.load(0));
    CHECK(b.stack.bspstore() == b.stack.bsp());
  }
  SECTION("loads") {
    b.insist([&] { return b.stack.flush(); });
    b.memory.accesses = 0;
    REQUIRE(b.stack.load(10));
    CHECK(b.memory.accesses == 10);
    CHECK(b.stack.dirty_bytes() == 80);
    REQUIRE(b.stack.back(FrameMarker::make(1, 1, 0), 1));
    CHECK(b.values[0] == b.model.registers[39].value);
  }
}

TEST_CASE("a previous frame that cannot be leaves an empty one") {
  Bench b;
  b.alloc(10, 10);
  b.call();
  CHECK_FALSE(b.stack.back(FrameMarker::make(10, 0, 0), 20));
  CHECK(b.stack.frame().raw == 0);
  CHECK_FALSE(b.stack.incomplete());
}
