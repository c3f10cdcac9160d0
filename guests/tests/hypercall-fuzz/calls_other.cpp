// Multicalls of everything, version and console, numbers that nobody has.
#include "guests/tests/hypercall-fuzz/arch.h"

namespace {
constexpr unsigned most_entries = 8;
struct Listed {
  unsigned kind;
  Call call;
} listed[most_entries];
unsigned listed_count;
u64 list_address;

// One of the calls finds its structure in the list, and maybe answers there.
void call_with_own_list() {
  const u64 args = hypercall_arg(world.args),
            last = hypercall_arg(world.read_only) - sizeof(multicall_entry_t) * listed_count;
  if (list_address < args || list_address > last) return;
  auto* list = reinterpret_cast<multicall_entry_t*>(memory_at(list_address));
  multicall_entry_t& entry = list[rnd.below(listed_count)];
  // Not where an answer would make another call of it: none of them was meant to be survived.
  const u64 field = rnd.one_in(2) ? offsetof(multicall_entry_t, result)
                                  : offsetof(multicall_entry_t, args) + sizeof(u64) * (2 + rnd.below(4));
  const bool nested = rnd.one_in(2);
  entry.op = nested ? __HYPERVISOR_multicall : __HYPERVISOR_xen_version;
  entry.args[0] = nested ? list_address : u64{XENVER_get_features};
  entry.args[1] = nested ? listed_count : hypercall_arg(&entry) + field;
}

// A list in which each call is as hostile as alone; at times the list itself lies in what its calls write to.
void make_multicall(Call& call) {
  multicall_entry_t list[most_entries] = {};
  listed_count = static_cast<unsigned>(1 + rnd.below(most_entries));
  for (unsigned i = 0; i < listed_count; i++) {
    Listed& l = listed[i];
    l.kind = any_kind(true);
    l.call = {};
    l.call.number = kind(l.kind).number;
    kind(l.kind).make(l.call);
    list[i].op = rnd.one_in(30)   ? any_number() | 64
                 : rnd.one_in(30) ? u64{__HYPERVISOR_multicall}
                                  : l.call.number;
    for (unsigned a = 0; a < count_of(l.call.arg); a++) list[i].args[a] = l.call.arg[a];
  }
  list_address = place(list, listed_count * sizeof list[0], true, sizeof list[0]);
  if (rnd.one_in(16)) call_with_own_list();
  call.arg[0] = list_address;
  call.arg[1] = count_of_list(list_address, listed_count * sizeof list[0], listed_count);
}

void after_multicall(const Call& call, long result) {
  arch_heal_handlers();
  world_bring_shared_info_back();
  const u64 args = hypercall_arg(world.args),
            last = hypercall_arg(world.read_only) - sizeof(multicall_entry_t) * listed_count;
  if (result != 0 || call.arg[1] != listed_count || list_address < args || list_address > last) return;
  const auto* list = reinterpret_cast<const multicall_entry_t*>(memory_at(list_address));
  // An entry that a call before it has overwritten is another call, and nobody's to judge.
  for (unsigned i = 0; i < listed_count; i++) {
    const Listed& l = listed[i];
    bool same = list[i].op == l.call.number;
    for (unsigned a = 0; a < count_of(l.call.arg); a++) same = same && list[i].args[a] == l.call.arg[a];
    if (same) note_result(l.kind, static_cast<long>(list[i].result));
    if (same && kind(l.kind).after) kind(l.kind).after(l.call, static_cast<long>(list[i].result));
  }
}

void make_version(Call& call) {
  u8 room[1024] = {};
  call.arg[0] = rnd.one_in(8) ? any_number() : rnd.below(12);
  call.arg[1] = place(room, sizeof room, true);
}

// Only text that shows nothing: the consoles are for people.
void make_console(Call& call) {
  char nothing[64] = {};
  call.arg[0] = rnd.one_in(4) ? any_number() : CONSOLEIO_write;
  call.arg[1] = any_count(sizeof nothing);
  call.arg[2] = rnd.one_in(4) ? any_address() : place(nothing);
  if (call.arg[0] == CONSOLEIO_write && call.arg[1] > sizeof nothing)
    call.arg[2] = hypercall_arg(world.hole) - rnd.below(2);
}

void make_physdev(Call& call) {
  u32 words[12];
  for (u32& w : words) w = static_cast<u32>(rnd.one_in(2) ? any_number() : rnd.below(32));
  call.arg[0] = rnd.one_in(8) ? any_number() : rnd.below(34);
  if (rnd.one_in(3)) words[0] = any_domain();
  call.arg[1] = place(words, sizeof words, true);
}

void make_tool_of_others(Call& call) {
  u8 anything[200];
  for (u8& b : anything) b = static_cast<u8>(rnd.next());
  call.arg[0] = rnd.one_in(2) ? place(anything, sizeof anything, true) : any_number();
  for (unsigned i = 1; i < 5; i++) call.arg[i] = any_number();
}

void make_unknown(Call& call) {
  const u64 numbers[] = {11, 16, 19, 27, 28, 31, 34, 37, 38,
                         40, 41, 42, 48, 55, 56, 63, 64, any_number() | 64};
  call.number = rnd.pick(numbers);
  for (u64& a : call.arg) a = any_number();
}

constexpr CallKind kinds[] = {
    {"multicall", __HYPERVISOR_multicall, 8, errors(XEN_EFAULT, XEN_EINVAL), 0, make_multicall,
     after_multicall},
    {"xen_version", __HYPERVISOR_xen_version, 4,
     errors(XEN_EFAULT, XEN_EINVAL, XEN_ENOSYS, XEN_EPERM, XEN_ENODATA), 1 << 20, make_version, nullptr},
    {"console_io", __HYPERVISOR_console_io, 2, errors(XEN_EFAULT, XEN_ENOSYS, XEN_EPERM), 128, make_console,
     nullptr},
    {"physdev_op", __HYPERVISOR_physdev_op, 4,
     errors(XEN_EFAULT, XEN_EINVAL, XEN_ENOSYS, XEN_EPERM, XEN_ESRCH), 0, make_physdev, nullptr},
    {"platform_op", __HYPERVISOR_platform_op, 1, errors(XEN_ENOSYS), 0, make_tool_of_others, nullptr},
    {"hvm_op", __HYPERVISOR_hvm_op, 1, errors(XEN_ENOSYS), 0, make_tool_of_others, nullptr},
    {"unknown", 0, 2, errors(XEN_ENOSYS), 0, make_unknown, nullptr},
};
}  // namespace

const CallTable other_calls = {kinds, count_of(kinds)};
