// Delivery of exceptions and interrupts: IDT gate, target segment, stack, frame (SDM vol. 3A 6.12, 6.14).
//
//     64-bit frame, from high to low:  SS  RSP  RFLAGS  CS  RIP  [error code]      (16-byte aligned start)
//
// A fault during delivery is delivered instead, becomes #DF when the two are not benign together, and shuts
// the core down during #DF (table 6-5).
#include <cstring>

#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"
#include "sim/cpu_x86/system/descriptor.h"

namespace xs::x86 {

namespace {

enum class Class { benign, contributory, page_fault, double_fault };

Class class_of(const Event& e) {
  if (e.source != Event::Source::fault) return Class::benign;
  switch (e.vector) {
    case vec_de:
    case vec_ts:
    case vec_np:
    case vec_ss:
    case vec_gp:
      return Class::contributory;
    case vec_pf:
      return Class::page_fault;
    case vec_df:
      return Class::double_fault;
    default:
      return Class::benign;
  }
}

bool makes_double_fault(Class first, Class second) {
  if (first == Class::contributory) return second == Class::contributory;
  return first == Class::page_fault && second != Class::benign;
}

/// EXT: the error happened while an event external to the program was delivered.
u32 external_bit(const Event& e) { return e.source == Event::Source::software ? 0 : 1; }

struct Gate {
  u64 low, high;
  unsigned type() const { return low >> 40 & 0xf; }
  unsigned privilege() const { return low >> 45 & 3; }
  bool present() const { return low >> 47 & 1; }
  bool system() const { return !(low >> 44 & 1); }
  u16 selector() const { return static_cast<u16>(low >> 16); }
  unsigned stack_index() const { return low >> 32 & 7; }
  u64 offset() const { return (low & 0xffff) | (low >> 32 & 0xffff0000) | high << 32; }
  bool masks_interrupts() const { return !(type() & 1); }  // interrupt gate, not trap gate
};

}  // namespace

void Core::tell(const Event& e) const {
  if (!config_.observer) return;
  const bool page_fault = e.vector == vec_pf;
  config_.observer->on_trap({.kind = page_fault      ? Trap::Kind::translation
                                     : e.vector < 32 ? Trap::Kind::exception
                                                     : Trap::Kind::interrupt,
                             .cpu = static_cast<u8>(config_.id),
                             .vector = e.vector,
                             .error = e.error,
                             .address = page_fault ? e.cr2 : 0,
                             .pc = view_pc_,
                             .time_ps = now_ps()});
}

void Core::raise(const Event& event) {
  Event e = event;
  e.has_error = e.has_error && has_error_code(e.vector);
  engine_->charge(config_.timing.trap, 0);
  for (;;) {
    if (e.source == Event::Source::fault) {
      if (e.vector < 32) ++counters_.exceptions[e.vector];
      if (e.vector == vec_pf) cr2_ = e.cr2;
      if (e.vector == vec_db)
        dr_[7] &= ~dr7_general_detect;  // so that the handler can look (SDM vol. 3B 17.2.4)
    }
    view_pc_ = engine_->rip();
    hash(view_pc_);
    tell(e);
    try {
      return deliver(e);
    } catch (const GuestFault& f) {
      const Event second{f.vector, Event::Source::fault, f.has_error, f.error, f.cr2, engine_->rip()};
      if (class_of(e) == Class::double_fault) return shutdown();
      if (f.vector == vec_pf) cr2_ = f.cr2;
      e = makes_double_fault(class_of(e), class_of(second))
              ? Event{vec_df, Event::Source::fault, true, 0, 0, e.return_rip}
              : second;
    }
  }
}

void Core::shutdown() {
  state_ = CoreState::shutdown;
  view_pc_ = engine_->rip();
  if (config_.observer) config_.observer->on_triple_fault(*this);
  bus_.shutdown();
}

void Core::deliver(const Event& e) {
  if (long_mode()) return deliver_long(e);
  if (control_.cr0 & cr0::pe) return deliver_protected(e);
  deliver_real(e);
}

void Core::push(u64& rsp, u64 value, unsigned size, u64 base) {
  rsp -= size;
  store(base + rsp, value, size);
}

/// Word by word, unless all of it lies in one page.
void Core::push_frame(u64& rsp, std::span<const u64> words) {
  if (u8* const host = stack_page(rsp, words.size_bytes())) {
    for (std::size_t i = 0; i < words.size(); ++i) std::memcpy(host - 8 * (i + 1), &words[i], 8);
    rsp -= words.size_bytes();
    return;
  }
  for (const u64 word : words) push(rsp, word, 8, 0);
}

/// Raw bytes of a code or data descriptor in the GDT or LDT.
u64 Core::descriptor(u16 selector, u8 fault_vector, u32 external) {
  const TableRegister table = engine_->table(selector & 4 ? Table::ldt : Table::gdt);
  const u32 error = (selector & 0xfffcu) | external;
  if (!(selector & 0xfffc)) throw GuestFault{vec_gp, true, external, 0};
  if ((selector | 7u) > table.limit) throw GuestFault{fault_vector, true, error, 0};
  return load(table.base + (selector & 0xfff8u), 8);
}

u64 Core::stack_from_tss(unsigned offset) {
  const TableRegister task = engine_->table(Table::task);
  if (offset + 7 > task.limit) throw GuestFault{vec_ts, true, task.selector & 0xfffcu, 0};
  const u64 rsp = load(task.base + offset, 8);
  if (!mmu::is_canonical(rsp)) throw GuestFault{vec_ss, true, 0, 0};
  return rsp;
}

void Core::deliver_long(const Event& e) {
  const u32 ext = external_bit(e), idt_error = e.vector * 8u + 2 + ext;
  const TableRegister idt = engine_->table(Table::idt);
  if (e.vector * 16u + 15 > idt.limit) throw GuestFault{vec_gp, true, idt_error, 0};
  const std::array<u64, 2> raw_gate = load_pair(idt.base + e.vector * 16u);
  const Gate gate{raw_gate[0], raw_gate[1]};
  const unsigned cpl = engine_->cpl();
  if (!gate.system() || (gate.type() | 1) != 0xf) throw GuestFault{vec_gp, true, idt_error, 0};
  if (e.source == Event::Source::software && gate.privilege() < cpl)
    throw GuestFault{vec_gp, true, idt_error, 0};
  if (!gate.present()) throw GuestFault{vec_np, true, idt_error, 0};

  const u64 raw = descriptor(gate.selector(), vec_gp, ext);
  Segment cs = unpack_segment(gate.selector(), raw);
  const u32 cs_error = (gate.selector() & 0xfffcu) | ext;
  constexpr u32 code = attr_code | attr_nonsystem;
  if ((cs.attributes & code) != code || dpl(cs) > cpl) throw GuestFault{vec_gp, true, cs_error, 0};
  if (!(cs.attributes & attr_present)) throw GuestFault{vec_np, true, cs_error, 0};
  if (!(cs.attributes & attr_long) || (cs.attributes & attr_big)) throw GuestFault{vec_gp, true, cs_error, 0};
  const unsigned new_cpl = cs.attributes & attr_conforming ? cpl : dpl(cs);
  if (!mmu::is_canonical(gate.offset())) throw GuestFault{vec_gp, true, ext, 0};

  HandlerEntry entry;
  u64 rsp = engine_->reg(Reg::rsp);
  if (gate.stack_index())
    rsp = stack_from_tss(0x24 + 8 * (gate.stack_index() - 1));
  else if (new_cpl < cpl)
    rsp = stack_from_tss(4 + 8 * new_cpl);
  rsp &= ~u64{15};
  const u64 flags =
      engine_->reg(Reg::rflags) |
      ((e.source == Event::Source::fault && e.vector != vec_db) || e.resume ? u32{rflags::rf} : 0u);
  const u64 frame[] = {engine_->segment(seg_ss).selector, engine_->reg(Reg::rsp), flags,
                       engine_->segment(seg_cs).selector, e.return_rip,           e.error};
  push_frame(rsp, {frame, e.has_error ? 6u : 5u});

  entry.cs = cs;
  entry.cs.selector = static_cast<u16>((gate.selector() & 0xfffc) | new_cpl);
  entry.load_ss = new_cpl != cpl;
  entry.ss = {static_cast<u16>(new_cpl), 0, 0,
              attr_present | attr_nonsystem | attr_writable | new_cpl << attr_dpl_shift};
  entry.rsp = rsp;
  entry.rip = gate.offset();
  entry.clear_rflags =
      rflags::tf | rflags::nt | rflags::rf | rflags::vm | (gate.masks_interrupts() ? u32{rflags::if_} : 0u);
  engine_->enter_handler(entry);
}

// 32-bit protected mode without paging: boot code before long mode. Same privilege only.
void Core::deliver_protected(const Event& e) {
  const u32 ext = external_bit(e), idt_error = e.vector * 8u + 2 + ext;
  const TableRegister idt = engine_->table(Table::idt);
  if (e.vector * 8u + 7 > idt.limit) throw GuestFault{vec_gp, true, idt_error, 0};
  const Gate gate{load(idt.base + e.vector * 8u, 8), 0};
  const unsigned cpl = engine_->cpl();
  if (!gate.system() || (gate.type() | 1) != 0xf) throw GuestFault{vec_gp, true, idt_error, 0};
  if (e.source == Event::Source::software && gate.privilege() < cpl)
    throw GuestFault{vec_gp, true, idt_error, 0};
  if (!gate.present()) throw GuestFault{vec_np, true, idt_error, 0};
  const Segment cs = unpack_segment(gate.selector(), descriptor(gate.selector(), vec_gp, ext));
  if (!(cs.attributes & attr_code) || !(cs.attributes & attr_present) || dpl(cs) != cpl)
    throw GuestFault{vec_gp, true, (gate.selector() & 0xfffcu) | ext, 0};

  HandlerEntry entry;
  const u64 stack = engine_->segment(seg_ss).base;
  u64 rsp = engine_->reg(Reg::rsp) & 0xffffffff;
  push(rsp, engine_->reg(Reg::rflags), 4, stack);
  push(rsp, engine_->segment(seg_cs).selector, 4, stack);
  push(rsp, e.return_rip, 4, stack);
  if (e.has_error) push(rsp, e.error, 4, stack);
  entry.cs = cs;
  entry.rsp = rsp;
  entry.rip = gate.offset() & 0xffffffff;
  entry.clear_rflags =
      rflags::tf | rflags::nt | rflags::rf | rflags::vm | (gate.masks_interrupts() ? u32{rflags::if_} : 0u);
  engine_->enter_handler(entry);
}

// Real mode: four-byte vectors, no error codes (SDM vol. 3B 20.1.4).
void Core::deliver_real(const Event& e) {
  const TableRegister idt = engine_->table(Table::idt);
  if (e.vector * 4u + 3 > idt.limit) throw GuestFault{vec_gp, false, 0, 0};
  const u64 vector = load(idt.base + e.vector * 4u, 4);
  const u64 stack = engine_->segment(seg_ss).base;
  u64 rsp = engine_->reg(Reg::rsp) & 0xffff;
  push(rsp, engine_->reg(Reg::rflags), 2, stack);
  push(rsp, engine_->segment(seg_cs).selector, 2, stack);
  push(rsp, e.return_rip, 2, stack);
  HandlerEntry entry;
  const u16 selector = static_cast<u16>(vector >> 16);
  entry.cs = {selector, u64{selector} << 4, 0xffff, 0x9b00};
  entry.rsp = (engine_->reg(Reg::rsp) & ~u64{0xffff}) | (rsp & 0xffff);
  entry.rip = vector & 0xffff;
  entry.clear_rflags = rflags::tf | rflags::if_ | rflags::ac | rflags::rf;
  engine_->enter_handler(entry);
}

}  // namespace xs::x86
