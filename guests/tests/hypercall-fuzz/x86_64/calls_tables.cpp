// Page tables: mmu_update, mmuext_op, update_va_mapping.
#include "guests/tests/hypercall-fuzz/x86_64/own_tables.h"
#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

namespace {
constexpr unsigned most_requests = 4;

u64 any_flags() {
  const u64 choices[] = {pte_kernel,
                         pte_kernel_ro,
                         pte_table,
                         0,
                         pte_present,
                         pte_kernel | pte_uncached,
                         pte_kernel | 0x80,
                         pte_kernel | 0x100,
                         rnd.next() & 0xfff,
                         rnd.next() & 0x7ff0000000000fff,
                         pte_no_execute | pte_kernel};
  return rnd.pick(choices);
}

// Any frame at all: an entry never harms the guest unless it is made where something else was.
u64 any_entry() { return rnd.one_in(16) ? any_number() : make_pte(any_frame() & 0xffffffffff, any_flags()); }

// An entry that no table in use may get: another's frame, a table to be written, what is no table.
u64 refused_entry(unsigned level) {
  if (level > 1)
    return make_pte(rnd.one_in(2) ? world.max_ram_frame + 1 + rnd.below(99) : test_machine(0),
                    pte_table | 0x80);
  return make_pte(core_table(), pte_kernel);
}

u64 play_va() {
  const u64 va = hypercall_arg(test_va(world.play + rnd.below(play_frames)));
  return rnd.one_in(10) ? va + rnd.below(page_bytes) : va;
}

u64 entry_address(u64 va, unsigned level) {
  return test_machine(test_table(va, level)) * page_bytes + table_index(va, level) * sizeof(u64);
}

mmu_update_t table_request() {
  const u64 va = play_va();
  switch (rnd.below(8)) {
    case 0: {  // a live table of its own, something it must not become
      const unsigned level = static_cast<unsigned>(1 + rnd.below(4));
      return {entry_address(hypercall_arg(test_va(0)), level), refused_entry(level)};
    }
    case 1: {  // the top table's slots of the hypervisor
      const u64 slot = 256 + rnd.below(16);
      return {user_table * page_bytes + slot * sizeof(u64), make_pte(play_frame(), pte_table)};
    }
    case 2: {  // what is there already, with other bits
      const u64 core = hypercall_arg(test_va(0));
      return {entry_address(core, 2), test_entry(core, 2) & ~(pte_accessed | pte_dirty)};
    }
    case 3:
      return {any_number(), any_entry()};
    case 4:
      return {frame_to_write() * page_bytes + rnd.below(512) * 8 + (rnd.one_in(8) ? rnd.below(8) : 0),
              any_entry()};
    default:
      return {entry_address(va, 1), any_entry()};
  }
}

mmu_update_t any_request() {
  mmu_update_t request = table_request();
  switch (rnd.below(8)) {
    case 0:  // the M2P's entry of a frame
      return {frame_to_write() * page_bytes | MMU_MACHPHYS_UPDATE, any_number()};
    case 1:
      request.ptr |= MMU_PT_UPDATE_PRESERVE_AD;
      return request;
    case 2:
      request.ptr |= MMU_PT_UPDATE_NO_TRANSLATE;
      return request;
    default:
      return request;
  }
}

u64 any_foreign() {
  if (rnd.one_in(10)) return any_number();
  const u64 tables = rnd.one_in(8) ? (u64{any_domain()} + 1) << 16 : 0;
  return tables | (rnd.one_in(3) ? any_domain() : DOMID_SELF);
}

u64 done_pointer() {
  const u32 zero = 0;
  return rnd.one_in(2) ? 0 : place(zero, true);
}

// No request may name a table of the guest's where a wild value would be accepted: all lists are made here.
template <typename Request>
void make_batch(Call& call, Request (*any)()) {
  Request requests[most_requests];
  const u64 count = 1 + rnd.below(most_requests);
  for (u64 i = 0; i < count; i++) requests[i] = any();
  call.arg[0] = place(requests, count * sizeof requests[0], false, sizeof requests[0]);
  call.arg[1] = count_of_list(call.arg[0], count * sizeof requests[0], count);
  call.arg[2] = done_pointer();
}

void make_mmu_update(Call& call) {
  if (guest_is_translated()) use_wild_tables(rnd, 0);
  make_batch(call, any_request);
  call.arg[3] = any_foreign();
}

// What it holds may become entries of a table.
u64 frame_of_zeros() { return rnd.one_in(4) ? protected_table() : test_frame(world.read_only); }

mmuext_op_t any_mmuext() {
  mmuext_op_t op{};
  op.cmd = rnd.one_in(20) ? static_cast<u32>(any_number()) : static_cast<u32>(rnd.below(20));
  op.arg1.mfn = frame_to_write();
  op.arg2.src_mfn = guest_is_translated() ? frame_of_zeros() : any_frame();
  switch (op.cmd) {
    case MMUEXT_CLEAR_PAGE:
    case MMUEXT_COPY_PAGE:
      if (rnd.one_in(6)) op.arg1.mfn = protected_table();
      break;
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
    case MMUEXT_UNPIN_TABLE:  // its own top table may go: it is in use all the same
      op.arg1.mfn = any_frame();
      break;
    case MMUEXT_NEW_BASEPTR: {  // to itself, or to what is none
      const u64 tables[] = {user_table, protected_table(), invalid_frame, invalid_frame - 1,
                            0,          test_machine(0)};
      op.arg1.mfn = guest_is_translated() ? tables[rnd.below(4)] : rnd.pick(tables);
      break;
    }
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_INVLPG_ALL:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_TLB_FLUSH_MULTI: {
      const u64 mask = any_number();
      op.arg1.linear_addr = rnd.one_in(2) ? play_va() : any_address();
      op.arg2.vcpumask.p = reinterpret_cast<u8*>(place(mask));
      break;
    }
    case MMUEXT_SET_LDT:
      op.arg1.linear_addr = rnd.one_in(3) ? any_address() & ~(page_bytes - 1) : play_va();
      op.arg2.nr_ents = static_cast<u32>(any_count(8192));
      break;
    default:
      break;
  }
  return op;
}

void make_mmuext(Call& call) {
  make_batch(call, any_mmuext);
  call.arg[3] = rnd.one_in(4) ? any_domain() : DOMID_SELF;
}

u64 any_mapping_flags() {
  const u64 choices[] = {0, UVMF_INVLPG, UVMF_TLB_FLUSH, UVMF_INVLPG | UVMF_ALL, UVMF_TLB_FLUSH | UVMF_ALL,
                         3};
  const u64 mask = any_number();
  return rnd.one_in(4) ? (place(mask) & ~3ull) | rnd.below(4) : rnd.pick(choices);
}

void make_va_mapping(Call& call) {
  call.arg[0] = play_va();
  call.arg[1] = any_entry();
  if (rnd.one_in(6)) {  // an address that has no table, or is not the guest's, or its own code and stack
    u64 here;
    const u64 own[] = {hypercall_arg(test_va(0)), hypercall_arg(&here), boot_info->pt_base};
    call.arg[0] = rnd.one_in(2) ? any_address() | 1ull << 46 : rnd.pick(own);
    call.arg[1] = refused_entry(1);
  }
  call.arg[2] = any_mapping_flags();
  call.arg[3] = any_domain();
}

constexpr u64 table_errors = errors(XEN_EINVAL, XEN_EPERM, XEN_EFAULT, XEN_ESRCH);
constexpr CallKind kinds[] = {
    {"mmu_update", __HYPERVISOR_mmu_update, 16, table_errors, 0, make_mmu_update, nullptr},
    {"mmuext_op", __HYPERVISOR_mmuext_op, 16, table_errors | errors(XEN_ENOSYS, XEN_EACCES), 0, make_mmuext,
     nullptr},
    {"update_va_mapping", __HYPERVISOR_update_va_mapping, 10, table_errors, 0, make_va_mapping, nullptr},
    {"update_va_mapping_otherdomain", __HYPERVISOR_update_va_mapping_otherdomain, 4, table_errors, 0,
     make_va_mapping, nullptr},
};
}  // namespace

const CallTable table_calls = {kinds, count_of(kinds)};
