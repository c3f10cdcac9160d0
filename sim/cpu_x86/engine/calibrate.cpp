// Start-up proof that the running Unicorn has the layout and the behaviour which the engine relies on.
// Anything else than expected refuses to run: a wrong offset would corrupt simulated state silently.
#include <string>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/safe_read.h"
#include "sim/cpu_x86/engine/svm_exit.h"

namespace xs::x86 {

namespace {

// Distance of the exact fault address from the handle, by version (2.1.1, 2.1.4).
constexpr size_t fault_address_offsets[] = {1392, 1416};

/// Where the handle points to the CPU object, and the state's place in that (2.1.1).
constexpr size_t cpu_pointer_offset = 416, state_offset = 35408;
/// In the CPU object: how many instructions the next block may have (2.1.1).
constexpr size_t next_block_offset = 24;
/// What a guest can put into CR3.
constexpr u64 cr3_bits = 0x000ffffffffff000;
/// Up to the last field in use (instruction intercepts); a saved context holds 5532 bytes of state.
constexpr size_t compared_bytes = 5496;

u64 load_u64(const void* base, size_t offset) {
  u64 v;
  std::memcpy(&v, static_cast<const u8*>(base) + offset, sizeof v);
  return v;
}

}  // namespace

void Engine::Impl::expect(bool condition, const char* what) const {
  if (condition) return;
  unsigned major = 0, minor = 0;
  uc_version(&major, &minor);
  throw Error("this Unicorn (" + std::to_string(major) + "." + std::to_string(minor) +
              ".x) is not usable: " + what + "; version 2.1.1 is");
}

void Engine::Impl::calibrate() {
  enter_guest_mode();
  expect(exit_set && exit.code == svm::exit_exception0 + 6, "guest mode does not start");
  calibrate_context();
  calibrate_intercepts();
  calibrate_fault_address();
  calibrate_in_place();
  std::memset(hidden + hidden_code, 0, 2 * frame_size);
  uc_ctl_flush_tlb(uc);
}

void Engine::Impl::calibrate_context() {
  constexpr int ids[] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
                         UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI};
  for (unsigned i = 0; i < 8; ++i) write(ids[i], 0x1122334455667788u + i);
  context->load();
  for (unsigned i = 0; i < 8; ++i)
    expect(context->gpr(i) == 0x1122334455667788u + i, "saved context: registers");
  expect(context->rip() == read(UC_X86_REG_RIP), "saved context: RIP");
  expect((context->hflags() & (hf_cpl | hf_pe | hf_lma | hf_cs64 | hf_guest)) ==
             (hf_pe | hf_lma | hf_cs64 | hf_guest),
         "saved context: mode");
  expect(context->segment(seg_cs).selector == 8 && context->segment(seg_ss).selector == 0x10 &&
             context->segment(seg_ds).limit == 0xffffffff &&
             (context->segment(seg_cs).attributes >> 8 & 0x9f) == 0x9b,
         "saved context: segments");
  constexpr std::pair<int, Table> tables[] = {{UC_X86_REG_GDTR, Table::gdt},
                                              {UC_X86_REG_IDTR, Table::idt},
                                              {UC_X86_REG_LDTR, Table::ldt},
                                              {UC_X86_REG_TR, Table::task}};
  u64 magic = 0x123456789000;
  for (const auto& [id, table] : tables) {
    const uc_x86_mmr value{0x38, magic, static_cast<u32>(magic >> 24 & 0xffff), 0};
    uc_reg_write(uc, id, &value);
    context->load();
    const TableRegister found = context->table(table);
    expect(found.base == value.base && found.limit == value.limit, "saved context: tables");
    magic += 0x1111111000;
  }
  for (u64 flags : {u64{0x8d7}, u64{0x602}, u64{0x203}}) {
    write(UC_X86_REG_RFLAGS, flags);
    context->load();
    expect(context->flags_known() && context->flags() == flags, "saved context: flags");
    context->set_flags(flags ^ 0xcd5);
    context->store();
    expect(read(UC_X86_REG_RFLAGS) == (flags ^ 0xcd5), "saved context: flags written");
  }
  write(UC_X86_REG_RFLAGS, 2);
  expect(context->intercepts() == load_u64(hidden + hidden_vmcb, 0x0c), "saved context: intercepts");
  context->set_gpr(3, 42);
  context->store();
  expect(read(UC_X86_REG_RBX) == 42, "saved context: restore");
}

// nop; cpuid | mov eax,0x1238; mov ds,eax (#GP with that selector: the GDT is empty) | pushfq... single step
void Engine::Impl::calibrate_intercepts() {
  constexpr u8 code[] = {0x90, 0x0f, 0xa2, 0xb8, 0x38, 0x12, 0x00, 0x00,
                         0x8e, 0xd8, 0xcd, 0x0d, 0x90, 0x0f, 0x05};
  u8* at = hidden + hidden_code + 0x100;
  std::memcpy(at, code, sizeof code);
  const u64 base = hidden_va + hidden_code + 0x100;
  run_hidden(hidden_code + 0x100);
  expect(exit_set && exit.code == svm::exit_cpuid && rip == base + 1, "CPUID intercept");
  uc_x86_mmr gdt{0, hidden_va, 0x7f, 0};
  uc_reg_write(uc, UC_X86_REG_GDTR, &gdt);
  run_hidden(hidden_code + 0x103);
  context->load();
  expect(exit_set && exit.code == svm::exit_exception0 + 13 && rip == base + 8, "#GP intercept");
  expect(context->error_code() == 0x1238, "saved context: error code");
  run_hidden(hidden_code + 0x10a);
  expect(exit_set && exit.code == svm::exit_swint && rip == base + 10, "INT intercept");
  write(UC_X86_REG_RFLAGS, 0x102);
  run_hidden(hidden_code + 0x10c);
  expect(exit_set && exit.code == svm::exit_exception0 + 1 && rip == base + 13, "single step");
  write(UC_X86_REG_RFLAGS, 2);
  run_hidden(hidden_code + 0x10d);
  expect(exit_set && exit.kind == EngineExit::Kind::syscall && rip == base + 13, "SYSCALL hook");
}

/// Uses the live state in place of copies when two different contents are found where they should be; else
/// the copies go on to be used, at a cost in speed alone.
void Engine::Impl::calibrate_in_place() {
  if (!config.in_place) return;
  u8* const cpu = reinterpret_cast<u8*>(load_u64(uc, cpu_pointer_offset));
  u8* const state = cpu + state_offset;
  for (u64 magic : {u64{0x0123456789abcdef}, u64{0xfedcba9876543210}}) {
    write(UC_X86_REG_R13, magic);
    write(UC_X86_REG_CR3, magic & cr3_bits);
    context->load();
    u8 live[compared_bytes], saved[compared_bytes];
    if (!safe_read(state, live, sizeof live)) return;
    context->copy(saved, sizeof saved);
    if (load_u64(live, 8 * 13) != magic || std::memcmp(live, saved, sizeof live) != 0) return;
    if (context->cr3() != (magic & cr3_bits)) return;
  }
  write(UC_X86_REG_CR3, 0);
  context->use_in_place(state);
  calibrate_soft_tlb(cpu, state);
  calibrate_parts(cpu);
}

// nop; mov ecx,ecx; nop; nop; cpuid (intercepted); ret: a block of as many instructions as asked for, once,
// and what follows it runs on. Without that, parts of blocks are single-stepped, at a cost in speed alone.
void Engine::Impl::calibrate_parts(u8* cpu) {
  constexpr u8 code[] = {0x90, 0x89, 0xc9, 0x90, 0x90, 0x0f, 0xa2, 0xc3};
  constexpr u64 at = hidden_code + 0x400;
  constexpr std::pair<u32, u32> parts[] = {{3, 4}, {1, 1}, {2, 3}, {any_size, sizeof code}};
  std::memcpy(hidden + at, code, sizeof code);
  u32* const size = reinterpret_cast<u32*>(cpu + next_block_offset);
  for (const auto& [instructions, bytes] : parts) {
    if (*size != any_size) return;
    *size = instructions;
    first_block_size = 0;
    run_hidden(at);
    const bool good = *size == any_size && first_block_size == bytes && exit_set &&
                      exit.code == svm::exit_cpuid && rip == hidden_va + at + 5;
    *size = any_size;
    if (!good) return;
  }
  next_block_size = size;
}

// mov rax,[rsi]; cpuid (intercepted). `exact` needs Unicorn to ask again for everything, and has no use for
// it.
void Engine::Impl::calibrate_soft_tlb(u8* cpu, u8* state) {
  constexpr u8 code[] = {0x48, 0x8b, 0x06, 0x0f, 0xa2};
  constexpr u64 at = hidden_code + 0x300;
  std::memcpy(hidden + at, code, sizeof code);
  uc_ctl_flush_tlb(uc);
  write(UC_X86_REG_RSI, hidden_va + hidden_data);
  run_hidden(at);
  soft_tlb.locate(cpu, state);
  soft_tlb.use(!config.see_every_access && soft_tlb.prove(hidden_va + at, hidden_va + hidden_data));
}

// mov rax,[rsi] where RSI points outside the hidden pages
void Engine::Impl::calibrate_fault_address() {
  constexpr u8 code[] = {0x90, 0x48, 0x8b, 0x06};
  std::memcpy(hidden + hidden_code + 0x200, code, sizeof code);
  for (size_t candidate : fault_address_offsets) {
    bool good = true;
    for (u64 va : {u64{0x123456789abc}, u64{0x765432100ff1}}) {
      write(UC_X86_REG_RSI, va);
      run_hidden(hidden_code + 0x200);
      good = good && load_u64(uc, candidate) == va;
    }
    expect(read(UC_X86_REG_RIP) == hidden_va + hidden_code + 0x201, "RIP of a refused fill");
    if (good) fault_address_offset = candidate;
  }
  expect(fault_address_offset != 0, "exact fault address");
}

}  // namespace xs::x86
