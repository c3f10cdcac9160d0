// Construction: memory map, hooks, and the accessors of Engine.
#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/descriptor.h"

namespace xs::x86 {

namespace {

void check(uc_err e, const char* what) {
  if (e != UC_ERR_OK) throw Error(std::string("Unicorn: ") + what + ": " + uc_strerror(e));
}

constexpr int reg_ids[] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,     UC_X86_REG_RSP,    UC_X86_REG_RBP,
    UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8,  UC_X86_REG_R9,      UC_X86_REG_R10,    UC_X86_REG_R11,
    UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,     UC_X86_REG_RFLAGS, UC_X86_REG_CR0,
    UC_X86_REG_CR2, UC_X86_REG_CR3, UC_X86_REG_CR4, UC_X86_REG_FS_BASE, UC_X86_REG_GS_BASE};
constexpr int fpu_ids[] = {UC_X86_REG_ST0,  UC_X86_REG_XMM0,  UC_X86_REG_MXCSR, UC_X86_REG_FPCW,
                           UC_X86_REG_FPSW, UC_X86_REG_FPTAG, UC_X86_REG_FCS,   UC_X86_REG_FIP,
                           UC_X86_REG_FDS,  UC_X86_REG_FDP,   UC_X86_REG_FOP};
constexpr int table_ids[] = {UC_X86_REG_GDTR, UC_X86_REG_IDTR, UC_X86_REG_LDTR, UC_X86_REG_TR};

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
  e.rip = e.read(UC_X86_REG_RIP);
  e.exit.kind = EngineExit::Kind::syscall;
  if (e.syscall_in_place()) return;
  e.exit_set = true;
  uc_emu_stop(uc);
}

void Engine::Impl::on_sysenter(uc_engine* uc, void* user) {
  Impl& e = impl_of(user);
  e.rip = e.read(UC_X86_REG_RIP);
  e.exit.kind = EngineExit::Kind::sysenter;
  e.exit_set = true;
  uc_emu_stop(uc);
}

void Engine::Impl::on_interrupt(uc_engine* uc, u32 number, void* user) {
  Impl& e = impl_of(user);
  // With TF set, Unicorn goes on from a SYSCALL, which it has not executed, to its single-step trap.
  if (e.exit.kind == EngineExit::Kind::syscall || e.exit.kind == EngineExit::Kind::sysenter) return;
  e.exit.code = number - 0x100;  // Unicorn: EXCP_VMEXIT + exit code
  if (e.stepping_on && e.exit.code == trap_db && e.next_step()) return;
  e.rip = e.read(UC_X86_REG_RIP);
  e.exit.kind = EngineExit::Kind::intercept;
  if (e.handles_in_place() && e.goes_on()) return;
  e.exit_set = true;
  uc_emu_stop(uc);
}

void Engine::Impl::on_tap(uc_engine*, u64 address, u32, void* user) {
  Impl& e = impl_of(user);
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

u64 Engine::Impl::read(int id) const {
  u64 v = 0;
  uc_reg_read(uc, id, &v);
  return v;
}
void Engine::Impl::write(int id, u64 value) { uc_reg_write(uc, id, &value); }

Engine::Engine(const EngineConfig& config, MemoryPort& memory, CodeFrames& frames, EngineClient& client)
    : impl_(std::make_unique<Impl>(*this, config, memory, frames, client)) {
  reset_protected_mode();
  impl_->write(UC_X86_REG_FPCW, 0x37f);  // as QEMU starts, the state behind FNINIT; Unicorn's words are 0
  impl_->write(UC_X86_REG_MXCSR, 0x1f80);
}
Engine::~Engine() = default;

u64 Engine::rip() const { return impl_->rip; }
void Engine::set_rip(u64 value) { impl_->rip = value; }
u64 Engine::reg(Reg r) const {
  const ContextBytes& c = *impl_->context;
  if (r < Reg::rflags && c.in_place()) return c.gpr(static_cast<unsigned>(r));
  return impl_->read(reg_ids[static_cast<unsigned>(r)]);
}
u64 Engine::control_flags() const {
  impl_->context->load();
  return impl_->context->rflags_control();
}
void Engine::set_reg(Reg r, u64 value) {
  if (r < Reg::rflags && impl_->context->in_place())
    return impl_->context->set_gpr(static_cast<unsigned>(r), value);
  if (r == Reg::cr0) impl_->protected_mode = value & 1;
  impl_->write(reg_ids[static_cast<unsigned>(r)], value);
}

void Engine::read_fpu(Fpu which, unsigned index, std::span<u8> out) const {
  u8 value[16] = {};
  uc_reg_read(impl_->uc, fpu_ids[static_cast<unsigned>(which)] + static_cast<int>(index), value);
  std::memcpy(out.data(), value, std::min(out.size(), sizeof value));
}

void Engine::write_fpu(Fpu which, unsigned index, std::span<const u8> in) {
  u8 value[16] = {};
  std::memcpy(value, in.data(), std::min(in.size(), sizeof value));
  uc_reg_write(impl_->uc, fpu_ids[static_cast<unsigned>(which)] + static_cast<int>(index), value);
}

Segment Engine::segment(SegmentIndex i) const {
  impl_->context->load();
  return impl_->context->segment(i);
}

void Engine::load_segment(SegmentIndex i, const Segment& s) {
  impl_->context->load();
  impl_->context->set_segment(i, s);
  impl_->context->store();
}

TableRegister Engine::table(Table t) const {
  impl_->context->load();
  return impl_->context->table(t);
}

void Engine::set_table(Table t, const TableRegister& r) {
  uc_x86_mmr m{};
  m.selector = r.selector;
  m.base = r.base;
  m.limit = r.limit;
  m.flags = t == Table::task ? 0x8b00 : t == Table::ldt ? 0x8200 : 0;
  uc_reg_write(impl_->uc, table_ids[static_cast<unsigned>(t)], &m);
}

unsigned Engine::cpl() const {
  impl_->context->load();
  return impl_->protected_mode ? impl_->context->hflags() & hf_cpl : 0;
}

u64 Engine::instructions() const { return impl_->instructions(); }
u64 Engine::cycles() const { return impl_->cycles; }
u64 Engine::entries() const { return impl_->entries; }
u64 Engine::single_steps() const { return impl_->single_steps; }
void Engine::charge(u64 cycles, u64 instructions) {
  impl_->cycles += cycles;
  impl_->other_cycles += cycles - instructions * impl_->config.timing.instruction;
}
u64 Engine::block_address() const { return impl_->last_block().address; }
u64 Engine::translations() const { return impl_->translations; }

bool Engine::code64() const {
  impl_->context->load();
  return impl_->context->hflags() & hf_cs64;
}

unsigned Engine::code_bits() const { return impl_->code_bits(); }

bool Engine::shadow() const {
  impl_->context->load();
  return impl_->context->hflags() & hf_inhibit_irq;
}

void Engine::clear_shadow() {
  impl_->context->load();
  if (!(impl_->context->hflags() & hf_inhibit_irq)) return;
  impl_->context->set_hflags(impl_->context->hflags() & ~u32{hf_inhibit_irq});
  impl_->context->store();
}

void Engine::enter_handler(const HandlerEntry& e) {
  ContextBytes& c = *impl_->context;
  c.load();
  c.set_segment(seg_cs, e.cs);
  if (e.load_ss) c.set_segment(seg_ss, e.ss);
  c.set_gpr(4, e.rsp);
  c.set_rflags_control(c.rflags_control() & ~u64{e.clear_rflags});
  c.set_hflags(c.hflags() & ~u32{hf_inhibit_irq});
  c.store();
  impl_->rip = e.rip;
}

void Engine::intercept(unsigned exit_code, bool on) {
  const u64 bit = u64{1} << (exit_code - svm::exit_intr);
  ContextBytes& c = *impl_->context;
  c.load();
  c.set_intercepts(on ? c.intercepts() | bit : c.intercepts() & ~bit);
  c.store();
}

}  // namespace xs::x86
