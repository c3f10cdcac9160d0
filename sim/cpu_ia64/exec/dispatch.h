// From one slot to the next. What all instructions share stands here once: predication, the way on, the way
// out. Semantics are short functions of three kinds, made handlers by step<>:
//
//     void f(Processor&, const Slot&)   completes always
//     bool f(Processor&, const Slot&)   false: refused, processor.pending says how; nothing was changed
//     Next f(Processor&, const Slot*)   may leave the block: branches, what changes the mode
//
// A handler ends by calling the next one. Compiled with sibling calls this is a jump; where the compiler
// makes calls of them (no optimization, sanitizers) the stack grows by a block's slots, which are few, and
// blocks do not chain.
#pragma once
#include <array>
#include <concepts>

#include "sim/cpu_ia64/exec/slot.h"
#include "sim/cpu_ia64/isa/op.h"
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

[[gnu::always_inline]] inline Next go_on(Processor& p, const Slot* s) { return s->run(p, s); }

// Predication: most instructions have predicate p0, which is always 1, and nobody looks. The others have a
// slot in front of them that looks, and goes on to them or behind them; or a handler that does so itself.

Next look_at_predicate(Processor& p, const Slot* s);  // block.cpp
inline Slot guard(u8 qp) { return {.run = look_at_predicate, .qp = qp}; }

/// For what is often executed under a predicate.
template <Handler handler>
Next if_predicated(Processor& p, const Slot* s) {
  if ((p.r.pr >> s->qp & 1) == 0) return go_on(p, s + 1);
  return handler(p, s);
}

[[gnu::always_inline]] inline Next stop(Processor& p, const Slot* s) {
  p.stopped_at = s;
  return Next::fault;
}

/// Address of the bundle that a slot of the running block stands in.
inline u64 bundle_of(const Processor& p, const Slot* s) { return p.block->va + s->offset; }

/// Puts the operands in place for the present rotating bases (block.cpp).
void rotate(const Processor& p, Block& block);
/// That, if the frame has all registers that the block writes.
bool fit(const Processor& p, Block& block);
/// chain() to a block that was last entered with another frame. Apart, so that chain has no registers to
/// save.
Next chain_with_frame(Processor& p, Block& block, unsigned ri);

[[gnu::always_inline]] inline Next enter(Processor& p, Block& block) {
  p.left -= block.cost;
  p.block = &block;
  return go_on(p, block.slots.data());
}

/// On to the block at r.ip, slot `ri`, when it is known and nobody wants to look around first. PSR.ri is 0
/// while code runs; it is set when the run loop is to go on within a bundle.
[[gnu::always_inline]] inline Next chain(Processor& p, unsigned ri = 0) {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
  Block* b = static_cast<Block*>(p.jump(p.r.ip, ri));
  if (b->va == p.r.ip && b->entry_mode == (p.code_mode | u64{ri} << psr::ri_shift) && p.left >= b->cost)
      [[likely]] {
    if (b->frame != p.frame) [[unlikely]]
      return chain_with_frame(p, *b, ri);
    return enter(p, *b);
  }
#endif
  p.r.psr |= u64{ri} << psr::ri_shift;
  return Next::leave;
}

/// A branch that is taken to r.ip. What the block's entry has paid for and is not executed is given back.
[[gnu::always_inline]] inline Next taken(Processor& p, const Slot* s) {
  p.left += s->behind;
  p.last_bundle = bundle_of(p, s);
  p.branched = true;
  return chain(p);
}

/// Behind `s`, which has taken time of its own (a walk, a device): the slice has no time for all of its
/// block, which has been paid for at its entry. What is not executed is given back, and the run loop goes on
/// there: it cuts at the instruction that ends the slice, wherever blocks begin.
inline bool out_of_time(Processor& p, const Slot* s) {
  if (s->behind == 0) return false;
  p.left += s->behind;
  p.last_bundle = bundle_of(p, s);
  p.r.ip = p.last_bundle + (s->ri == 2 ? 16 : 0);
  p.r.psr |= u64{s->ri == 2 ? 0u : s->ri + 1u} << psr::ri_shift;
  return true;
}

/// Apart from step: variables whose address goes elsewhere would make its last call no jump.
template <auto body>
[[gnu::noinline]] bool attempt(Processor& p, const Slot& s) {
  return body(p, s);
}

template <auto body>
Next step(Processor& p, const Slot* s) {
  using Result = decltype(body(p, *s));
  if constexpr (std::same_as<Result, void>) {
    body(p, *s);
  } else {
    static_assert(std::same_as<Result, bool>);
    if (!attempt<body>(p, *s)) [[unlikely]]
      return stop(p, s);
    if (p.left < 0 && out_of_time(p, s)) [[unlikely]]
      return Next::leave;
  }
  return go_on(p, s + 1);
}

/// The table that decoding picks from: by operation, and by how a memory instruction moves its base.
struct Handlers {
  enum Update : u8 { none, by_register, by_immediate, updates };
  /// What a slot's operands say is worked out once, at decoding.
  using Prepare = void (*)(Slot&);
  std::array<std::array<Handler, op_count>, updates> of{};
  std::array<Prepare, op_count> prepare_of{};
  std::array<Handler, op_count> looking_of{};

  void set(Op op, Handler handler, Update update = none) { of[update][static_cast<unsigned>(op)] = handler; }
  void set(Op op, Handler handler, Prepare first) {
    set(op, handler);
    prepare_of[static_cast<unsigned>(op)] = first;
  }
  /// With a second one, that looks at its predicate (if_predicated).
  void set(Op op, Handler handler, Handler predicated) {
    set(op, handler);
    looking_of[static_cast<unsigned>(op)] = predicated;
  }
  /// Null: it needs a guard.
  Handler looking(Op op) const { return looking_of[static_cast<unsigned>(op)]; }
  Handler get(Op op, Update update) const { return of[update][static_cast<unsigned>(op)]; }
  void prepare(Op op, Slot& s) const {
    if (const Prepare f = prepare_of[static_cast<unsigned>(op)]) f(s);
  }
};

// Each fills in the operations of its unit: one file each.
void add_alu(Handlers&);           // exec_alu.cpp           add, logic, shladd, movl
void add_compare(Handlers&);       // exec_compare.cpp       cmp, tbit, tnat
void add_integer(Handlers&);       // exec_integer.cpp       shifts, fields, extension, counts
void add_multimedia(Handlers&);    // exec_multimedia.cpp    elements of a register
void add_moves(Handlers&);         // exec_moves.cpp         mov br, pr, ip, ar
void add_memory(Handlers&);        // exec_memory.cpp        ld, st, lfetch
void add_semaphores(Handlers&);    // exec_semaphore.cpp     xchg, cmpxchg, fetchadd
void add_float_memory(Handlers&);  // exec_float_memory.cpp  ldf, stf, ldfp
void add_float_moves(Handlers&);   // exec_float_moves.cpp   setf, getf
void add_float(Handlers&);         // exec_float.cpp         format F
void add_branch(Handlers&);        // exec_branch.cpp        format B, chk
void add_system(Handlers&);        // exec_system.cpp        PSR, CR, RR, alloc, RSE, fences
void add_translation(Handlers&);   // exec_translation.cpp   itc, ptc, probe, tpa

// Moves that have a handler for each register; null: the general one does it.
Handler interruption_register_move(bool to, unsigned number);              // exec_system.cpp
Handler application_register_move(bool to, bool i_unit, unsigned number);  // exec_moves.cpp

}  // namespace xs::ia64
