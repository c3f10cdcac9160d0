// The x86-64 half of the domain builder: bootstrap page tables and the first VCPU (start of day,
// arch-x86/xen.h).
#include "direct_map.h"
#include "guests/kernel/dom0/domain_builder.h"
#include "guests/kernel/heap.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

const char* const arch_start_magic = "xen-3.0-x86_64";
const xs_memory_model arch_domain_model = XS_MODEL_DIRECT;

// Pseudo-physical memory of a new PV domain, from frame 0 (= VIRT_BASE) up:
//
//   | … image … | P2M (mfn_list; model direct only) | start_info | xenstore | console | page tables | stack |
//   free …
//                                                            mapped up to a 4 MiB boundary, >= 512 KiB behind
//                                                            the stack

// Tables in pseudo-physical order: L4, L3, L2s, L1s. Each maps consecutive frames from virt_base on; a region
// that crosses a 1 GiB boundary of addresses gets one table more per level.
namespace {
struct TableCounts {
  u64 l3, l2, l1;
};

u64 tables_touched(u64 first_va, u64 last_va, unsigned level) {
  unsigned shift = page_shift + 9 * level;  // bytes that one table of this level maps
  return (last_va >> shift) - (first_va >> shift) + 1;
}

TableCounts count_tables(const BuildState& b, u64 mapped_frames) {
  u64 first = b.notes.virt_base, last = first + mapped_frames * page_bytes - 1;
  return {tables_touched(first, last, 3), tables_touched(first, last, 2), tables_touched(first, last, 1)};
}

struct TableFill {
  BuildState* build;
  unsigned level;   // of the table that is filled
  Pfn first_table;  // first table of this level
  Pfn children;     // first table of the level below; level 1: frame 0
  u64 child_count;
};

// Entry addresses of one level are consecutive over its tables: entry n of the level (counted from the table
// that holds virt_base) points to child n - (index of virt_base's own entry).
void fill_table(void* context, Pfn pfn, u8* page) {
  auto& f = *static_cast<TableFill*>(context);
  BuildState& b = *f.build;
  u64 first_entry = table_index(b.notes.virt_base, f.level);
  auto* entries = reinterpret_cast<u64*>(page);
  for (u64 i = 0; i < table_entries; i++) {
    u64 n = (pfn - f.first_table) * table_entries + i;
    u64 child = n - first_entry;
    entries[i] = 0;
    if (n < first_entry || child >= f.child_count) continue;
    Pfn target = f.children + child;
    bool read_only = !b.hides_mfns && target >= b.tables && target < b.tables + b.table_frames;
    entries[i] = make_pte(b.machine[target], f.level > 1 ? pte_table
                                             : read_only ? pte_kernel_ro
                                                         : pte_kernel);
  }
}

// 4 MiB granularity and at least 512 KiB behind the stack (start of day, arch-x86/xen.h).
u64 mapped_frames(u64 needed_frames) {
  constexpr u64 spare = 512 * KiB / page_bytes, granule = 4 * MiB / page_bytes;
  return align_up(needed_frames + spare, granule);
}

u64 table_frames(const BuildState& b, u64 mapped) {
  TableCounts c = count_tables(b, mapped);
  return 1 + c.l3 + c.l2 + c.l1;
}

void fill_p2m(void* context, Pfn pfn, u8* page) {
  auto& b = *static_cast<BuildState*>(context);
  constexpr u64 per_page = page_bytes / sizeof(u64);
  u64 first = (pfn - b.p2m) * per_page;
  memcpy(page, b.machine + first, min_of(per_page, b.pages - first) * sizeof(u64));
}

u64 domain_va(const BuildState& b, Pfn pfn) { return b.notes.virt_base + pfn * page_bytes; }

long build_tables(BuildState& b) {
  TableCounts c = count_tables(b, b.mapped_end);
  Pfn l4 = b.tables, l3 = l4 + 1, l2 = l3 + c.l3, l1 = l2 + c.l2;
  TableFill levels[] = {{&b, 4, l4, l3, c.l3},
                        {&b, 3, l3, l2, c.l2},
                        {&b, 2, l2, l1, c.l1},
                        {&b, 1, l1, 0, min_of(b.mapped_end, b.pages)}};
  u64 counts[] = {1, c.l3, c.l2, c.l1};
  for (unsigned i = 0; i < 4; i++) {
    long error = build_fill(b, levels[i].first_table, counts[i], fill_table, &levels[i]);
    if (error) return build_failed(b, "the page tables cannot be written", error);
  }
  return 0;
}

void set_registers(const BuildState& b, vcpu_guest_context_t& c) {
  u64 base = b.notes.virt_base;
  c.flags = VGCF_in_kernel | VGCF_online;
  c.user_regs.rip = b.notes.entry;
  c.user_regs.rsp = base + (b.stack + 1) * page_bytes;
  c.user_regs.rsi = base + b.start_info * page_bytes;
  c.user_regs.rflags = 1 << 9;
  c.user_regs.cs = FLAT_KERNEL_CS;
  c.user_regs.ss = FLAT_KERNEL_SS;
  c.kernel_ss = FLAT_KERNEL_SS;
  c.kernel_sp = c.user_regs.rsp;
  c.ctrlreg[3] = xen_pfn_to_cr3(b.machine[b.tables]);
  c.debugreg[6] = 0xffff0ff0;  // reset values
  c.debugreg[7] = 0x00000400;
}
}  // namespace

// A loader note says where frame 0 appears.
long arch_plan_layout(BuildState& b) {
  if (!b.notes.present || b.notes.virt_base == XenNotes::no_value || b.notes.entry == XenNotes::no_value)
    return build_failed(b, "the kernel image has no Xen notes", -XEN_ENOEXEC);
  b.p2m = b.image_end;
  if (b.hides_mfns && !(b.notes.features & (1u << XENFEAT_auto_translated_physmap)))
    return build_failed(b, "the kernel image does not run in that memory model", -XEN_ENOEXEC);
  b.start_info = b.p2m + (b.hides_mfns ? 0 : div_up(b.pages * sizeof(u64), page_bytes));
  b.store = b.start_info + 1;
  b.console = b.store + 1;
  b.tables = b.console + 1;
  // More tables need more mapped frames, which may need more tables.
  for (u64 before = ~0ull; b.table_frames != before;) {
    before = b.table_frames;
    b.mapped_end = mapped_frames(b.tables + b.table_frames + 1);
    b.table_frames = table_frames(b, b.mapped_end);
  }
  b.stack = b.tables + b.table_frames;
  b.zero_end = b.stack + 1;
  if (b.stack >= b.pages) return build_failed(b, "the memory is too small for the kernel image", -XEN_ENOMEM);
  return 0;
}

// Shadow page tables, as libxl reckons: 1 MiB for each VCPU, 8 KiB for each MiB of memory.
long arch_allocate(BuildState& b) {
  constexpr u64 per_vcpu_kib = KiB, kib_per_mib = 8;
  if (!b.hides_mfns) return 0;
  u64 kib = b.config->vcpus * per_vcpu_kib + b.config->max_memory_kib / KiB * kib_per_mib;
  if (b.config->shadow_mib) kib = b.config->shadow_mib * KiB;
  xen_domctl op{};
  op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
  op.u.shadow_op.mb = static_cast<u32>(div_up(kib, KiB));
  long error = domctl(XEN_DOMCTL_shadow_op, b.id, op);
  return error ? build_failed(b, "not enough free memory for shadow page tables", error) : 0;
}

void arch_fill_shared_info(const BuildState&, arch_shared_info&) {}  // the guest's own, all of it

void arch_start_info(const BuildState& b, start_info_t& info) {
  info.pt_base = domain_va(b, b.tables);
  info.nr_pt_frames = b.table_frames;
  if (b.hides_mfns) return;
  info.mfn_list = domain_va(b, b.p2m);
  info.first_p2m_pfn = b.p2m;
  info.nr_p2m_frames = b.start_info - b.p2m;
}

long arch_build_boot_pages(BuildState& b) {
  long error = build_fill(b, b.p2m, b.start_info - b.p2m, fill_p2m, &b);
  return error ? build_failed(b, "the boot pages cannot be written", error) : build_tables(b);
}

long arch_start_state(BuildState& b) {
  // No writable mapping of the tables is left here: build_fill has taken its own away. Where the domain's
  // tables are its own business there is nothing to pin.
  long error = b.hides_mfns ? 0 : mmuext_simple(MMUEXT_PIN_L4_TABLE, b.machine[b.tables], b.id);
  if (error) {
    b.failed = "the page tables are not accepted";
    return error;
  }
  auto* context = static_cast<vcpu_guest_context_t*>(heap_alloc(sizeof(vcpu_guest_context_t)));
  b.failed = "dom0 has no memory for the VCPU's registers";
  if (!context) return -XEN_ENOMEM;
  set_registers(b, *context);
  xen_domctl op{};
  set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
  error = domctl(XEN_DOMCTL_setvcpucontext, b.id, op);
  b.failed = "the VCPU's registers are not accepted";
  heap_free(context);
  return error;
}
