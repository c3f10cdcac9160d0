#include "tests/unit/viz/tour/fake_run.h"

#include <fmt/format.h>

#include <utility>

namespace xs::test {
namespace {

constexpr u64 code_at = 0xffff82d080203000;

viz::CpuImage cpu_image(u32 number) {
  viz::CpuImage cpu;
  cpu.dv = number == 0 ? 1u << 16 : 0;  // dom1 vcpu0, dom0 vcpu0
  cpu.guest = number == 0;
  cpu.pc = code_at + 12;
  for (const char* name : {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"})
    cpu.registers.push_back({name, (cpu.registers.size() + 1) * 0x0101010101010101 + number});
  for (u64 i = 0; i < 8; ++i)
    cpu.code.push_back({code_at + 4 * i, fmt::format("mov     rax, qword ptr [rsp + {:#x}]", 8 * i),
                        i == 0 ? fmt::format("memory_op+{:#x}", number) : ""});
  return cpu;
}

}  // namespace

FakeRun::FakeRun(u64 mfn) {
  image_.time_ps = 12'345'678'900;
  for (u32 i = 0; i < 2; ++i) image_.cpus.push_back(cpu_image(i));
  viz::FrameContent content;
  content.mfn = mfn;
  content.type_count = 1, content.general_count = 2, content.allocated = true;
  constexpr std::size_t frame_bytes = 4096;
  for (std::size_t i = 0; i < frame_bytes; ++i) content.bytes.push_back(static_cast<u8>(i * 7));
  image_.frame = content;
}

void FakeRun::pause() {
  order_ = "pause";
  set_state(viz::RunState::paused, "paused, CPU 0");
}

void FakeRun::run(double speed) {
  order_ = fmt::format("run {}", speed);
  set_state(viz::RunState::running);
}

void FakeRun::step(viz::RunStep what) {
  static constexpr const char* names[] = {"instruction", "hypercall", "change"};
  order_ = fmt::format("step {}", names[static_cast<unsigned>(what)]);
}

std::string FakeRun::take_order() { return std::exchange(order_, {}); }

}  // namespace xs::test
