// What PV guests have in place of privileged instructions: traps, callbacks, descriptors, segments,
// registers, iret.
#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

extern "C" {
void rescue_landing();
void rescue_trap();
}

namespace {
alignas(page_bytes) u8 wild_stack[4 * page_bytes];

u64 code(void (*label)()) { return reinterpret_cast<u64>(label); }

void make_traps(Call& call) {
  trap_info_t table[12] = {};
  const u64 rows = rnd.below(12);  // the last stays zero: the end
  for (u64 i = 0; i < rows; i++) {
    table[i].vector = static_cast<u8>(rnd.next());
    table[i].flags = static_cast<u8>(rnd.next());
    table[i].cs = static_cast<u16>(any_number());
    table[i].address = any_address();
  }
  call.arg[0] = rnd.one_in(16) ? 0 : place(table);
}

void make_set_callbacks(Call& call) {
  for (unsigned i = 0; i < 3; i++) call.arg[i] = any_address();
}

void make_callback(Call& call) {
  callback_register_t op{};
  op.type = static_cast<u16>(rnd.one_in(8) ? any_number() : rnd.below(9));
  op.flags = static_cast<u16>(rnd.below(4));
  op.address = any_address();
  call.arg[0] = rnd.one_in(8) ? any_number() : rnd.below(3);
  call.arg[1] = place(op);
}

// No trap and no upcall comes between the call and this: upcalls are masked for them (make_and_judge).
void restore_traps(const Call&, long) { arch_install_traps(); }
void restore_stack(const Call&, long) { restore_kernel_stack(); }

void make_gdt(Call& call) {
  u64 frames[16];
  for (u64& f : frames) f = rnd.one_in(4) ? any_frame() : play_frame();
  call.arg[0] = place(frames);
  call.arg[1] = rnd.one_in(3) ? any_count(FIRST_RESERVED_GDT_ENTRY) : 512 * (1 + rnd.below(2));
}

u64 any_descriptor() {
  const u64 choices[] = {0x00af9b000000ffff,
                         0x00cf93000000ffff,
                         0x0000ec0000000000,
                         0x0000890000000000,
                         0x00008e0000000000,
                         0x0000820000000000,
                         0,
                         rnd.next()};
  return rnd.pick(choices);
}

void make_descriptor(Call& call) {
  call.arg[0] = (rnd.one_in(8) ? protected_table() : frame_to_write()) * page_bytes + rnd.below(512) * 8 +
                (rnd.one_in(8) ? 3 : 0);
  call.arg[1] = any_descriptor();
}

void make_stack_switch(Call& call) {
  call.arg[0] = any_number();
  call.arg[1] = any_address();
}

void make_segment(Call& call) {
  call.arg[0] = rnd.one_in(8) ? any_number() : rnd.below(5);
  call.arg[1] = rnd.one_in(2) ? any_address() : rnd.below(1 << 16);
}

void make_debug_set(Call& call) {
  call.arg[0] = any_count(8);
  call.arg[1] = rnd.one_in(2) ? any_number() : hypercall_arg(world.args) + rnd.below(args_bytes);
  // QEMU complains of a breakpoint that wraps around the end of the address space, where nobody looks.
  if (call.arg[0] < 4 && call.arg[1] > ~0ull - 8) call.arg[1] -= 16;
  if (call.arg[0] == 7 && rnd.one_in(2)) call.arg[1] = 0x400 | (rnd.next() & 0xffff00ff);
}

void make_debug_get(Call& call) { call.arg[0] = any_count(8); }

void make_taskswitch(Call& call) { call.arg[0] = any_number(); }

void make_assist(Call& call) {
  call.arg[0] = any_count(2);
  call.arg[1] = rnd.one_in(4) ? any_number() : rnd.below(8);
}

u64 any_selector() {
  const u64 choices[] = {FLAT_KERNEL_CS,
                         FLAT_KERNEL_CS & ~3,
                         FLAT_RING3_CS32,
                         FLAT_KERNEL_SS,
                         0,
                         3,
                         7,
                         rnd.below(1 << 16),
                         0xe008,
                         0xe010,
                         0xe038,
                         0xe040,
                         0xf,
                         0x4};
  return rnd.pick(choices);
}

// Without any, the way to user mode ends the domain (deaths.cpp). Now and then such as map nothing.
void give_user_tables() {
  if (rnd.one_in(4) && mmuext_simple(MMUEXT_NEW_USER_BASEPTR, play_frame()) == 0) return;
  mmuext_simple(MMUEXT_NEW_USER_BASEPTR, user_table);
}

// Everything in the frame is wild but the stack, on which whatever follows finds room.
u64 iret_frame() {
  iret_context frame{};
  const u64 places[] = {code(rescue_landing), code(rescue_trap), code(rescue_trap), any_address(),
                        any_address()};
  frame.rax = rnd.next();
  frame.rcx = any_number();
  frame.r11 = any_number();
  frame.flags = rnd.one_in(2) ? 0 : any_number();
  frame.rip = rnd.pick(places);
  frame.cs = any_selector();
  // Landing in kernel mode alone: user mode has no hypercall to go on with.
  if (frame.rip == code(rescue_landing) && (frame.cs & 3) == 3) frame.rip = code(rescue_trap);
  if ((frame.cs & 3) == 3) give_user_tables();
  frame.rflags = rnd.one_in(2) ? 0x202 : any_number();
  frame.rsp = hypercall_arg(wild_stack) + 2 * page_bytes + rnd.below(page_bytes);
  frame.ss = rnd.one_in(3) ? any_selector() : FLAT_KERNEL_SS;
  u8* at = wild_stack + page_bytes;
  memcpy(at, &frame, sizeof frame);
  return hypercall_arg(at);
}

void make_iret(Call&) {}

constexpr u64 pointer_errors = errors(XEN_EFAULT, XEN_EINVAL);
constexpr CallKind kinds[] = {
    {"set_trap_table", __HYPERVISOR_set_trap_table, 4, pointer_errors, 0, make_traps, restore_traps},
    {"set_callbacks", __HYPERVISOR_set_callbacks, 2, pointer_errors, 0, make_set_callbacks, restore_traps},
    {"callback_op", __HYPERVISOR_callback_op, 4, pointer_errors | errors(XEN_ENOSYS), 0, make_callback,
     restore_traps},
    {"set_gdt", __HYPERVISOR_set_gdt, 4, pointer_errors, 0, make_gdt, nullptr},
    {"update_descriptor", __HYPERVISOR_update_descriptor, 4, errors(XEN_EINVAL), 0, make_descriptor, nullptr},
    {"stack_switch", __HYPERVISOR_stack_switch, 2, errors(), 0, make_stack_switch, restore_stack},
    {"set_segment_base", __HYPERVISOR_set_segment_base, 3, errors(XEN_EINVAL), 0, make_segment, nullptr},
    {"set_debugreg", __HYPERVISOR_set_debugreg, 3, errors(XEN_EINVAL, XEN_EPERM, XEN_ENODEV), 0,
     make_debug_set, nullptr},
    {"get_debugreg", __HYPERVISOR_get_debugreg, 1, ~0ull, 0, make_debug_get, nullptr},
    {"fpu_taskswitch", __HYPERVISOR_fpu_taskswitch, 1, errors(), 0, make_taskswitch, nullptr},
    {"vm_assist", __HYPERVISOR_vm_assist, 1, errors(XEN_EINVAL, XEN_ENOSYS), 0, make_assist, nullptr},
    {"iret", __HYPERVISOR_iret, 6, ~0ull, 0, make_iret, nullptr},
};
}  // namespace

u64 hostile_iret_stack() { return iret_frame(); }
const CallTable processor_calls = {kinds, count_of(kinds)};
