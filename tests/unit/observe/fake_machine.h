// A machine that plays the hypervisor's stores: each one tells the observer first, then writes memory, as a
// core does at a tapped instruction.
//
//     RAM   low  frames 0x0 .. 0xff          frame 0x10..: pages behind frame table and M2P (owner xen)
//           high frames 2^32 .. 2^32 + 0xff
#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "fake_elf.h"
#include "sim/observe/observer.h"

namespace xs::test {

inline constexpr u64 high_mfn = u64{1} << 32;
inline constexpr u64 frames_per_range = 256;

class FakeMemory : public MemoryPort {
 public:
  FakeMemory() : low_(frames_per_range << 12), high_(frames_per_range << 12) {
    ranges_[0] = {0, low_.size(), low_.data()};
    ranges_[1] = {high_mfn << 12, high_.size(), high_.data()};
  }
  bool read(u64 pa, void* out, unsigned size) override {
    const u8* at = host(pa);
    if (at) std::memcpy(out, at, size);
    return at != nullptr;
  }
  bool write(u64 pa, const void* in, unsigned size) override {
    u8* at = host(pa);
    if (at) std::memcpy(at, in, size);
    return at != nullptr;
  }
  std::span<const RamRange> ram() const override { return ranges_; }
  u64& word(u64 mfn, u64 index) { return reinterpret_cast<u64*>(host(mfn << 12))[index]; }
  /// A frame less than there was: what no machine does.
  void lose_a_frame() { ranges_[1].size -= u64{1} << 12; }

 private:
  std::vector<u8> low_, high_;
  RamRange ranges_[2];
};

class FakeCpu : public CpuView {
 public:
  FakeCpu(MemoryPort& memory, unsigned id) : memory_(memory), id_(id) {}
  unsigned cpu() const override { return id_; }
  u64 pc() const override { return pc_value; }
  u64 instructions() const override { return now_ps / 1000; }
  u64 time_ps() const override { return now_ps; }
  u64 tap_reg(unsigned index) const override { return regs[index]; }
  bool translate(u64 va, u64& pa) const override {
    const auto it = pages.find(va >> 12);
    if (it == pages.end()) return false;
    pa = it->second << 12 | (va & 0xfff);
    return true;
  }
  bool peek(u64 va, void* out, u64 size) const override {
    for (u64 i = 0; i < size; ++i) {
      u64 pa;
      if (!translate(va + i, pa) || !memory_.read(pa, static_cast<u8*>(out) + i, 1)) return false;
    }
    return true;
  }
  std::map<u64, u64> pages;  // virtual page -> MFN
  u64 pc_value = 0, now_ps = 0;
  u64 regs[6] = {};

 private:
  MemoryPort& memory_;
  unsigned id_;
};

/// A directory of its own that goes away with the test.
struct ScratchDir {
  std::filesystem::path path;
  ScratchDir() {
    char name[] = "/tmp/xs-observe-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string file(const std::string& name) const { return (path / name).string(); }
  std::string write(const std::string& name, const std::vector<u8>& bytes) const {
    std::ofstream out(path / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file(name);
  }
};

/// Tap addresses of the fake images.
inline constexpr u64 hv_base = 0xffff82d080000000, pc_store64 = hv_base + 0x10, pc_store32 = hv_base + 0x20,
                     pc_cas64 = hv_base + 0x30, pc_mark = hv_base + 0x40;
inline constexpr u64 guest_base = 0xffffffff80000000, pc_guest_p2m = guest_base + 0x10;

inline FakeElf hypervisor_elf() {
  FakeElf elf;
  elf.taps = {{pc_store64, XS_TAP_STORE64, 0},
              {pc_store32, XS_TAP_STORE32, 0},
              {pc_cas64, XS_TAP_CAS64, 0},
              {pc_mark, XS_TAP_MARK, 0}};
  elf.symbols = {{"xs_store64", pc_store64, 16},
                 {"xs_store32", pc_store32, 16},
                 {"xs_cas64", pc_cas64, 16},
                 {"xs_mark_store", pc_mark, 16}};
  return elf;
}

inline FakeElf guest_elf() {
  FakeElf elf;
  elf.code_address = guest_base;
  elf.code.assign(256, 0xcc);
  elf.with_layout = false;
  elf.taps = {{pc_guest_p2m, XS_TAP_GUEST_P2M, 0}};
  return elf;
}

constexpr u64 dv(u32 domid, u32 vcpu = 0) { return u64{domid} << 16 | vcpu; }
constexpr u64 op(u64 call, u32 sub = 0) { return call << 32 | sub; }
inline constexpr u64 op_populate = op(12, 6), op_decrease = op(12, 1), op_create = op(36, 1),
                     op_multicall = op(13), op_pin_l4 = op(26, 3), op_grant_map = op(20, 0),
                     op_grant_unmap = op(20, 1);

class FakeMachine {
 public:
  explicit FakeMachine(observe::ObserverOptions options = {}) {
    FakeElf hypervisor = hypervisor_elf();
    if (options.architecture == "ia64") {
      hypervisor.layout.windows_va = hypervisor.layout.directmap_low_va;
      hypervisor.layout.window_count = 1;
    }
    options.hypervisor = dir.write("hv.elf", hypervisor.bytes());
    options.guests.insert(options.guests.begin(), dir.write("guest.elf", guest_elf().bytes()));
    if (options.scenario.empty()) options.scenario = "fake";
    options.cpus = 2;
    observer = std::make_unique<observe::Observer>(options);
    observer->attach(memory);
    map_tables();
  }

  // The hypervisor's routines.
  void store64(u64 address, u64 value, unsigned cpu = 0) {
    tap(cpu, pc_store64, {address, value}), poke(address, &value, 8);
  }
  void store32(u64 address, u32 value, unsigned cpu = 0) {
    tap(cpu, pc_store32, {address, value}), poke(address, &value, 4);
  }
  void cas64(u64 address, u64 value, u64 expected) {
    tap(0, pc_cas64, {address, value, 0, 0, 0, expected});
    u64 now = 0;
    cpus[0].peek(address, &now, 8);
    if (now == expected) poke(address, &value, 8);
  }
  void mark(u64 what, u64 a = 0, u64 b = 0, u64 c = 0, unsigned cpu = 0) {
    tap(cpu, pc_mark, {0, what, a, b, c});
  }

  /// An x86 exception or interrupt on a core, now.
  Trap trap(unsigned cpu, u32 vector, u64 error = 0, u64 address = 0) {
    const auto kind = vector >= 32   ? Trap::Kind::interrupt
                      : vector == 14 ? Trap::Kind::translation
                                     : Trap::Kind::exception;
    return {kind, static_cast<u8>(cpu), vector, error, address, cpus[cpu].pc(), cpus[cpu].time_ps()};
  }

  static u64 entry(u64 mfn) { return 0xffff810000000000 + mfn * sizeof(xs_frame); }
  static u64 m2p_at(u64 mfn) { return 0xffff808000000000 + mfn * 8; }
  void set_count(u64 mfn, u64 value) { store64(entry(mfn), value); }
  void set_type(u64 mfn, u64 value) { store64(entry(mfn) + 8, value); }
  void set_owner(u64 mfn, u32 owner) { store32(entry(mfn) + 16, owner); }
  void set_m2p(u64 mfn, u64 gfn) { store64(m2p_at(mfn), gfn); }
  static u64 type(unsigned t, u64 refs, bool pinned = false) {
    return u64{t} << XS_TYPE_SHIFT | (refs ? XS_TYPE_VALIDATED : 0) | (pinned ? XS_TYPE_PINNED : 0) | refs;
  }

  /// All frames: tables to xen, the rest free; M2P empty.
  void boot() {
    for (u64 base : {u64{0}, high_mfn})
      for (u64 mfn = base; mfn < base + frames_per_range; ++mfn) {
        set_owner(mfn, mfn >= 0x10 && mfn < next_table ? XS_OWNER_XEN : XS_OWNER_FREE);
        set_m2p(mfn, XS_M2P_INVALID);
      }
    mark(XS_MARK_BOOT, 1);
  }
  void create(u32 domid, u64 shared_info_mfn) {
    set_count(shared_info_mfn, XS_COUNT_ALLOCATED | 1);
    set_type(shared_info_mfn, type(XS_FRAME_SHARED, 1));
    set_owner(shared_info_mfn, domid);
    mark(XS_MARK_DOMAIN_CREATED, domid, shared_info_mfn, XS_MODEL_DIRECT);
  }
  void give(u32 domid, u64 mfn, u64 gfn) {
    set_owner(mfn, domid);
    set_count(mfn, XS_COUNT_ALLOCATED | 1);
    set_m2p(mfn, gfn);
  }
  void release(u64 mfn) {
    set_m2p(mfn, XS_M2P_INVALID);
    set_type(mfn, 0);
    set_count(mfn, 0);
    set_owner(mfn, XS_OWNER_FREE);
  }
  void begin(u64 who, u64 operation, u64 subject = 0, unsigned cpu = 0) {
    mark(XS_MARK_OP_BEGIN, who, operation, subject, cpu);
  }
  void end(u64 who, u64 operation, u64 result = 0, unsigned cpu = 0) {
    mark(XS_MARK_OP_END, who, operation, result, cpu);
  }

  /// Takes no time: no event of the trace tells of it.
  void keep(u64 who, xs_kept what, u64 mfn, u32 page = 0) {
    const u64 now = cpus[0].now_ps;
    mark(XS_MARK_KEPT, who, u64{what} << 32 | page, mfn);
    cpus[0].now_ps = now;
  }

  /// XS_MARK_GRANT; `flags`: XS_GRANT_*.
  void grant(xs_grant_use use, u32 granter, u32 user, u32 ref, u64 mfn, u64 flags = 0, unsigned cpu = 0) {
    mark(XS_MARK_GRANT, u64{granter} << 16 | user, flags | u64{use} << XS_GRANT_USE_SHIFT | ref, mfn, cpu);
  }

  /// The guest maps its kernel: what a tap in guest code needs to be believed.
  void map_guest_code(u64 mfn, unsigned cpu = 0) {
    cpus[cpu].pages[guest_base >> 12] = mfn;
    std::memset(memory.host(mfn << 12), 0xcc, 256);
  }
  void guest_p2m_store(u64 va, u64 value, unsigned cpu = 0) {
    tap(cpu, pc_guest_p2m, {va, value}), poke(va, &value, 8);
  }

  void tap(unsigned cpu, u64 pc, std::initializer_list<u64> regs) {
    FakeCpu& c = cpus[cpu];
    c.now_ps += 1'000'000;  // a microsecond per store keeps times readable
    c.pc_value = pc;
    std::fill(std::begin(c.regs), std::end(c.regs), 0);
    std::copy(regs.begin(), regs.end(), c.regs);
    observer->on_tap(c);
  }
  void poke(u64 va, const void* from, unsigned size) {
    u64 pa;
    if (cpus[0].translate(va, pa)) memory.write(pa, from, size);
  }

  ScratchDir dir;
  FakeMemory memory;
  FakeCpu cpus[2] = {{memory, 0}, {memory, 1}};
  u64 next_table = 0x10;
  std::unique_ptr<observe::Observer> observer;

 private:
  void map_tables() {
    for (u64 base : {u64{0}, high_mfn})
      for (const auto& [va, bytes] : {std::pair{entry(base), frames_per_range * sizeof(xs_frame)},
                                      std::pair{m2p_at(base), frames_per_range * 8}})
        for (u64 page = va >> 12; page <= (va + bytes - 1) >> 12; ++page) {
          const bool fresh = cpus[0].pages.emplace(page, next_table).second;
          if (fresh) cpus[1].pages.emplace(page, next_table++);
        }
  }
};

}  // namespace xs::test
