#include "guests/tests/start-of-day/facts.h"

#include "entry_registers.h"

extern "C" char image_start[], image_end[];

namespace {
void check_registers() {
  const EntryRegisters& r = entry_registers;
  test_equal("cs", r.cs & 0xffff, FLAT_KERNEL_CS);
  test_equal("ss", r.ss & 0xffff, FLAT_KERNEL_SS);
  test_check(!(r.ds & ~3ull) || (r.ds & 0xffff) == FLAT_KERNEL_SS, "ds is 0x%lx", r.ds);
  test_equal("fs", r.fs & 0xffff, 0);
  test_equal("gs", r.gs & 0xffff, 0);
  test_equal("rflags.DF", r.rflags & (1 << 10), 0);
  test_equal("rflags.TF", r.rflags & (1 << 8), 0);
  test_equal("rsi page offset", static_cast<s64>(r.rsi % page_bytes), 0);
  // The stack lies behind the page tables, and its page is mapped writable.
  u64 stack_page = boot_info->pt_base + boot_info->nr_pt_frames * page_bytes;
  test_check(r.rsp > stack_page && r.rsp <= stack_page + page_bytes,
             "rsp 0x%lx is not in the boot stack 0x%lx", r.rsp, stack_page);
}

// Kernel, initrd, P2M, start_info, [xenstore, console,] page tables, stack: each behind the one before.
void check_order() {
  u64 image_last = align_up(reinterpret_cast<u64>(image_end), page_bytes);
  u64 info = reinterpret_cast<u64>(boot_info);
  test_check(info >= image_last, "start_info 0x%lx lies inside the image", info);
  if (guest_is_translated()) {
    test_check(!boot_info->mfn_list && !boot_info->nr_p2m_frames,
               "a frame list where no frame has another number");
  } else {
    u64 list_last = boot_info->mfn_list + boot_info->nr_pages * sizeof(u64);
    test_check(boot_info->mfn_list >= image_last, "mfn_list 0x%lx lies inside the image",
               boot_info->mfn_list);
    test_check(info >= list_last, "start_info 0x%lx lies inside the frame list", info);
  }
  test_check(boot_info->pt_base > info, "page tables 0x%lx lie before start_info", boot_info->pt_base);
  test_check(boot_info->nr_pt_frames >= 4, "%lu page table frames", boot_info->nr_pt_frames);
}

void check_frame_numbers() {
  if (guest_is_translated()) {
    // Nothing here tells where in the machine a frame is: the M2P's addresses are not there.
    xen_machphys_mapping_t mapping{};
    test_equal("machphys_mapping", hypercall_memory_op(XENMEM_machphys_mapping, &mapping), -XEN_ENOSYS);
    test_check(boot_info->shared_info >> page_shift >= boot_info->nr_pages, "shared_info lies in the memory");
    return;
  }
  unsigned wrong = 0;
  for (Pfn p = 0; p < boot_info->nr_pages; p++) wrong += machine_to_phys_mapping[test_machine(p)] != p;
  test_check(!wrong, "M2P disagrees with the frame list in %u places", wrong);
}

void check_mapping() {
  Pfn tables = test_frame(reinterpret_cast<void*>(boot_info->pt_base));
  u64 va = reinterpret_cast<u64>(image_start);
  unsigned wrong_frame = 0, wrong_rights = 0;
  for (; test_entry(va, 1) & pte_present; va += page_bytes) {
    Pfn pfn = (va - test_virt_base) / page_bytes;
    // One page of the image is mapped elsewhere by now: the library's shared_info window.
    bool lent = reinterpret_cast<u8*>(va) == reinterpret_cast<u8*>(shared_info_page);
    u64 entry = test_entry(va, 1);
    bool is_table = !guest_is_translated() && pfn >= tables && pfn < tables + boot_info->nr_pt_frames;
    wrong_frame += !lent && pte_frame(entry) != test_machine(pfn);
    wrong_rights += is_table == ((entry & pte_writable) != 0);
  }
  test_check(!wrong_frame, "%u pages are not mapped one to one from virt_base", wrong_frame);
  test_check(!wrong_rights, "%u pages have wrong rights (tables read-only, the rest writable)", wrong_rights);
  u64 stack_end = boot_info->pt_base + (boot_info->nr_pt_frames + 1) * page_bytes;
  bool all_mapped = va == test_virt_base + boot_info->nr_pages * page_bytes;  // a small domain may end before
  test_check(all_mapped || va - stack_end >= 512 * KiB, "only %lu KiB are mapped behind the stack",
             (va - stack_end) / KiB);
  test_check(all_mapped || va % (4 * MiB) == 0, "the mapping ends at 0x%lx, no 4 MiB boundary", va);
  test_check(!(test_entry(test_virt_base + 0x7fe00000, 1) & pte_present),
             "memory beyond the mapping is mapped");
}

void check_cpu_state() {
  unsigned long cr3;
  asm volatile("mov %%cr3, %0" : "=r"(cr3));  // the hypervisor emulates the read
  test_equal("cr3", static_cast<s64>(xen_cr3_to_pfn(cr3)),
             static_cast<s64>(test_machine(test_frame(reinterpret_cast<void*>(boot_info->pt_base)))));
}

}  // namespace

// Xen adds a "p" for dom0 (extended page directories); libxc does not.
bool arch_magic_good(const char* magic) {
  return !strcmp(magic, "xen-3.0-x86_64") || !strcmp(magic, "xen-3.0-x86_64p");
}
bool arch_features_good(u32 features) {
  const unsigned wanted =
      guest_is_translated() ? XENFEAT_writable_page_tables : XENFEAT_mmu_pt_update_preserve_ad;
  return features >> wanted & 1;
}

void check_arch() {
  check_registers();
  check_order();
  check_frame_numbers();
  check_mapping();
  check_cpu_state();
}
