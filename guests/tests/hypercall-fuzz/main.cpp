// hypercall-fuzz: a hostile guest calls everything with arguments that make sense just often enough.
//
// Whatever an unprivileged guest passes, the hypervisor must stay up, must not write into memory that was not
// named, and must keep the guest able to run. Numbers come from a fixed seed, so every run is the same. Left
// out is only what would merely stop this guest by its own order (iret, block, shutdown, its own trap table
// or stack, VCPU down, its own page tables), and text to the console. At the end the guest's code must be
// unchanged and its simplest calls must work.
#include "guests/tests/lib/test.h"

const char test_name[] = "hypercall-fuzz";
extern "C" char image_start[];

namespace {
constexpr unsigned calls = 20000;
constexpr u64 code_bytes = 16 * KiB;

u64 state = 0x9e3779b97f4a7c15ull;
u64 random() {  // xorshift64
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
u64 below(u64 n) { return random() % n; }

Pfn playground;  // two spare frames that the calls may use up
// Calls may fill as much as the (random) counts in their arguments name, so there must be room behind.
constexpr unsigned buffer_frames = 64;
u64* buffer;

// Arguments that reach deep into a call: own frames, frames of others, pointers of every kind, small numbers.
u64 argument() {
  const u64 pool[] = {0,
                      1,
                      below(64),
                      below(1 << 20),
                      ~0ull,
                      1ull << below(64),
                      random(),
                      DOMID_SELF,
                      DOMID_IO,
                      DOMID_XEN,
                      hypercall_arg(buffer),
                      hypercall_arg(buffer) + page_bytes - below(64),
                      0x100000000000ull,
                      0xffff820000000000ull,
                      0xffff7fffffffffffull,
                      test_machine(playground),
                      test_machine(playground) * page_bytes | below(4096),
                      below(1 << 24)};
  return pool[below(count_of(pool))];
}

void fill_buffer() {
  for (unsigned i = 0; i < 32; i++) {
    u64 wide = argument();
    buffer[i] = below(2) ? wide : (wide & 0xffffffff) | below(256) << 32;
  }
}

struct Call {
  u64 number;
  u64 operations;  // first argument below this; 0: anything
  u64 forbidden;   // bit n: operation n is left out
};
constexpr u64 bit(unsigned n) { return 1ull << n; }
const Call table[] = {
    {__HYPERVISOR_mmu_update, 0, 0},
    {__HYPERVISOR_fpu_taskswitch, 2, 0},
    {__HYPERVISOR_platform_op, 0, 0},
    {__HYPERVISOR_set_debugreg, 8, bit(5) | bit(7)},  // no breakpoint is switched on
    {__HYPERVISOR_get_debugreg, 8, 0},
    {__HYPERVISOR_update_descriptor, 0, 0},
    {__HYPERVISOR_memory_op, 32, 0},
    {__HYPERVISOR_set_timer_op, 0, 0},
    {__HYPERVISOR_xen_version, 16, 0},
    {__HYPERVISOR_grant_table_op, 16, 0},
    {__HYPERVISOR_sched_op, 16,
     bit(SCHEDOP_block) | bit(SCHEDOP_shutdown) | bit(SCHEDOP_poll) | bit(SCHEDOP_shutdown_code) |
         bit(SCHEDOP_watchdog)},
    {__HYPERVISOR_event_channel_op, 16, 0},
    {__HYPERVISOR_physdev_op, 32, 0},
    {__HYPERVISOR_vcpu_op, 16, bit(VCPUOP_down) | bit(VCPUOP_register_vcpu_info)},
    {__HYPERVISOR_domctl, 0, 0},
    {__HYPERVISOR_sysctl, 0, 0},
    {__HYPERVISOR_hvm_op, 32, 0},
    {40, 0, 0},
    {50, 0, 0},
    {63, 0, 0},
    {100, 0, 0},
};

// Where frames have small numbers a random one is likely to be this guest's own code: calls that give such a
// page away or store to it would only end the guest.
bool names_own_memory(const Call& c, u64 operation) {
  if (!guest_is_translated()) return false;
  constexpr u64 operations =
      bit(XENMEM_decrease_reservation) | bit(XENMEM_add_to_physmap) | bit(XENMEM_remove_from_physmap);
  return c.number == __HYPERVISOR_update_descriptor ||
         (c.number == __HYPERVISOR_memory_op && (operations >> (operation & 63) & 1));
}

void one_call() {
  const Call& c = table[below(count_of(table))];
  fill_buffer();
  u64 first = c.operations ? below(c.operations) : argument();
  if (c.operations && (c.forbidden >> first & 1)) return;
  if (names_own_memory(c, first)) return;
  // Page tables of its own would only end this guest: requests come from the buffer, and name the playground
  // or nothing.
  arch_hypercall(c.number, first, argument(), argument(), argument(), argument());
}

u64 checksum() {
  u64 sum = 0;
  auto* words = reinterpret_cast<const u64*>(image_start);
  for (u64 i = 0; i < code_bytes / sizeof(u64); i++) sum = sum * 31 + words[i];
  return sum;
}
}  // namespace

void test_main() {
  if (boot_info->flags & SIF_PRIVILEGED) test_skip("a privileged domain may break the machine by right");
  playground = test_spare_frames(2);
  buffer = static_cast<u64*>(test_va(test_spare_frames(buffer_frames)));
  u64 before = checksum();
  for (unsigned i = 0; i < calls; i++) one_call();
  test_check(checksum() == before, "the guest's code has changed");
  test_check(hypercall_xen_version(XENVER_version, nullptr) >= 3 << 16, "xen_version");
  test_equal("VCPUOP_is_up", hypercall_vcpu_op(VCPUOP_is_up, 0, nullptr), 1);
  Pfn fresh = test_frame(buffer) + buffer_frames - 1;
  test_equal("unmap a page", test_unmap(fresh), 0);
  test_equal("map it again", test_map(fresh, pte_kernel), 0);
  events_disable(0);
  EventPort port = static_cast<EventPort>(event_bind_ipi(0));
  test_check(event_send(port) == 0 && event_pending(port), "an event cannot be sent");
}
