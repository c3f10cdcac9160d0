// hypercall-fuzz: a hostile guest makes every hypercall with arguments that are well formed just often
// enough.
//
// Whatever it passes, the hypervisor must stay up, must answer as the ABI documents, must write nowhere but
// where the call says, and must keep the guest able to run; when the domain goes, all that it held comes
// back. Structures straddle page ends, handles point into the hypervisor, counts overflow, frames are page
// tables, other domains', devices or nobody's; lists are their own arguments; events storm; other VCPUs
// meanwhile change the same page tables. As dom0 it also torments domains of its own making. In memory model
// translated page tables are the guest's own: it fills some with nonsense and uses them.
//
// The run follows from its seed. Words on the command line (xl's `extra`):
//   seed=N   calls=N (6000)   report=1: progress and a table of results   end=N: crashes at the end, in way N
//   trace=N: prints each call from number N on before it is made
#include "guests/tests/hypercall-fuzz/arch.h"
#include "guests/tests/hypercall-fuzz/deaths.h"
#include "guests/tests/hypercall-fuzz/race.h"

const char test_name[] = "hypercall-fuzz";

namespace {
constexpr u64 calls_between_healings = 256;
constexpr u64 calls_between_reports = 5000;

u64 trace_from;

u64 option(const char* name, u64 otherwise) {
  const char* line = reinterpret_cast<const char*>(boot_info->cmd_line);
  const char* at = strstr(line, name);
  u64 value;
  return at && scan_number(at + strlen(name), value) ? value : otherwise;
}

bool on_this_hypervisor() {
  xen_extraversion_t extra;
  return hypercall_xen_version(XENVER_extraversion, extra) == 0 && strstr(extra, "xenoscope");
}

void one_call(u64 i) {
  const unsigned index = any_kind(false);
  const CallKind& k = kind(index);
  Call call{k.number, {}};
  const bool exposed = arch_shields(k.number);
  if (exposed) events_disable(0);
  arguments_begin();
  k.make(call);
  if (i >= trace_from)
    print_line("call %lu: %s(%lx, %lx, %lx, %lx)", i, k.name, call.arg[0], call.arg[1], call.arg[2],
               call.arg[3]);
  const bool judged = i % 16 == 0;
  if (judged) arguments_remember();
  const long result = make_call(call);
  if (judged) test_check(arguments_unharmed(), "%s wrote beyond its arguments", k.name);
  note_result(index, result);
  if (k.after) k.after(call, result);
  if (exposed) events_enable(0);
}

void still_works() {
  test_check(world_unharmed(), "memory that no call named has changed");
  test_check(hypercall_xen_version(XENVER_version, nullptr) >= 3 << 16, "xen_version");
  test_equal("VCPUOP_is_up", hypercall_vcpu_op(VCPUOP_is_up, 0, nullptr), 1);
  arch_still_works();
  events_disable(0);
  evtchn_reset_t reset{DOMID_SELF};
  hypercall_event_channel_op(EVTCHNOP_reset, &reset);
  const EventPort port = static_cast<EventPort>(event_bind_ipi(0));
  test_check(event_send(port) == 0 && event_pending(port), "an event cannot be sent");
}
}  // namespace

void test_main() {
  if (!on_this_hypervisor()) test_skip("its table of results is that of xenoscope's hypervisor");
  const u64 seed = option("seed=", 1), calls = option("calls=", 6000);
  const bool report = option("report=", 0) != 0;
  trace_from = option("trace=", ~0ull);
  rnd = Random(seed);
  test_on_trap(recover);
  world_init();
  race_start(seed);
  for (u64 i = 1; i <= calls; i++) {
    one_call(i);
    if (i % calls_between_healings == 0) world_heal();
    if (i % calls_between_healings == 0)
      test_check(world_unharmed(), "memory has changed before call %lu", i);
    if (report && i % calls_between_reports == 0) print_line("%lu calls, %u exceptions", i, exceptions_met);
  }
  race_stop();
  world_heal();
  still_works();
  if (report) print_results();
  if (report)
    print_line("seed %lu: %lu calls, %lu steps of %u other VCPUs", seed, calls, race_steps(), race_vcpus());
  if (const u64 end = option("end=", 0)) die(end);
}
