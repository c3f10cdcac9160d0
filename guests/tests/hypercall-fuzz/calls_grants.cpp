// grant_table_op: grants of play frames to the guest itself, mapped, copied, moved and given away by good and
// bad numbers. Entries name frames that the guest can spare, or none: what is in use stays what it was,
// whatever is written then.
#include "guests/tests/hypercall-fuzz/arch.h"
#include "guests/tests/hypercall-fuzz/grants.h"
#include "guests/tests/lib/grants.h"
#include "hypervisor/abi/grants.h"

namespace {
constexpr unsigned place_count = 8, first_racer_place = 4;
constexpr grant_ref_t first_ref = GNTTAB_NR_RESERVED_ENTRIES, ref_count = 32;
constexpr unsigned most_mappings = 64, most_listed = 4;
GrantPlace places[place_count];

struct Mapping {
  grant_handle_t handle;
  u64 address, device_address;
} mappings[most_mappings];
unsigned mapping_count;

bool is_direct() { return test_grant_model() == GrantModel::direct; }

void give_back(u64 frame) {
  xen_pfn_t list[1] = {frame};
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, list);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  hypercall_memory_op(XENMEM_decrease_reservation, &r);
}

// The table itself can have been sent elsewhere.
bool is_there(grant_ref_t ref) { return touch(reinterpret_cast<u64>(&grant_entry(ref)), false); }

// To keep the domain's size, a frame that has come is given back.
void collect(grant_ref_t ref) {
  volatile grant_entry_v1_t& entry = grant_entry(ref);
  const bool accepts = (entry.flags & GTF_type_mask) == GTF_accept_transfer;
  if (!accepts || !(entry.flags & GTF_transfer_completed)) return;
  const u16 flags = entry.flags;
  entry.flags = 0;
  if (!(flags & XS_GTF_EXCHANGE)) give_back(entry.frame);  // that one came for one that has gone
}

u32 frame_to_accept() { return static_cast<u32>(is_direct() ? 0 : rnd.pick(places).address / page_bytes); }

grant_ref_t write_entry() {
  const auto ref = static_cast<grant_ref_t>(first_ref + rnd.below(ref_count));
  if (!is_there(ref)) return ref;
  collect(ref);
  const u16 types[] = {GTF_permit_access,
                       GTF_permit_access,
                       GTF_permit_access,
                       GTF_permit_access | GTF_readonly,
                       GTF_permit_access,
                       GTF_accept_transfer,
                       GTF_invalid,
                       static_cast<u16>(rnd.next()),
                       GTF_accept_transfer | XS_GTF_EXCHANGE};
  // Nobody but the hypervisor says that a frame has come.
  const u16 flags = rnd.pick(types) & static_cast<u16>(~GTF_transfer_completed);
  const bool accepts = (flags & (GTF_type_mask | XS_GTF_EXCHANGE)) == GTF_accept_transfer;
  volatile grant_entry_v1_t& entry = grant_entry(ref);
  entry.flags = 0;
  entry.domid = rnd.one_in(6) ? any_domain() : static_cast<domid_t>(test_own_domain());
  entry.frame = accepts          ? frame_to_accept()
                : rnd.one_in(10) ? static_cast<u32>(protected_table())
                                 : static_cast<u32>(frame_to_write());
  __atomic_store_n(&entry.flags, flags, __ATOMIC_RELEASE);
  return ref;
}

grant_ref_t any_ref() {
  if (rnd.one_in(12)) return static_cast<grant_ref_t>(any_number());
  return rnd.one_in(2) ? write_entry() : static_cast<grant_ref_t>(first_ref + rnd.below(ref_count));
}
u16 any_granter() { return rnd.one_in(8) ? any_domain() : static_cast<u16>(test_own_domain()); }

// No address at which the guest needs what is there.
u64 any_place(u32& flags) {
  if (rnd.one_in(10)) return arch_hypervisor_address + rnd.below(page_bytes * 64);
  if (rnd.one_in(10)) return any_number() | u64{1} << 62;
  if (!is_direct())
    return places[rnd.below(first_racer_place)].address + rnd.below(2) * rnd.below(page_bytes);
  const void* const va =
      rnd.one_in(3) ? places[rnd.below(first_racer_place)].va : test_va(world.play + rnd.below(play_frames));
  if (!rnd.one_in(3)) return hypercall_arg(va);
  flags |= GNTMAP_contains_pte;
  return arch_entry_address(va) + (rnd.one_in(8) ? rnd.below(sizeof(u64)) : 0);
}

u32 any_map_flags() {
  if (rnd.one_in(12)) return static_cast<u32>(any_number()) & ~u32{GNTMAP_contains_pte};
  u32 flags = GNTMAP_host_map;
  if (rnd.one_in(3)) flags |= GNTMAP_readonly;
  if (rnd.one_in(4)) flags |= GNTMAP_device_map;
  return flags;
}

void make_map(Call& call) {
  gnttab_map_grant_ref_t list[most_listed] = {};
  const u64 count = 1 + rnd.below(most_listed);
  for (u64 i = 0; i < count; i++) {
    list[i].flags = any_map_flags();
    list[i].host_addr = any_place(list[i].flags);
    list[i].ref = any_ref();
    list[i].dom = any_granter();
  }
  call.arg[0] = GNTTABOP_map_grant_ref;
  call.arg[1] = place(list, count * sizeof list[0], true, sizeof list[0]);
  call.arg[2] = count;
}

// Where the answers can be read; null elsewhere.
template <typename T>
const T* answers(const Call& call) {
  const u64 first = hypercall_arg(world.args), end = hypercall_arg(world.read_only);
  const bool inside = call.arg[1] >= first && call.arg[1] < end && call.arg[2] <= most_listed &&
                      call.arg[1] + call.arg[2] * sizeof(T) <= end;
  return inside ? reinterpret_cast<const T*>(memory_at(call.arg[1])) : nullptr;
}

void after_map(const Call& call, long) {
  const auto* list = answers<gnttab_map_grant_ref_t>(call);
  for (u64 i = 0; list && i < call.arg[2]; i++) {
    gnttab_map_grant_ref_t op;
    memcpy(&op, &list[i], sizeof op);
    if (op.status == GNTST_okay && mapping_count < most_mappings)
      mappings[mapping_count++] = {op.handle, op.host_addr, op.dev_bus_addr};
  }
}

Mapping any_mapping() {
  if (mapping_count && !rnd.one_in(4)) return mappings[rnd.below(mapping_count)];
  return {static_cast<grant_handle_t>(rnd.one_in(2) ? rnd.below(32) : any_number()),
          places[rnd.below(first_racer_place)].address, any_number()};
}

void make_unmap(Call& call) {
  gnttab_unmap_grant_ref_t list[most_listed] = {};
  const u64 count = 1 + rnd.below(most_listed);
  Mapping m = any_mapping();
  for (u64 i = 0; i < count; i++) {
    list[i].handle = m.handle;
    list[i].host_addr = rnd.one_in(3) ? 0 : rnd.one_in(10) ? any_number() : m.address;
    list[i].dev_bus_addr = rnd.one_in(3) ? 0 : rnd.one_in(10) ? any_number() : m.device_address;
    if (!rnd.one_in(3)) m = any_mapping();  // else the same once more
  }
  call.arg[0] = GNTTABOP_unmap_grant_ref;
  call.arg[1] = place(list, count * sizeof list[0], true, sizeof list[0]);
  call.arg[2] = count;
}

u64 frame_to_move() {
  const Pfn page = world.play + rnd.below(play_frames);
  return is_direct() ? hypercall_arg(test_va(page)) : page * page_bytes;
}

void make_replace(Call& call) {
  const Mapping m = any_mapping();
  gnttab_unmap_and_replace_t op{};
  op.host_addr = rnd.one_in(10) ? any_number() : m.address;
  op.new_addr = rnd.one_in(6) ? arch_hypervisor_address : frame_to_move();
  op.handle = m.handle;
  call.arg[0] = GNTTABOP_unmap_and_replace;
  call.arg[1] = place(op, true);
  call.arg[2] = 1;
}

void make_moves(Call& call, unsigned operation) {
  gnttab_transfer_t list[3] = {};
  const u64 count = 1 + rnd.below(3);
  for (u64 i = 0; i < count; i++) {
    list[i].mfn = i && rnd.one_in(6) ? list[0].mfn : frame_to_lose();
    list[i].domid = any_granter();
    list[i].ref = any_ref();
  }
  call.arg[0] = operation;
  call.arg[1] = place(list, count * sizeof list[0], true, sizeof list[0]);
  call.arg[2] = count;
}
void make_transfer(Call& call) { make_moves(call, GNTTABOP_transfer); }
void make_donation(Call& call) { make_moves(call, XS_GNTTABOP_donate); }
void make_exchange(Call& call) { make_moves(call, XS_GNTTABOP_exchange); }

decltype(gnttab_copy_t::source) any_side(bool by_ref, bool written) {
  decltype(gnttab_copy_t::source) side{};
  if (by_ref)
    side.u.ref = any_ref();
  else
    side.u.gmfn = written ? (rnd.one_in(10) ? protected_table() : frame_to_write()) : any_frame();
  side.domid = by_ref ? any_granter() : rnd.one_in(10) ? any_domain() : u16{DOMID_SELF};
  side.offset = static_cast<u16>(rnd.one_in(12) ? any_number() : rnd.below(page_bytes));
  return side;
}

gnttab_copy_t any_copy() {
  gnttab_copy_t op{};
  op.flags = static_cast<u16>(rnd.one_in(16) ? any_number() : rnd.below(4));
  op.source = any_side(op.flags & GNTCOPY_source_gref, false);
  op.dest = any_side(op.flags & GNTCOPY_dest_gref, true);
  const u64 fits = page_bytes - min_of(page_bytes, u64{max_of(op.source.offset, op.dest.offset)});
  op.len = static_cast<u16>(rnd.one_in(8) ? any_number() : rnd.below(fits + 1));
  return op;
}

void make_copy(Call& call) {
  gnttab_copy_t list[most_listed];
  const u64 count = 1 + rnd.below(most_listed);
  for (u64 i = 0; i < count; i++) list[i] = any_copy();
  call.arg[0] = GNTTABOP_copy;
  call.arg[1] = place(list, count * sizeof list[0], true, sizeof list[0]);
  call.arg[2] = count;
}

u64 setup_argument() {
  u64 numbers[grant_most_pages] = {};
  gnttab_setup_table_t op{};
  op.dom = any_domain();
  op.nr_frames = static_cast<u32>(any_count(3));
  op.frame_list.p = reinterpret_cast<xen_pfn_t*>(place(numbers, sizeof numbers, true));
  return place(op, true);
}

// Structures of the smaller operations: a domain, or a reference, in the first words.
u64 other_argument(u64 operation) {
  if (operation == GNTTABOP_setup_table) return setup_argument();
  u32 words[8] = {};
  words[0] = operation == GNTTABOP_set_version      ? static_cast<u32>(rnd.below(4))
             : operation == GNTTABOP_swap_grant_ref ? any_ref()
                                                    : any_domain();
  words[1] = any_ref();
  return place(words, sizeof words, true);
}

void make_other(Call& call) {
  const u64 operations[] = {GNTTABOP_setup_table,       GNTTABOP_query_size,  GNTTABOP_set_version,
                            GNTTABOP_get_version,       GNTTABOP_setup_table, GNTTABOP_swap_grant_ref,
                            GNTTABOP_get_status_frames, GNTTABOP_cache_flush, 13 + rnd.below(1000)};
  call.arg[0] = rnd.pick(operations);
  if (rnd.one_in(100)) call.arg[0] = GNTTABOP_dump_table;
  call.arg[1] = other_argument(call.arg[0]);
  call.arg[2] = rnd.one_in(8) ? rnd.below(2) * 0x80000000 : 1;
}

constexpr u64 list_errors = errors(XEN_EFAULT, XEN_EINVAL);
constexpr CallKind kinds[] = {
    {"grant map", __HYPERVISOR_grant_table_op, 8, list_errors, 0, make_map, after_map},
    {"grant unmap", __HYPERVISOR_grant_table_op, 6, list_errors, 0, make_unmap, nullptr},
    {"grant replace", __HYPERVISOR_grant_table_op, 2, list_errors, 0, make_replace, nullptr},
    {"grant transfer", __HYPERVISOR_grant_table_op, 3, list_errors, 0, make_transfer, nullptr},
    {"grant donate", __HYPERVISOR_grant_table_op, 2, list_errors, 0, make_donation, nullptr},
    {"grant exchange", __HYPERVISOR_grant_table_op, 4, list_errors, 0, make_exchange, nullptr},
    {"grant copy", __HYPERVISOR_grant_table_op, 6, list_errors, 0, make_copy, nullptr},
    {"grant_table_op, others", __HYPERVISOR_grant_table_op, 3,
     errors(XEN_EFAULT, XEN_EINVAL, XEN_ENOSYS, XEN_EPERM, XEN_ESRCH), 0, make_other, nullptr},
};
}  // namespace

void grants_init() {
  test_grant_table();
  for (GrantPlace& p : places) p = test_grant_place();
}

void grants_heal() {
  for (unsigned i = 0; i < mapping_count; i++) {
    gnttab_unmap_grant_ref_t op{mappings[i].address, mappings[i].device_address, mappings[i].handle, 0};
    hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);
  }
  mapping_count = 0;
  if (!is_direct()) grant_table_place(0);
  for (grant_ref_t ref = first_ref; ref < first_ref + ref_count; ref++)
    if (is_there(ref)) collect(ref);
  // What a place has got that is the guest's own: a frame that was moved there.
  for (unsigned i = 0; !is_direct() && i < first_racer_place; i++) give_back(places[i].address / page_bytes);
}

// Copies between play frames, and short mappings of what VCPU 0 writes into entries.
void grants_race_step(Random& random, unsigned vcpu) {
  gnttab_copy_t copy{};
  copy.source.u.gmfn = world.play_mfn[random.below(play_frames)];
  copy.dest.u.gmfn = world.play_mfn[random.below(play_frames)];
  copy.source.domid = copy.dest.domid = DOMID_SELF;
  copy.len = static_cast<u16>(random.below(page_bytes));
  if (random.one_in(3)) {
    copy.flags = GNTCOPY_source_gref;
    copy.source.u.ref = static_cast<grant_ref_t>(first_ref + random.below(ref_count));
    copy.source.domid = static_cast<domid_t>(test_own_domain());
  }
  hypercall_grant_table_op(GNTTABOP_copy, &copy, 1);
  const GrantPlace& at = places[first_racer_place + vcpu];
  gnttab_map_grant_ref_t map{};
  map.host_addr = at.address;
  map.flags = GNTMAP_host_map | at.flags;
  map.ref = static_cast<grant_ref_t>(first_ref + random.below(ref_count));
  map.dom = static_cast<domid_t>(test_own_domain());
  if (hypercall_grant_table_op(GNTTABOP_map_grant_ref, &map, 1) || map.status) return;
  gnttab_unmap_grant_ref_t unmap{map.host_addr, 0, map.handle, 0};
  hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
}

const CallTable grant_calls = {kinds, count_of(kinds)};
