// A fill was refused: #PF, #GP for a non-canonical address, or a second try with supervisor rights.
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

constexpr u32 error_write = 1u << 1;

/// The access goes through the stack pointer: a non-canonical address is #SS, not #GP.
bool is_stack_access(const Opcode& op) {
  const u32 c = op.opcode;
  return (c >= 0x50 && c <= 0x5f) || c == 0x68 || c == 0x6a || c == 0x9c || c == 0x9d || c == 0xc2 ||
         c == 0xc3 || c == 0xc9 || c == 0xe8;
}

}  // namespace

void Core::on_fault(const EngineExit& exit) {
  if (refused_watch_) {
    refused_watch_ = false;
    return careful_step();
  }
  const u64 rip = engine_->rip();
  const Opcode op = exit.access == mmu::AccessKind::fetch ? opcode_at_rip() : opcode_at_intercept();
  if (mmu_.take_lost()) engine_->flush_tlb();
  switch (refusal_.failure) {
    case mmu::Failure::non_canonical: {
      if (exit.access == mmu::AccessKind::fetch && undo_near_branch())
        return raise({vec_gp, Event::Source::fault, true, 0, 0, engine_->rip()});
      const bool stack = exit.access != mmu::AccessKind::fetch && is_stack_access(op);
      return raise({stack ? u8{vec_ss} : u8{vec_gp}, Event::Source::fault, true, 0, 0, rip});
    }
    case mmu::Failure::unsupported_mode:
      unmodelled("paging mode", control_.cr4);
      return shutdown();
    case mmu::Failure::page_fault:
    case mmu::Failure::none:
      return page_fault(exit, op);
  }
}

/// The engine jumps first and faults at the target; hardware faults at the branch (SDM vol. 2, CALL JMP RET).
/// Its last block ends with the branch.
bool Core::undo_near_branch() {
  const std::vector<u8> bytes = engine_->block_code();
  const unsigned bits = engine_->code_bits();
  std::span<const u8> last(bytes);
  while (const unsigned length = instruction_length(last, bits)) {
    if (length >= last.size()) break;
    last = last.subspan(length);
  }
  const Opcode op = split(last, bits);
  const unsigned ext = op.modrm >> 3 & 7;
  u64 rsp = gpr(4);
  if (op.opcode == 0xff && op.has_modrm && ext == 2)
    rsp += 8;
  else if (op.opcode == 0xc3)
    rsp -= 8;
  else if (op.opcode == 0xc2 && last.size() >= 3)
    rsp -= 8 + (last[last.size() - 2] | last[last.size() - 1] << 8);
  else if (op.opcode != 0xff || !op.has_modrm || ext != 4)
    return false;
  set_gpr(4, rsp);
  engine_->set_rip(engine_->block_address() + bytes.size() - last.size());
  engine_->charge(0 - u64{config_.timing.instruction}, ~u64{0});  // the branch has not retired
  return true;
}

void Core::page_fault(const EngineExit& exit, const Opcode& op) {
  // Loading a segment at CPL 3 reads the descriptor tables as supervisor, which the fill cannot tell. Refused
  // as supervisor too, it is a page fault like any other (a hypervisor maps a guest's LDT on first use).
  const bool user = engine_->cpl() == 3;
  if (user && !refused_implicit_ && exit.access != mmu::AccessKind::fetch && reads_descriptors(op) &&
      in_descriptor_tables(exit.va)) {
    implicit_page_ = exit.va & ~frame_mask;
    return;
  }
  u32 error = refusal_.error_code;
  // The engine asks for the read first; hardware faults once, as a write.
  if (exit.access == mmu::AccessKind::read && is_read_modify_write(op)) error |= error_write;
  raise({vec_pf, Event::Source::fault, true, error, exit.va, engine_->rip()});
}

bool Core::in_descriptor_tables(u64 va) const {
  for (Table t : {Table::gdt, Table::ldt, Table::task}) {
    const TableRegister r = engine_->table(t);
    if (va - r.base <= r.limit) return true;
  }
  return false;
}

}  // namespace xs::x86
