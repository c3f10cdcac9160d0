// A machine for tests of one or more cores without SystemC: DRAM, page tables, descriptor tables, a port that
// collects text, a device page.
//
//   0x1000   start-up code (32-bit, PVH) that enters long mode and jumps to EBX
//   0x2000   GDT: 08 code64  10 data  18 user data  20 user code64  28 code32  30 TSS  40 not present  48
//   user code32 0x3000   IDT     0x4000  TSS (RSP0 = 0x180000, IST1 = 0x190000) 0x10000  page tables: 0..1
//   GiB identical in 4 KiB pages (first 64 MiB) and 2 MiB pages 0x100000 handlers: each vector writes its
//   record and stops the machine 0x200000 the program va 0x40000000.. alias of physical 0..   va 0x80000000
//   device page 0xd0000000, 0x80001000 the local APIC
#pragma once
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "sim/cpu_x86/system/core.h"

/// Machine code assembled by the host's assembler: `XS_CODE(name, "asm")` gives `name()`.
#define XS_CODE(name, text)                                                                            \
  asm(".pushsection .rodata\n.globl code_" #name "\ncode_" #name ":\n" text "\n.globl code_end_" #name \
      "\ncode_end_" #name ":\n.byte 0\n.popsection\n.code64\n");                                       \
  extern "C" const unsigned char code_##name[], code_end_##name[];                                     \
  [[maybe_unused]] static xs::test::Code name() { return {code_##name, code_end_##name}; }

namespace xs::test {

struct Code {
  const unsigned char *begin, *end;
};

class Ram final : public MemoryPort {
 public:
  explicit Ram(u64 size) : size_(size), host_(map(size)), ranges_{{0, size, host_}} {}
  ~Ram() override { munmap(host_, size_); }
  bool read(u64 pa, void* out, unsigned size) override {
    if (pa + size > size_) return false;
    std::memcpy(out, host_ + pa, size);
    return true;
  }
  bool write(u64 pa, const void* in, unsigned size) override {
    if (pa + size > size_) return false;
    std::memcpy(host_ + pa, in, size);
    return true;
  }
  std::span<const RamRange> ram() const override { return ranges_; }
  u8* at(u64 pa) { return host_ + pa; }
  u64& word(u64 pa) { return *reinterpret_cast<u64*>(host_ + pa); }
  u32& dword(u64 pa) { return *reinterpret_cast<u32*>(host_ + pa); }

 private:
  static u8* map(u64 size) {
    return static_cast<u8*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  u64 size_;
  u8* host_;
  std::vector<RamRange> ranges_;
};

/// A tapped instruction, when it was about to execute.
struct Tapped {
  u64 instructions, rdi, rsi, pc;
};

class Machine final : public x86::CoreBus, public CpuObserver {
 public:
  static constexpr u64 program = 0x200000, stack = 0x180000, idt = 0x3000, tss = 0x4000, gdt = 0x2000;
  static constexpr u64 page_table = 0x20000;  ///< of 0..64 MiB: entry n maps page n
  static constexpr u64 alias = 0x40000000, device = 0x80000000, device_pa = 0xd0000000, lapic = 0x80001000;

  /// The machine observes its cores, unless the configuration names another observer.
  explicit Machine(x86::CpuConfig config = {}, unsigned cores = 1);

  void load(u64 pa, Code code) {
    std::memcpy(ram.at(pa), code.begin, static_cast<size_t>(code.end - code.begin));
  }
  /// Loads at `program`, runs core 0 from power-on until it stops, at most `cycles`.
  void run(Code code, u64 cycles = 10'000'000);
  void boot(Code code, unsigned core = 0,
            u64 pa = program);  ///< loads and puts the core at its power-on state
  void run_on(u64 cycles = 10'000'000);
  void gate(unsigned vector, u64 handler, unsigned dpl = 0, unsigned ist = 0, bool trap = false);
  x86::Core& core(unsigned i = 0) { return *cores[i]; }
  u64 reg(const char* name, unsigned i = 0) { return cores[i]->reg(name); }

  bool transport(x86::Space space, bool write, u64 address, u8* data, unsigned size, u64& cycles) override;
  void wake() override {}
  void shutdown() override { ++shutdowns; }
  void on_trap(const xs::Trap& t) override { traps.push_back(t); }
  void on_tlb_fill(const CpuView& view, u64 va, u64 pa, u64, bool, bool) override {
    fills.push_back({va, pa});
    fill_pcs.push_back(view.pc());
  }
  bool guards(u64 pa) const override { return pa >> frame_shift == guarded_frame; }
  void on_guarded_store(const CpuView& view, u64 va, u64) override {
    guarded_stores.push_back({va, view.pc()});
  }
  void on_tap(const CpuView& view) override {
    taps.push_back({view.instructions(), view.tap_reg(0), view.tap_reg(1), view.pc()});
  }
  void on_unmodelled(const CpuView&, const char* what, u64 where) override {
    unmodelled.push_back(what + std::string(":") + std::to_string(where));
  }

  Ram ram{64 << 20};
  x86::ApicBus apic;
  std::vector<std::unique_ptr<x86::Core>> cores;
  std::vector<Trap> traps;
  std::vector<Tapped> taps;
  std::vector<std::pair<u64, u64>> fills;  ///< architectural ones: address, physical address
  std::vector<u64> fill_pcs;               ///< of the same fills
  u64 guarded_frame = ~u64{0};
  std::vector<std::pair<u64, u64>> guarded_stores;  ///< page, PC
  std::vector<std::string> unmodelled;
  std::vector<std::pair<u64, u64>> device_log;  ///< offset, value written (reads: ~0)
  std::map<u64, u64> device_registers;
  std::string text;  ///< bytes written to port 0x3f8
  unsigned shutdowns = 0;
  u64 device_latency = 0;
  std::function<void(u64 offset, u64 value)> on_device_write;
  std::function<void()> on_transport;  ///< every access to a port or a device

 private:
  void build_tables();
};

}  // namespace xs::test
