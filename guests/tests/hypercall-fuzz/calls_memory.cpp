// memory_op: frames asked for, given back, exchanged; figures and maps.
#include "guests/tests/hypercall-fuzz/arch.h"

namespace {
constexpr unsigned most_extents = 8;
constexpr u64 command_bits = 6;

u32 any_memory_flags() {
  return rnd.one_in(4) ? static_cast<u32>(any_number())
                       : static_cast<u32>(XENMEMF_address_bits(rnd.below(64)));
}

u32 any_order() { return static_cast<u32>(rnd.one_in(8) ? any_number() : rnd.below(3)); }

xen_memory_reservation_t any_reservation(bool gives_back) {
  u64 extents[most_extents];
  for (u64& e : extents)
    e = gives_back ? frame_to_lose() : rnd.one_in(3) ? any_number() : world.play + rnd.below(play_frames);
  xen_memory_reservation_t r{};
  r.extent_start.p = reinterpret_cast<xen_pfn_t*>(place(extents, sizeof extents, !gives_back));
  const u64 list = reinterpret_cast<u64>(r.extent_start.p);
  r.nr_extents = count_of_list(list, sizeof extents, rnd.below(gives_back ? 3 : most_extents + 1));
  r.extent_order = any_order();
  r.mem_flags = any_memory_flags();
  r.domid = any_domain();
  return r;
}

// What was got is given back at once; what the hypervisor could not tell (its list was not writable) stays.
void give_back(const Call& call, long result) {
  if (result <= 0 || call.arg[0] >> command_bits) return;
  xen_memory_reservation_t r;
  memcpy(&r, memory_at(call.arg[1]), sizeof r);
  const u64 list = reinterpret_cast<u64>(r.extent_start.p);
  const u64 last = hypercall_arg(world.read_only);
  if (list < hypercall_arg(world.args) || list >= last) return;
  r.nr_extents = min_of(min_of(static_cast<u64>(result), u64{most_extents}), (last - list) / sizeof(u64));
  r.domid = DOMID_SELF;
  hypercall_memory_op(XENMEM_decrease_reservation, &r);
}

void make_grow(Call& call) {
  const u64 commands[] = {XENMEM_populate_physmap, XENMEM_increase_reservation};
  const xen_memory_reservation_t r = any_reservation(false);
  call.arg[0] = rnd.pick(commands) | (rnd.one_in(10) ? any_number() << command_bits : 0);
  call.arg[1] = place(r);
}

void after_grow(const Call& call, long result) {
  const bool readable = call.arg[1] >= hypercall_arg(world.args) &&
                        call.arg[1] <= hypercall_arg(world.readable_end) - sizeof(xen_memory_reservation_t);
  if (readable) give_back(call, result);
}

void make_shrink(Call& call) {
  const xen_memory_reservation_t r = any_reservation(true);
  call.arg[0] = XENMEM_decrease_reservation | (rnd.one_in(10) ? any_number() << command_bits : 0);
  call.arg[1] = place(r);
}

void make_exchange(Call& call) {
  u64 in[most_extents], out[most_extents];
  for (u64& e : in) e = rnd.one_in(6) ? any_frame() : play_frame();
  for (u64& e : out) e = rnd.one_in(4) ? any_number() : world.play + rnd.below(play_frames);
  xen_memory_exchange_t x{};
  x.in.extent_start.p = reinterpret_cast<xen_pfn_t*>(place(in, sizeof in, false));
  x.out.extent_start.p = reinterpret_cast<xen_pfn_t*>(place(out, sizeof out, true));
  x.in.extent_order = rnd.one_in(4) ? any_order() : 0;
  x.out.extent_order = rnd.one_in(3) ? any_order() : 0;
  x.in.nr_extents =
      count_of_list(reinterpret_cast<u64>(x.out.extent_start.p), sizeof out, rnd.below(most_extents + 1));
  x.out.nr_extents = rnd.one_in(8) ? any_number() : x.in.nr_extents;
  x.in.domid = x.out.domid = any_domain();
  if (rnd.one_in(16)) x.out.domid = any_domain();
  x.out.mem_flags = rnd.one_in(3) ? any_memory_flags() : 0;
  x.nr_exchanged = rnd.one_in(12) ? any_number() : 0;
  call.arg[0] = XENMEM_exchange;
  call.arg[1] = place(x, true);
}

// An exchange gives frames under new numbers; heal() finds the lost ones and asks for others. To keep the
// domain's size, what came is given back.
void after_exchange(const Call& call, long) {
  const u64 args = hypercall_arg(world.args), last = hypercall_arg(world.read_only);
  if (call.arg[1] < args || call.arg[1] > last - sizeof(xen_memory_exchange_t)) return;
  xen_memory_exchange_t x;
  memcpy(&x, memory_at(call.arg[1]), sizeof x);
  const u64 list = reinterpret_cast<u64>(x.out.extent_start.p);
  if (x.nr_exchanged == 0 || list < args || list > last - most_extents * sizeof(u64)) return;
  x.out.nr_extents = min_of(x.out.nr_extents, u64{most_extents});
  hypercall_memory_op(XENMEM_decrease_reservation, &x.out);
}

void make_figure(Call& call) {
  const u64 commands[] = {XENMEM_maximum_ram_page, XENMEM_current_reservation, XENMEM_maximum_reservation,
                          XENMEM_maximum_gpfn};
  xen_memory_domain d{};
  d.domid = any_domain();
  call.arg[0] = rnd.pick(commands) | (rnd.one_in(16) ? u64{1} << 40 : 0);
  call.arg[1] = place(d);
}

void make_map(Call& call) {
  const u64 commands[] = {XENMEM_memory_map, XENMEM_machine_memory_map, XENMEM_machphys_mfn_list,
                          XENMEM_machphys_mapping, XENMEM_set_memory_map};
  u8 buffer[32 * 20] = {};
  xen_foreign_memory_map_t map{};
  call.arg[0] = rnd.pick(commands);
  const u64 list = place(buffer, sizeof buffer, true);
  if (call.arg[0] == XENMEM_set_memory_map) {
    map.domid = any_domain();
    map.map.nr_entries = static_cast<u32>(any_count(32));
    map.map.buffer.p = reinterpret_cast<void*>(list);
    call.arg[1] = place(map);
  } else {  // {count, handle} in each
    map.map.nr_entries = static_cast<u32>(any_count(32));
    map.map.buffer.p = reinterpret_cast<void*>(list);
    u8 room[48] = {};
    memcpy(room, &map.map, sizeof map.map);
    call.arg[1] = place(room, sizeof room, true);
  }
}

void after_other(const Call&, long) { world_bring_shared_info_back(); }

void make_other(Call& call) {
  u8 anything[64];
  for (u8& b : anything) b = static_cast<u8>(rnd.next());
  xen_add_to_physmap_t add{};
  add.domid = any_domain();
  add.space = static_cast<u32>(any_count(8));
  add.idx = any_number();
  add.gpfn = any_number();
  const u64 refused[] = {XENMEM_add_to_physmap,       XENMEM_remove_from_physmap,     XENMEM_claim_pages,
                         XENMEM_add_to_physmap_batch, XENMEM_get_sharing_freed_pages, rnd.below(64)};
  call.arg[0] = rnd.pick(refused);
  // Those that take and give have their own rules above.
  if (call.arg[0] < XENMEM_add_to_physmap || call.arg[0] == XENMEM_exchange ||
      call.arg[0] == XENMEM_set_memory_map)
    call.arg[0] = XENMEM_add_to_physmap;
  call.arg[1] = rnd.one_in(2) ? place(add, true) : place(anything, sizeof anything, true);
}

constexpr s64 any_extents =
    0x7fffffffffffffff;  // as many as there are, and where a continuation said that it began
constexpr CallKind kinds[] = {
    {"populate_physmap", __HYPERVISOR_memory_op, 8, errors(), any_extents, make_grow, after_grow},
    {"decrease_reservation", __HYPERVISOR_memory_op, 6, errors(), any_extents, make_shrink, nullptr},
    {"exchange", __HYPERVISOR_memory_op, 6, errors(XEN_EFAULT, XEN_EINVAL, XEN_ESRCH, XEN_EPERM, XEN_ENOMEM),
     0, make_exchange, after_exchange},
    {"memory figures", __HYPERVISOR_memory_op, 3,
     errors(XEN_EFAULT, XEN_ESRCH, XEN_EPERM, XEN_ENOSYS, XEN_EINVAL), any_extents, make_figure, nullptr},
    {"memory maps", __HYPERVISOR_memory_op, 4,
     errors(XEN_EFAULT, XEN_ESRCH, XEN_EPERM, XEN_ENOSYS, XEN_EINVAL, XEN_ENOMEM), 0, make_map, nullptr},
    {"memory_op, others", __HYPERVISOR_memory_op, 4,
     errors(XEN_EFAULT, XEN_ESRCH, XEN_EPERM, XEN_ENOSYS, XEN_EINVAL, XEN_EOPNOTSUPP, XEN_ENOMEM),
     any_extents, make_other, after_other},
};
}  // namespace

const CallTable memory_calls = {kinds, count_of(kinds)};
