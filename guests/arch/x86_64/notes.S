/* ELF notes by which a domain builder recognises and loads this guest, and the pages they name. */
#define __ASSEMBLY__
#include <xen/elfnote.h>
#include <xen/features.h>
#include <xen/xen.h>

#include "hypervisor/abi/function.inc"

#define VIRT_BASE 0xffffffff80000000

.macro note type, size
        .balign 4
        .long   4, \size, \type
        .asciz  "Xen"
.endm
.macro note_quad type, value
        note    \type, 8
        .quad   \value
.endm
.macro note_text type, text
        .balign 4
        .long   4, 2f - 1f, \type
        .asciz  "Xen"
1:      .asciz  "\text"
2:      .balign 4
.endm

        .section .note.Xen, "a", @note
        note_text XEN_ELFNOTE_GUEST_OS, "xenoscope"
        note_text XEN_ELFNOTE_GUEST_VERSION, "1"
        note_text XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
        note_text XEN_ELFNOTE_LOADER, "generic"
        note_quad XEN_ELFNOTE_VIRT_BASE, VIRT_BASE
        note_quad XEN_ELFNOTE_PADDR_OFFSET, 0
        note_quad XEN_ELFNOTE_ENTRY, guest_start
        note_quad XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
        note_text XEN_ELFNOTE_FEATURES, "writable_page_tables|auto_translated_physmap|pae_pgdir_above_4gb|dom0"
        note_quad XEN_ELFNOTE_SUPPORTED_FEATURES, (1 << XENFEAT_writable_page_tables) | (1 << XENFEAT_auto_translated_physmap) | (1 << XENFEAT_pae_pgdir_above_4gb) | (1 << XENFEAT_dom0)
        note_text XEN_ELFNOTE_PAE_MODE, "yes"
        /* mask, value: bits that a present L1 entry has */
        .balign 4
        .long   4, 16, XEN_ELFNOTE_L1_MFN_VALID
        .asciz  "Xen"
        .quad   1, 1

        /* In .text, one page of its own: its content comes from outside. */
        .section .text.pages, "ax", @progbits
        .balign 4096
        FUNCTION hypercall_page
        .skip   4096
        END_FUNCTION hypercall_page
        /* Stub n lies at n * 32 (xen/arch-x86/xen.h): names for backtraces. */
#define STUB(name)                                                      \
        .type   hypercall_##name, @function;                            \
        .set    hypercall_##name, hypercall_page + __HYPERVISOR_##name * 32; \
        .size   hypercall_##name, 32
        STUB(set_trap_table)
        STUB(mmu_update)
        STUB(set_gdt)
        STUB(stack_switch)
        STUB(set_callbacks)
        STUB(fpu_taskswitch)
        STUB(set_debugreg)
        STUB(get_debugreg)
        STUB(update_descriptor)
        STUB(memory_op)
        STUB(multicall)
        STUB(update_va_mapping)
        STUB(set_timer_op)
        STUB(xen_version)
        STUB(console_io)
        STUB(grant_table_op)
        STUB(vm_assist)
        STUB(update_va_mapping_otherdomain)
        STUB(iret)
        STUB(vcpu_op)
        STUB(set_segment_base)
        STUB(mmuext_op)
        STUB(sched_op)
        STUB(callback_op)
        STUB(event_channel_op)
        STUB(physdev_op)
        STUB(hvm_op)
        STUB(sysctl)
        STUB(domctl)
