// Proves: descriptor tables are read, checked and marked as SDM vol. 3A chapters 3 and 5 say: accessed and
// busy bits, LLDT and LDT selectors, LAR LSL VERR VERW, LTR on a busy TSS, far calls, call gates with a
// stack switch, far returns outward, conforming code; and the TSS's port bitmap decides below IOPL.
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

ISA_CODE(load_ds, "mov %edi, %ds; mov %ds, %eax; int $0x81");
ISA_CODE(load_fs, "mov %edi, %fs; movl %fs:4, %eax; int $0x81");
ISA_CODE(do_lar, "xor %eax, %eax; xor %ebx, %ebx; lar %edi, %eax; setz %bl; int $0x81");
ISA_CODE(do_lsl, "xor %eax, %eax; xor %ebx, %ebx; lsl %edi, %eax; setz %bl; int $0x81");
ISA_CODE(do_verr, "xor %ebx, %ebx; verr %di; setz %bl; int $0x81");
ISA_CODE(do_verw, "xor %ebx, %ebx; verw %di; setz %bl; int $0x81");
ISA_CODE(do_ltr, "ltr %di; str %eax; int $0x81");
ISA_CODE(do_lldt, "lldt %di; sldt %eax; int $0x81");
ISA_CODE(read_system_segments, "sldt %eax; str %ebx; smsw %ecx; int $0x81");

struct [[gnu::packed]] FarPointer {
  u32 offset;
  u16 selector;
};
ISA_CODE(far_call, "lcall *(%rdi); int $0x82");
ISA_CODE(far_target, "movq %rsp, %rcx; mov %cs, %eax; mov %ss, %ebx; movq (%rsp), %rdx; int $0x81");
ISA_CODE(far_target_return, "lretl");
ISA_CODE(far_target_return_64, "rex.W lret");
ISA_CODE(return_outward, R"(
        pushq $0x23
        pushq %rdi
        pushq $0x2b
        leaq 1f(%rip), %rax
        pushq %rax
        rex.W lret
1:      mov %cs, %eax
        mov %ss, %ebx
        int $0x81)");
ISA_CODE(far_jump, "ljmp *(%rdi)");
ISA_CODE(far_jump_64, "nop; rex.W ljmp *(%rdi)");
ISA_CODE(far_call_64, "nop; rex.W lcall *(%rdi)");
ISA_CODE(far_return_outward,
         "pushq $0x23; pushq %rdi; movl 8(%rdi), %eax; pushq %rax; pushq (%rdi); rex.W lret");
ISA_CODE(far_return_64, "movl 8(%rdi), %eax; pushq %rax; pushq (%rdi); rex.W lret");

constexpr u16 data_segment = SEL_FREE, code_segment = SEL_FREE + 8, call_gate = SEL_FREE + 16,
              conforming = SEL_FREE + 32, second_tss = SEL_FREE + 40, absent = SEL_FREE + 56,
              based_data = SEL_FREE + 64;

u8 access_of(u16 selector) { return static_cast<u8>(gdt[selector >> 3] >> 40); }

void put_result(const char* what, const Trap& trap) {
  print(what, ": ");
  if (trap.frame.vector != 0x81) {
    print(vector_name(trap.frame.vector), " err=", hex(trap.frame.error), "\n");
    return;
  }
  print(hex(trap.frame.rax & 0xffff), "\n");
}

void accessed_bits() {
  print("-- accessed bits\n");
  gdt[data_segment >> 3] = 0x00cff2000000ffff;
  gdt[code_segment >> 3] = 0x00affa000000ffff;
  print("data before ", hex(access_of(data_segment)));
  probe(ring3, load_ds, data_segment | 3);
  print(", after a load ", hex(access_of(data_segment)), "\n");
  FarPointer pointer{static_cast<u32>(reinterpret_cast<u64>(far_target)), SEL_USER_CODE};
  pointer.selector = code_segment | 3;
  print("code before ", hex(access_of(code_segment)));
  put_result(", far call at ring 3", probe(ring3, far_call, reinterpret_cast<u64>(&pointer)));
  print("code after ", hex(access_of(code_segment)), "\n");
  asm volatile("mov %0, %%ds" ::"r"(SEL_KERNEL_DATA));
}

void questions() {
  print("-- LAR LSL VERR VERW\n");
  gdt[conforming >> 3] = 0x00af9e000000ffff;  // 64-bit code, DPL 0, conforming, readable
  gdt[absent >> 3] = 0x00cf72000000ffff;
  static const struct {
    const char* name;
    u16 selector;
  } cases[] = {{"kernel code", SEL_KERNEL_CODE},
               {"kernel data", SEL_KERNEL_DATA},
               {"user code", SEL_USER_CODE},
               {"user data", SEL_USER_DATA},
               {"conforming", conforming},
               {"absent data", absent | 3},
               {"TSS", SEL_TSS},
               {"null", 0},
               {"beyond", GDT_ENTRIES * 8}};
  for (const auto& c : cases) {
    for (Ring ring : {ring0, ring3}) {
      const Trap lar = probe(ring, do_lar, c.selector), lsl = probe(ring, do_lsl, c.selector);
      const Trap verr = probe(ring, do_verr, c.selector), verw = probe(ring, do_verw, c.selector);
      print(c.name, " at ring ", static_cast<unsigned>(ring), ": lar ", hex(lar.frame.rax & 0xffffff00), " ",
            lar.frame.rbx, " lsl ", hex(lsl.frame.rax), " ", lsl.frame.rbx, " verr ", verr.frame.rbx,
            " verw ", verw.frame.rbx, "\n");
    }
  }
}

void task_register() {
  print("-- LTR and STR\n");
  static Tss spare;
  print("TSS of cpu 0: type ", hex(access_of(SEL_TSS)), "\n");
  put_result("ltr of the busy TSS", probe(ring0, do_ltr, SEL_TSS));
  set_system_descriptor(second_tss, reinterpret_cast<u64>(&spare), sizeof spare - 1, 0x89);
  spare = tss[0];
  put_result("ltr of another", probe(ring0, do_ltr, second_tss));
  print("its type ", hex(access_of(second_tss)), ", the first stays ", hex(access_of(SEL_TSS)), "\n");
  put_result("ltr of a data segment", probe(ring0, do_ltr, SEL_KERNEL_DATA));
  set_system_descriptor(absent, reinterpret_cast<u64>(&spare), sizeof spare - 1, 0x09);
  put_result("ltr of an absent TSS", probe(ring0, do_ltr, absent));
  put_result("~ ltr of the null selector", probe(ring0, do_ltr, 0));
  gdt[SEL_TSS >> 3] &= ~(u64{2} << 40);
  put_result("back", probe(ring0, do_ltr, SEL_TSS));
  const Trap asked = probe(ring3, read_system_segments);
  print("at ring 3: sldt ", hex(asked.frame.rax & 0xffff), " str ", hex(asked.frame.rbx & 0xffff), " smsw ",
        hex(asked.frame.rcx & 0xffff), "\n");
}

void local_table() {
  print("-- LLDT\n");
  static u64 ldt[4] = {0, 0x00cff3000000ffff, 0, 0};
  set_system_descriptor(SEL_LDT, reinterpret_cast<u64>(ldt), sizeof ldt - 1, 0x82);
  put_result("ds from the LDT before LLDT", probe(ring3, load_ds, 0xf));
  put_result("lldt", probe(ring0, do_lldt, SEL_LDT));
  put_result("ds from the LDT", probe(ring3, load_ds, 0xf));
  put_result("ds beyond the LDT", probe(ring3, load_ds, 0x27));
  put_result("lldt of a TSS", probe(ring0, do_lldt, SEL_TSS));
  put_result("lldt from the LDT", probe(ring0, do_lldt, 0xc));
  put_result("lldt null", probe(ring0, do_lldt, 0));
  put_result("ds from the LDT after LLDT null", probe(ring3, load_ds, 0xf));
  static u32 words[2] = {1, 0x5678};
  const u64 base = reinterpret_cast<u64>(words);
  gdt[based_data >> 3] = 0x00c0f3000000ffff | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
  put_result("fs with a base in its descriptor", probe(ring3, load_fs, based_data | 3));
  asm volatile("mov %0, %%ds; mov %0, %%fs" ::"r"(SEL_KERNEL_DATA));
}

void set_call_gate(Code target, u16 selector, u8 access) {
  const u64 offset = reinterpret_cast<u64>(target);
  gdt[call_gate >> 3] =
      (offset & 0xffff) | u64{selector} << 16 | u64{access} << 40 | (offset >> 16 & 0xffff) << 48;
  gdt[(call_gate >> 3) + 1] = offset >> 32;
}

void far_transfers() {
  print("-- far calls, call gates, far returns\n");
  static FarPointer pointer;
  auto call = [](const char* what, Ring ring, Code target, u16 selector) {
    pointer = {static_cast<u32>(reinterpret_cast<u64>(target)), selector};
    const Trap trap = probe(ring, far_call, reinterpret_cast<u64>(&pointer));
    print(what, ": ", vector_name(trap.frame.vector), " ", trap.frame.vector);
    if (trap.frame.error != TrapFrame::no_error) print(" err=", hex(trap.frame.error));
    if (trap.frame.vector == 0x81) {
      print(" cs=", hex(trap.frame.rax & 0xffff), " ss=", hex(trap.frame.rbx & 0xffff), " pushed rip=+",
            hex((trap.frame.rdx & 0xffffffff) - reinterpret_cast<u64>(far_call)), " stack ",
            trap.frame.rcx > reinterpret_cast<u64>(user_stack) &&
                    trap.frame.rcx <= reinterpret_cast<u64>(user_stack) + user_stack_size
                ? "user"
                : "kernel");
    }
    print("\n");
  };
  call("far call, ring 0", ring0, far_target, SEL_KERNEL_CODE);
  call("far call and return, ring 0", ring0, far_target_return, SEL_KERNEL_CODE);
  call("far call, ring 3", ring3, far_target, SEL_USER_CODE);
  call("far call and return, ring 3", ring3, far_target_return, SEL_USER_CODE);
  call("far call to kernel code, ring 3", ring3, far_target, SEL_KERNEL_CODE);
  call("far call to conforming code, ring 3", ring3, far_target, conforming);
  call("far call to data", ring0, far_target, SEL_KERNEL_DATA);
  call("far call to a TSS", ring0, far_target, SEL_TSS);
  set_call_gate(far_target, SEL_KERNEL_CODE, 0xec);
  call("call gate, ring 3 to 0", ring3, far_target, call_gate | 3);
  call("call gate, ring 0", ring0, far_target, call_gate);
  set_call_gate(far_target_return_64, SEL_KERNEL_CODE, 0xec);
  call("call gate and return, ring 3", ring3, far_target, call_gate | 3);
  set_call_gate(far_target, SEL_KERNEL_CODE, 0x8c);
  call("call gate of DPL 0, ring 3", ring3, far_target, call_gate | 3);
  set_call_gate(far_target, SEL_KERNEL_CODE, 0x6c);
  call("call gate not present", ring3, far_target, call_gate | 3);
  set_call_gate(far_target, SEL_USER_DATA, 0xec);
  call("call gate to data", ring3, far_target, call_gate | 3);
  put_result("far return to ring 3",
             probe(ring0, return_outward, reinterpret_cast<u64>(user_stack) + user_stack_size - 64));
  pointer = {static_cast<u32>(reinterpret_cast<u64>(far_target)), SEL_USER_CODE};
  put_result("far jump at ring 3", probe(ring3, far_jump, reinterpret_cast<u64>(&pointer)));
  pointer.selector = SEL_KERNEL_CODE;
  put_result("far jump inward", probe(ring3, far_jump, reinterpret_cast<u64>(&pointer)));
  pointer.selector = SEL_USER_CODE;
  put_result("far jump outward", probe(ring0, far_jump, reinterpret_cast<u64>(&pointer)));
}

// TCG looks at the target when it fetches there.
void non_canonical_targets() {
  print("-- far transfers to non-canonical addresses\n");
  static struct [[gnu::packed]] {
    u64 offset;
    u16 selector, zero;
  } pointer{u64{1} << 47, SEL_KERNEL_CODE, 0};
  const u64 address = reinterpret_cast<u64>(&pointer);
  report("~ far jump", ring0, far_jump_64, address);
  report("~ far call", ring0, far_call_64, address);
  report("~ far return", ring0, far_return_64, address);
  pointer.selector = SEL_USER_CODE;
  report("~ far jump at ring 3", ring3, far_jump_64, address);
  report("~ far call at ring 3", ring3, far_call_64, address);
  report("~ far return at ring 3", ring3, far_return_64, address);
  report("~ far return outward", ring0, far_return_outward, address);
}

// --- the port bitmap ---------------------------------------------------------------------------------
ISA_CODE(in_byte, "mov %edi, %edx; in %dx, %al; int $0x81");
ISA_CODE(in_word, "mov %edi, %edx; in %dx, %ax; int $0x81");
ISA_CODE(in_long, "mov %edi, %edx; in %dx, %eax; int $0x81");
ISA_CODE(in_immediate, "in $0x61, %al; int $0x81");
ISA_CODE(out_byte, "mov %edi, %edx; xor %eax, %eax; out %al, %dx; int $0x81");
ISA_CODE(ins_byte, "mov %edi, %edx; lea -64(%rsp), %rdi; insb; int $0x81");
ISA_CODE(outs_byte, "mov %edi, %edx; lea -64(%rsp), %rsi; outsb; int $0x81");

struct [[gnu::packed]] TssWithPorts {
  Tss tss;
  u8 denied[128];  ///< ports 0..0x3ff
  u8 end;          ///< all ones, SDM vol. 1 19.5.2
};

void port_bitmap() {
  print("-- port bitmap\n");
  constexpr u16 scratch = 0x3ff, line_status = 0x3fd;  // of the 16550: reading and writing them is harmless
  static TssWithPorts with_ports;
  with_ports.tss = tss[0];
  with_ports.tss.io_map = sizeof(Tss);
  for (u8& bits : with_ports.denied) bits = 0xff;
  with_ports.end = 0xff;
  with_ports.denied[0x3f8 / 8] = 0x5f;  // 0x3fd and 0x3ff are open
  set_system_descriptor(second_tss, reinterpret_cast<u64>(&with_ports), sizeof with_ports - 1, 0x89);
  asm volatile("ltr %w0" ::"r"(second_tss));
  auto show_access = [](const char* what, Code code, u64 port, u64 rflags = 2) {
    const Trap trap = probe(ring3, code, port, rflags);
    print(what, " ", hex(port), ": ");
    if (trap.frame.vector == 0x81) return print("allowed\n");
    print(vector_name(trap.frame.vector), " err=", hex(trap.frame.error), " rip=+",
          trap.frame.rip - reinterpret_cast<u64>(code), "\n");
  };
  show_access("in byte", in_byte, line_status);
  show_access("in byte", in_byte, scratch);
  show_access("in byte", in_byte, 0x3fe);
  show_access("in word", in_word, 0x3fc);
  show_access("in word over the bitmap's end", in_word, scratch);
  show_access("in long", in_long, 0x3fc);
  show_access("in beyond the bitmap", in_byte, 0x500);
  show_access("in immediate", in_immediate, 0x61);
  show_access("out byte", out_byte, scratch);
  show_access("out byte", out_byte, 0xf4);
  show_access("insb", ins_byte, line_status);
  show_access("insb", ins_byte, 0x3fe);
  show_access("outsb", outs_byte, scratch);
  show_access("outsb", outs_byte, 0xf4);
  show_access("IOPL 3, in byte", in_byte, 0x3fe, 0x3002);
}

}  // namespace

void isa_main() {
  for (unsigned vector : {done_vector, 0x81u, 0x82u}) set_gate_dpl(vector, 3);
  accessed_bits();
  questions();
  task_register();
  local_table();
  far_transfers();
  non_canonical_targets();
  port_bitmap();
}
