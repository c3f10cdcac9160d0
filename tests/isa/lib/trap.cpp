#include "tests/isa/lib/trap.h"

#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/text.h"

namespace isa {

alignas(16) u8 user_stack[user_stack_size];

namespace {

struct ProbeContext {
  u64 saved[7];
};
struct ProbeStart {
  u64 rip, cs, rflags, rsp, ss, argument;
};

extern "C" u64 probe_enter(ProbeContext*, const ProbeStart*);
extern "C" void user_finish();
extern "C" [[noreturn]] void probe_leave(ProbeContext*);

Handler handlers[256];
ProbeContext* context;
Trap* current;

bool within(u64 address, const u8* area, u64 size) {
  const u64 base = reinterpret_cast<u64>(area);
  return address > base && address <= base + size;
}

/// The error code names an IDT entry (bit 1). TCG counts 16 for a gate where the SDM (vol. 3A 6.13) shifts
/// the vector by 3, and never sets EXT, so the value goes on a line of its own.
bool refers_to_idt(const TrapFrame& frame) {
  return frame.vector >= 10 && frame.vector <= 13 && frame.error != TrapFrame::no_error &&
         (frame.error & 2) != 0;
}

const char* stack_name(u64 address) {
  static const char* const names[] = {"rsp0", "ist1", "ist2"};
  for (unsigned n = 0; n < 3; ++n) {
    if (within(address, trap_stacks[0][n], trap_stack_size)) return names[n];
  }
  return within(address, user_stack, user_stack_size) ? "user" : "kernel";
}

}  // namespace

extern "C" void trap_dispatch(TrapFrame* frame) {
  if (Handler handler = handlers[frame->vector]) return handler(*frame);
  if (context == nullptr) {
    print("unexpected trap ", vector_name(frame->vector), " ", frame->vector, " error ", hex(frame->error),
          " rip ", hex(frame->rip), " cr2 ", hex(read_cr2()), "\n");
    leave(1);
  }
  current->taken = true;
  current->frame = *frame;
  current->cr2 = read_cr2();
  current->frame_address = reinterpret_cast<u64>(frame);
  ProbeContext* const target = context;
  context = nullptr;
  probe_leave(target);
}

void on_vector(unsigned vector, Handler handler) { handlers[vector] = handler; }

Trap probe(Ring ring, Code code, u64 argument, u64 rflags) {
  ProbeContext here;
  Trap trap;
  ProbeStart start{reinterpret_cast<u64>(code), 0, rflags, 0, 0, argument};
  if (ring != ring0) {
    start.cs = ring == ring3 ? SEL_USER_CODE : SEL_USER_CODE32;
    start.ss = SEL_USER_DATA;
    u64* const top = reinterpret_cast<u64*>(user_stack + user_stack_size) - 2;
    *top = reinterpret_cast<u64>(user_finish);
    start.rsp = reinterpret_cast<u64>(top);
  }
  context = &here;
  current = &trap;
  probe_enter(&here, &start);
  context = nullptr;
  return trap;
}

const char* vector_name(u64 vector) {
  static const char* const names[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9",
                                      "#TS", "#NP", "#SS", "#GP", "#PF", "15",  "#MF", "#AC", "#MC", "#XM"};
  if (vector < 20) return names[vector];
  return vector == done_vector ? "done" : "vector";
}

void put_flags(u64 rflags) {
  static const struct {
    u64 bit;
    const char* name;
  } flags[] = {{u64{1} << 8, " TF"},  {u64{1} << 9, " IF"},  {u64{1} << 10, " DF"}, {u64{3} << 12, " IOPL"},
               {u64{1} << 14, " NT"}, {u64{1} << 18, " AC"}, {u64{1} << 21, " ID"}};
  for (const auto& flag : flags) {
    if ((rflags & flag.bit) != 0) put(flag.name);
  }
}

void show(const char* what, const Trap& trap, Code origin, u64 area) {
  print(what, ": ");
  if (!trap.taken) return print("no trap\n");
  const TrapFrame& f = trap.frame;
  if (f.vector == done_vector && f.rip == reinterpret_cast<u64>(user_finish) + 2) {
    print("returned, flags:");
    put_flags(f.rflags);
    return print("\n");
  }
  print(vector_name(f.vector));
  if (f.vector >= 20 && f.vector != done_vector) print(" ", f.vector);
  const bool names_gate = refers_to_idt(f);
  if (f.error == TrapFrame::no_error)
    print(" err=none");
  else if (names_gate)
    print(" err=gate");
  else
    print(" err=", hex(f.error));
  if (f.vector == 14) print(" cr2=+", hex(trap.cr2 - area));
  print(" rip=+", hex(f.rip - reinterpret_cast<u64>(origin)), " cs=", hex(f.cs), " ss=", hex(f.ss));
  print(" stack=", stack_name(trap.frame_address), " from=", stack_name(f.rsp), " flags:");
  put_flags(f.rflags);
  print("\n");
  if (names_gate) print("~ gate: err=", hex(f.error), "\n");
}

Trap report(const char* what, Ring ring, Code code, u64 argument, u64 rflags) {
  const Trap trap = probe(ring, code, argument, rflags);
  show(what, trap, code);
  return trap;
}

}  // namespace isa
