// One core and its MMU with nothing around them but DRAM, a serial port that is always ready, and an exit
// port.
#include "sim/bench/yardsticks.h"
#include "sim/core/error.h"
#include "sim/cpu_x86/system/core.h"
#include "sim/platform/dram.h"
#include "sim/platform/firmware/pvh_loader.h"

namespace xs::bench {
namespace {

constexpr u64 memory_bytes = 128 << 20, image_limit = 64 << 20;
constexpr u64 uart_data = 0x3f8, uart_line_status = 0x3fd, exit_port = 0xf4;
constexpr u8 transmitter_empty = 0x60;

class BareCore final : public x86::CoreBus {
 public:
  BareCore(const std::string& image, u64 quantum, const Print& print)
      : print_(print), dram_({memory_bytes, 0, 0}), core_({}, dram_, apic_, *this) {
    platform::PvhBoot boot;
    boot.kernel = platform::parse_elf(image, platform::read_file(image, image_limit));
    const platform::PvhEntry entry = platform::load_pvh(boot, dram_);
    core_.reset_pvh(entry.eip, entry.start_info);
    while (!left_ && core_.state() == x86::CoreState::running) core_.run(core_.cycles() + quantum);
    if (!left_) throw Error(image + ": the core stopped");
    print_("instructions " + std::to_string(end_ - begin_) + "\n");
  }

  bool transport(x86::Space space, bool write, u64 address, u8* data, unsigned size, u64& cycles) override {
    cycles = 0;
    if (!write) std::fill_n(data, size, u8{0});
    if (space == x86::Space::memory) return true;
    if (address == uart_line_status && !write) *data = transmitter_empty;
    if (address == uart_data && write) put(static_cast<char>(*data));
    if (address == exit_port) left_ = true;
    return true;
  }
  void wake() override {}
  void shutdown() override {}

 private:
  void put(char c) {
    line_ += c;
    if (c != '\n') return;
    if (line_.starts_with("bench begin")) begin_ = core_.instructions();
    if (line_.starts_with("bench end")) end_ = core_.instructions();
    print_(line_);
    line_.clear();
  }

  const Print& print_;
  platform::Dram dram_;
  x86::ApicBus apic_;
  x86::Core core_;
  std::string line_;
  u64 begin_ = 0, end_ = 0;
  bool left_ = false;
};

}  // namespace

void run_core(const std::string& image, u64 quantum, const Print& print) {
  const BareCore core(image, quantum, print);
}

}  // namespace xs::bench
