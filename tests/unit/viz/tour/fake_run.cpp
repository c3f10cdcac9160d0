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

Explanation way_to(u64 va, u64 pa, bool with_names) {
  Explanation way;
  way.va = va, way.use = AddressUse::fetch, way.level = 3;
  way.steps.push_back({"CR3", {}, pa & ~frame_mask, "", pa >> frame_shift, {}});
  for (const char* level : {"PML4E 0x105", "PDPTE 0x142", "PDE 0x1", "PTE 0x3"})
    way.steps.push_back({level, pa + 8 * way.steps.size(), pa | 0x63, "P W A D", pa >> frame_shift, {}});
  if (with_names) way.steps.back().name = 0x41;
  way.now = way.tables = {true, pa, 12, page_read | page_execute, 0, ""};
  return way;
}

/// By CPU 0, where a guest runs that names frames by GFN, and has not flushed.
viz::TranslationImage translation_image(u64 mfn) {
  viz::TranslationImage t;
  const u32 guest = 1u << 16;
  t.subjects = {{{0, 0}, guest, ""},
                {{1, 0}, std::nullopt, ""},
                {{std::nullopt, guest}, guest, ""},
                {{std::nullopt, 0}, 0, "blocked"}};
  t.known = true, t.cpu = 0, t.dv = guest, t.guest_code = true, t.va = code_at + 12;
  t.places = {t.va, 0xffff800000002000, 0x9fffffffbff20000, 0x1234};
  const u64 pa = mfn << frame_shift;
  t.processor = way_to(t.va, pa + 12, false);
  t.own = way_to(t.va, pa + frame_size + 12, true);
  t.own->now.ok = false, t.own->now.why = "#PF: the PTE is not present", t.own->now.fault = 4;
  t.differ = "the processor still has what the guest's own tables have no more";
  for (u64 i = 0; i < 40; ++i) {
    viz::TlbEntryImage& e = t.tlb.emplace_back();
    e.va = code_at + (i << frame_shift), e.pa = pa + (i << frame_shift), e.where = "TLB";
    e.rights = {page_read, page_read, page_read, static_cast<u8>(i % 8)};
    e.global = i % 3 == 0, e.dirty = i % 2 == 0;
    e.frame = {true, static_cast<u32>(i % 3), XS_FRAME_NONE};
  }
  t.processor->held = t.tlb.front(), t.processor->hit = true;
  t.processor->stale = "the TLB holds other rights than the tables say";
  t.frames[mfn] = {true, 1, XS_FRAME_NONE};
  return t;
}

/// Each frame holds the same.
viz::FrameContent frame_content(u64 mfn) {
  viz::FrameContent content;
  content.mfn = mfn;
  content.type_count = 1, content.general_count = 2, content.allocated = true;
  constexpr std::size_t frame_bytes = 4096;
  for (std::size_t i = 0; i < frame_bytes; ++i) content.bytes.push_back(static_cast<u8>(i * 7));
  content.table = true;
  for (unsigned i = 0; i < 40; ++i) {
    viz::TableEntryImage& e = content.entries.emplace_back();
    e.index = 3 * i, e.value = (mfn + i) << frame_shift | 0x67, e.means = "P W U A D", e.frame = mfn + i;
    e.frame_image = {true, i % 3, XS_FRAME_NONE};
  }
  return content;
}

}  // namespace

FakeRun::FakeRun() {
  image_.time_ps = 12'345'678'900;
  for (u32 i = 0; i < 2; ++i) image_.cpus.push_back(cpu_image(i));
  constexpr u64 code_mfn = 0x400;
  image_.translation = std::make_shared<const viz::TranslationImage>(translation_image(code_mfn));
}

void FakeRun::wish(const viz::ImageWish& wish) {
  wished = wish;
  image_.frame.reset();
  const bool known = wish.frame && *wish.frame % 2 == 0;
  if (known) image_.frame = frame_content(*wish.frame);
}

void FakeRun::answer(u64 mfn) {
  viz::TranslationImage told = translation_image(mfn);
  told.wish = wished.translation.value();
  told.own->tables.pa = mfn << frame_shift;
  image_.translation = std::make_shared<const viz::TranslationImage>(std::move(told));
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
