// Construction: memory map and hooks.
#include <sys/mman.h>

#include <string>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"

namespace xs::x86 {

namespace {

void check(uc_err e, const char* what) {
  if (e != UC_ERR_OK) throw Error(std::string("Unicorn: ") + what + ": " + uc_strerror(e));
}

/// The code buffer overflows into a host crash. 1 GiB holds about 2.5 million small blocks: keep well below.
constexpr u64 translations_per_mib = 1'000;

Engine::Impl& impl_of(void* user) { return *static_cast<Engine::Impl*>(user); }

}  // namespace

Engine::Impl::Impl(Engine& engine, const EngineConfig& c, MemoryPort& m, CodeFrames& f, EngineClient& k)
    : self(engine), config(c), memory(m), frames(f), client(k), positions(1u << 12) {
  no_block.frame = no_block.frame2 = CodeFrames::none;
  new_generation();
  current = &no_block;
  translations_per_flush = c.code_buffer_mib * translations_per_mib;
  check(uc_open(UC_ARCH_X86, UC_MODE_64, &uc), "open");
  check(uc_ctl_set_cpu_model(uc, UC_CPU_X86_EPYC), "CPU model");
  check(uc_ctl_exits_enable(uc), "exits");
  check(uc_ctl_set_tcg_buffer_size(uc, c.code_buffer_mib << 20), "code buffer");
  check(uc_ctl_tlb_mode(uc, UC_TLB_VIRTUAL), "virtual TLB");
  context = std::make_unique<ContextBytes>(uc);
  map_memory();
  add_hooks();
  calibrate();
  want_iret(false);
  slot = frames.attach(self);
}

Engine::Impl::~Impl() {
  frames.detach(slot);
  context.reset();
  uc_close(uc);
  munmap(hidden, hidden_size);
}

void Engine::Impl::map_memory() {
  for (const RamRange& r : memory.ram()) {
    if (r.base + r.size > hidden_base) throw Error("DRAM must lie below 2^50");
    check(uc_mem_map_ptr(uc, r.base, r.size, UC_PROT_ALL, r.host), "map DRAM");
  }
  hidden = static_cast<u8*>(
      mmap(nullptr, hidden_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (hidden == MAP_FAILED) throw Error("out of memory");
  std::memset(hidden + hidden_ones, 0xff, frame_size);
  check(uc_mem_map_ptr(uc, hidden_base, hidden_size, UC_PROT_ALL, hidden), "map hidden pages");
  check(uc_mmio_map(uc, window_base, u64{window_pages} * frame_size, on_mmio_read, this, on_mmio_write, this),
        "map the MMIO window");
}

void Engine::Impl::add_hooks() {
  const auto add = [this](int type, auto* callback, u64 begin = 1, u64 end = 0, int instruction = 0) {
    uc_hook h;
    auto* raw = reinterpret_cast<void*>(callback);
    check(type == UC_HOOK_INSN ? uc_hook_add(uc, &h, type, raw, this, begin, end, instruction)
                               : uc_hook_add(uc, &h, type, raw, this, begin, end),
          "hook");
    hooks.push_back(h);
  };
  add(UC_HOOK_TLB_FILL, &on_fill);
  add(UC_HOOK_INTR, &on_interrupt);
  add(UC_HOOK_BLOCK, config.see_every_access ? &on_block_seen : &on_block);
  add(UC_HOOK_INSN, &on_in, 1, 0, UC_X86_INS_IN);
  add(UC_HOOK_INSN, &on_out, 1, 0, UC_X86_INS_OUT);
  add(UC_HOOK_INSN, &on_syscall, 1, 0, UC_X86_INS_SYSCALL);
  add(UC_HOOK_INSN, &on_sysenter, 1, 0, UC_X86_INS_SYSENTER);
  add(UC_HOOK_EDGE_GENERATED, &on_translation);
  for (u64 tap : config.taps) add(UC_HOOK_CODE, &on_tap, tap, tap);
  if (config.see_every_access) {
    origins.resize(size_t{frames.outside()} + 1);
    add(UC_HOOK_MEM_READ, &on_access);
    add(UC_HOOK_MEM_WRITE, &on_access);
  }
}

u64 Engine::Impl::on_mmio_read(uc_engine*, u64 offset, unsigned size, void* user) {
  Impl& e = impl_of(user);
  return e.client.mmio_read(e.window_pa[offset >> frame_shift].pa | (offset & frame_mask), size);
}

void Engine::Impl::on_mmio_write(uc_engine*, u64 offset, unsigned size, u64 value, void* user) {
  Impl& e = impl_of(user);
  e.client.mmio_write(e.window_pa[offset >> frame_shift].pa | (offset & frame_mask), size, value);
}

u32 Engine::Impl::on_in(uc_engine*, u32 port, int size, void* user) {
  return impl_of(user).client.port_read(static_cast<u16>(port), static_cast<unsigned>(size));
}

void Engine::Impl::on_out(uc_engine*, u32 port, int size, u32 value, void* user) {
  impl_of(user).client.port_write(static_cast<u16>(port), static_cast<unsigned>(size), value);
}

void Engine::Impl::on_syscall(uc_engine* uc, void* user) {
  Impl& e = impl_of(user);
  e.rip = e.live_rip();
  e.exit.kind = EngineExit::Kind::syscall;
  e.exit.code = 0;
  if (e.syscall_in_place()) return;
  e.exit_set = true;
  uc_emu_stop(uc);
}

void Engine::Impl::on_sysenter(uc_engine* uc, void* user) {
  Impl& e = impl_of(user);
  e.rip = e.live_rip();
  e.exit.kind = EngineExit::Kind::sysenter;
  e.exit_set = true;
  uc_emu_stop(uc);
}

void Engine::Impl::on_interrupt(uc_engine* uc, u32 number, void* user) {
  Impl& e = impl_of(user);
  // With TF set, Unicorn goes on from a SYSCALL, which it has not executed, to its single-step trap.
  if (e.exit.kind == EngineExit::Kind::syscall || e.exit.kind == EngineExit::Kind::sysenter) return;
  e.exit.code = number - 0x100;  // Unicorn: EXCP_VMEXIT + exit code
  e.rip = e.live_rip();
  e.exit.kind = EngineExit::Kind::intercept;
  if (e.handles_in_place()) {
    if (e.goes_on()) return;
  } else if (e.passes_iret()) {
    return;
  }
  e.exit_set = true;
  uc_emu_stop(uc);
}

void Engine::Impl::on_tap(uc_engine*, u64 address, u32, void* user) {
  Impl& e = impl_of(user);
  if (e.passing != Passing::no) return;  // told of in the block that the IRET ends
  if (!e.code_stops.empty() && e.code_stops.count(address) && e.stops_at(address)) return;
  if (address == e.quiet) return;
  e.client.tap(address);
}

void Engine::Impl::on_translation(uc_engine*, uc_tb*, uc_tb*, void* user) {
  Impl& e = impl_of(user);
  ++e.translations;
  if (e.buffer_full()) e.limit = 0;  // the next block asks must_stop()
}

const Origin* Engine::Impl::origin_of(u64 paddr) const {
  if (paddr >= window_base) return &window_pa[(paddr - window_base) >> frame_shift].origin;
  const u32 frame = frames.frame(paddr);
  return frame == CodeFrames::none ? nullptr : &origins[frame];
}

// With the virtual TLB in use the hook's address is the physical one.
void Engine::Impl::on_access(uc_engine*, uc_mem_type type, u64 paddr, int size, i64, void* user) {
  Impl& e = impl_of(user);
  if (e.bootstrapping) return;
  const Origin* origin = e.origin_of(paddr);
  if (origin == nullptr) return;
  e.client.access(origin->vpn << frame_shift | (paddr & frame_mask), static_cast<u64>(size),
                  type == UC_MEM_WRITE ? mmu::AccessKind::write : mmu::AccessKind::read,
                  origin->user && e.user_mode());
}

Engine::Engine(const EngineConfig& config, MemoryPort& memory, CodeFrames& frames, EngineClient& client)
    : impl_(std::make_unique<Impl>(*this, config, memory, frames, client)) {
  live_ = impl_->context->live_gprs();
  reset_protected_mode();
  impl_->write(UC_X86_REG_FPCW, 0x37f);  // as QEMU starts, the state behind FNINIT; Unicorn's words are 0
  impl_->write(UC_X86_REG_MXCSR, 0x1f80);
}
Engine::~Engine() = default;

}  // namespace xs::x86
