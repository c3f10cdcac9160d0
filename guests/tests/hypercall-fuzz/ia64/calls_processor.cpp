// What a kernel does by instructions: registers, translations, firmware, breaks, its register stack.
#include "guests/tests/hypercall-fuzz/ia64/processor.h"

namespace {
struct Snippet {
  const void* code;
  const char* name;
};
struct HostileRegisters {
  u64 r8, r9, r10, r11, r14, r2, r28;
};
}  // namespace

extern "C" {
extern const Snippet hostile_snippets[], hostile_snippets_end[], hostile_translations[],
    hostile_translations_end[];
long hostile_run(const HostileRegisters* registers, const void* code);
void hostile_register_stack(u64 address, u64 number);
}

namespace {
HostileRegisters registers;
const void* code;

u64 length(const Snippet* first, const Snippet* end) { return static_cast<u64>(end - first); }

u64 any_value() { return rnd.one_in(2) ? any_number() : any_address(); }

// Regions 0 to 3 are nobody's here; the others are what the kernel lives in.
u64 spare_address() {
  return rnd.below(4) << 61 | (rnd.one_in(8) ? any_number() : rnd.below(1 << 20)) % (u64{1} << 61);
}

u64 any_size() {
  return (rnd.one_in(8) ? any_number() : u64{page_shift + rnd.below(16)} << 2 | rnd.below(1 << 10) << 8);
}

u64 any_translation() {
  const u64 frame = rnd.one_in(3) ? frame_to_write() : play_frame();
  const u64 bits[] = {PTE_MEMORY,     PTE_MEMORY, PTE_DEVICE,         PTE_MEMORY | 3 << 7,
                      0x661 | 7 << 9, 0x7d,       rnd.below(1 << 12), any_number()};
  return (frame << page_shift & ((u64{1} << PTE_ADDRESS_BITS) - 1)) | rnd.pick(bits);
}

void pick_instruction(Call& call) {
  const u64 firmware[] = {0x300 + rnd.below(10), 0x30b + rnd.below(8), 0x1000, 0x1100,
                          0x1101 + rnd.below(16)};
  registers = {any_value(), any_value(),        any_value(),  any_value(),
               any_value(), rnd.pick(firmware), any_count(64)};
  if (rnd.one_in(2)) registers.r9 = rnd.below(24);
  const Snippet& snippet = hostile_snippets[rnd.below(length(hostile_snippets, hostile_snippets_end))];
  code = snippet.code;
  call.number = hostile_instruction;
  call.arg[0] = registers.r8, call.arg[1] = registers.r9, call.arg[2] = reinterpret_cast<u64>(snippet.name);
}

// Slots 0 and 1 are the image's and the stack's.
void pick_translation(Call& call) {
  registers = {any_translation(),
               spare_address(),
               rnd.one_in(4) ? any_number() | 2 : 2 + rnd.below(8),
               any_size(),
               0,
               0,
               0};
  if (registers.r10 < 2) registers.r10 = ~u64{0};
  const Snippet& snippet =
      hostile_translations[rnd.below(length(hostile_translations, hostile_translations_end))];
  code = snippet.code;
  call.number = hostile_translation;
  call.arg[0] = registers.r8, call.arg[1] = registers.r9, call.arg[2] = reinterpret_cast<u64>(snippet.name);
}

// To where nothing of the guest's is.
void pick_branch(Call& call) {
  registers = {};
  const u64 places[] = {spare_address(), HYPERVISOR_VIRT_START + rnd.below(1 << 24),
                        hypercall_arg(world.hole) & ~(u64{1} << 63), reinterpret_cast<u64>(world.hole),
                        XEN_IA64_XSI};
  code = reinterpret_cast<const void*>(rnd.pick(places) & ~u64{15});
  call.number = hostile_branch;
  call.arg[0] = reinterpret_cast<u64>(code);
}

// The register stack's memory is anything while the hypervisor is entered.
void pick_register_stack(Call& call) {
  const u64 places[] = {HYPERVISOR_VIRT_START + rnd.below(1 << 26),
                        HYPERVISOR_VIRT_END - rnd.below(1 << 16),
                        any_address(),
                        any_number(),
                        reinterpret_cast<u64>(world.hole),
                        XEN_IA64_XSI + rnd.below(1 << 15)};
  call.number = hostile_register_stack_call;
  call.arg[0] = rnd.pick(places) & ~u64{7};
}

constexpr CallKind kinds[] = {
    {"instructions", hostile_instruction, 24, ~0ull, 0, pick_instruction, nullptr},
    {"branches", hostile_branch, 2, ~0ull, 0, pick_branch, nullptr},
    {"register stack", hostile_register_stack_call, 4, ~0ull, 0, pick_register_stack, nullptr},
};
constexpr CallKind translations[] = {
    {"translations", hostile_translation, 20, ~0ull, 0, pick_translation, nullptr},
};
}  // namespace

long make_call(const Call& call) {
  switch (call.number) {
    case hostile_instruction:
    case hostile_translation:
    case hostile_branch:
      return hostile_run(&registers, code);
    case hostile_register_stack_call:
      hostile_register_stack(call.arg[0], __HYPERVISOR_xen_version);
      return 0;
    default:
      return arch_hypercall(call.number, call.arg[0], call.arg[1], call.arg[2], call.arg[3], call.arg[4]);
  }
}

const CallTable processor_calls = {kinds, count_of(kinds)};
const CallTable table_calls = {translations, count_of(translations)};
