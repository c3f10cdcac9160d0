// What of a moving domain is the architecture's: in model direct, everything that names a machine frame.
#include "guests/kernel/dom0/moving/frames.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/thread.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "page_table.h"

namespace {
using stream::PageType;

// The hypervisor's own of a top table.
constexpr unsigned hypervisor_first = 256, hypervisor_end = 272, top_level = 4;

unsigned level_of(PageType type) { return stream::is_page_table(type) ? static_cast<u8>(type) & 7u : 0; }

// Entries of a table, by what `translate` makes of a frame's number.
template <typename Translate>
long translate_table(unsigned level, u64* entries, Translate translate) {
  for (unsigned i = 0; i < table_entries; i++) {
    if (level == top_level && i >= hypervisor_first && i < hypervisor_end) {
      entries[i] = 0;
      continue;
    }
    if (!(entries[i] & pte_present)) continue;
    const u64 number = translate(pte_frame(entries[i]));
    if (number == invalid_frame) return -XEN_EINVAL;
    entries[i] = (entries[i] & ~pte_frame_mask) | number << page_shift;
  }
  return 0;
}

// GDT, page-table bases, and of VCPU 0 start_info.
template <typename Translate>
long translate_context(u32 vcpu, vcpu_guest_context_t& c, Translate translate) {
  constexpr unsigned descriptors_per_page = page_bytes / sizeof(u64);
  bool ok = c.gdt_ents <= count_of(c.gdt_frames) * descriptors_per_page;
  const auto replace = [&](auto& number) {
    const u64 other = translate(number);
    ok &= other != invalid_frame;
    number = other;
  };
  for (unsigned i = 0; ok && i < div_up(c.gdt_ents, descriptors_per_page); i++) replace(c.gdt_frames[i]);
  u64 kernel = xen_cr3_to_pfn(c.ctrlreg[3]), user = xen_cr3_to_pfn(c.ctrlreg[1]);
  replace(kernel);
  c.ctrlreg[3] = xen_pfn_to_cr3(kernel);
  if (user) replace(user);
  c.ctrlreg[1] = xen_pfn_to_cr3(user);
  if (vcpu == 0) replace(c.user_regs.rdx);
  return ok ? 0 : -XEN_EINVAL;
}

// One operator, one domain that is read at a time; too large for a stack.
u64 p2m_page[table_entries], p2m_types[table_entries], p2m_names[table_entries];

// The domain may have written anything: only what the hypervisor says is its own counts.
long ask_for_types(u32 domain, u32 count) {
  memcpy(p2m_types, p2m_page, sizeof p2m_types);
  xen_domctl op{};
  op.u.getpageframeinfo3.num = count;
  set_xen_guest_handle(op.u.getpageframeinfo3.array, reinterpret_cast<xen_pfn_t*>(p2m_types));
  return domctl(XEN_DOMCTL_getpageframeinfo3, domain, op);
}

// One of the P2M's frames.
long read_p2m_frame(MovedFrames& f, u32 index, Mfn frame) {
  f.p2m()[index] = frame;
  const Pfn first = u64{index} * table_entries;
  const auto count = static_cast<u32>(min_of<u64>(f.end() - first, table_entries));
  long error = with_frame(f.domain(), frame, false, [](const u64* page) {
    memcpy(p2m_page, page, sizeof p2m_page);
    return 0;
  });
  if (!error) error = ask_for_types(f.domain(), count);
  for (u32 i = 0; !error && i < count; i++)
    if (p2m_types[i] != XEN_DOMCTL_PFINFO_XTAB && !f.set(first + i, p2m_page[i])) error = -XEN_EINVAL;
  thread_yield();
  return error;
}

// shared_info names a page of names of pages of names of P2M frames (<xen/arch-x86/xen.h>).
long read_p2m(MovedFrames& f, Mfn list_list) {
  constexpr u32 per_page = table_entries;
  if (f.p2m_count() > per_page * per_page) return -XEN_EINVAL;
  long error = 0;
  for (u32 done = 0; !error && done < f.p2m_count(); done += per_page) {
    Mfn list = invalid_frame;
    error = with_frame(f.domain(), list_list, false,
                       [&](const u64* lists) { return list = lists[done / per_page], 0; });
    if (!error)
      error = with_frame(f.domain(), list, false, [](const u64* page) {
        memcpy(p2m_names, page, sizeof p2m_names);
        return 0;
      });
    for (u32 i = 0; !error && i < per_page && done + i < f.p2m_count(); i++)
      error = read_p2m_frame(f, done + i, p2m_names[i]);
  }
  return error;
}

long write_p2m(const MovedFrames& f) {
  long error = 0;
  for (u32 index = 0; !error && index < f.p2m_count(); index++)
    error = with_frame(f.domain(), f.machine(f.p2m()[index]), true, [&](u64* entries) {
      for (u32 i = 0; i < table_entries; i++) entries[i] = f.machine(u64{index} * table_entries + i);
      return 0;
    });
  return error;
}

long write_tables(const MovedFrames& f) {
  for (Pfn pfn = 0; pfn < f.end(); pfn++) {
    const unsigned level = level_of(f.type(pfn));
    if (!level) continue;
    const long error = with_frame(f.domain(), f.machine(pfn), true, [&](u64* entries) {
      return translate_table(level, entries, [&](Pfn named) { return f.machine(named); });
    });
    if (error) return error;
    thread_yield();
  }
  return 0;
}

long pin_tables(const MovedFrames& f) {
  static constexpr unsigned pin[] = {0, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
                                     MMUEXT_PIN_L4_TABLE};
  for (Pfn pfn = 0; pfn < f.end(); pfn++) {
    const PageType type = f.type(pfn);
    if (!level_of(type) || !(static_cast<u8>(type) & static_cast<u8>(PageType::pinned))) continue;
    if (long error = mmuext_simple(pin[level_of(type)], f.machine(pfn), f.domain())) return error;
    thread_yield();
  }
  return 0;
}
}  // namespace

bool arch_moves(xs_memory_model model) {
  return model == XS_MODEL_DIRECT || model == XS_MODEL_TRANSLATED || model == XS_MODEL_DOM0_PMT ||
         model == XS_MODEL_EXPOSED;
}

stream::DomainType arch_stream_type(xs_memory_model model) {
  return model == XS_MODEL_DIRECT ? stream::DomainType::x86_pv : stream::DomainType::x86_hvm;
}

// The third argument of its last hypercall.
Pfn arch_start_info(const vcpu_guest_context_t& first, const shared_info_t&) { return first.user_regs.rdx; }

// Where its P2M is, it will tell anew.
void arch_forget_shared_info(shared_info_t& shared) { shared.arch.pfn_to_mfn_frame_list_list = 0; }

Pfn arch_end_of(const shared_info_t& shared) { return shared.arch.max_pfn; }

long arch_frames_of(MovedFrames& f, const shared_info_t& shared) {
  if (long error = read_p2m(f, shared.arch.pfn_to_mfn_frame_list_list)) return error;
  for (u32 i = 0; i < f.p2m_count(); i++)
    if ((f.p2m()[i] = f.guest(f.p2m()[i])) == invalid_frame) return -XEN_EINVAL;
  return 0;
}

long arch_page_out(const MovedFrames& f, PageType type, u64* page) {
  const unsigned level = level_of(type);
  return level ? translate_table(level, page, [&](Mfn named) { return f.guest(named); }) : 0;
}

long arch_context_out(const MovedFrames& f, u32 vcpu, vcpu_guest_context_t& context) {
  return translate_context(vcpu, context, [&](Mfn named) { return f.guest(named); });
}

long arch_frames_in(const MovedFrames& f) {
  long error = write_p2m(f);
  if (!error) error = write_tables(f);
  return error ? error : pin_tables(f);
}

long arch_context_in(const MovedFrames& f, u32 vcpu, vcpu_guest_context_t& context) {
  return translate_context(vcpu, context, [&](Pfn named) { return f.machine(named); });
}
