/* ELF notes by which a domain builder recognises and loads this guest, and the pages they name. */
#define __ASSEMBLY__
#include <xen/elfnote.h>

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
        note_text XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
        note_text XEN_ELFNOTE_PAE_MODE, "yes"
        /* mask, value: bits that a present L1 entry has */
        .balign 4
        .long   4, 16, XEN_ELFNOTE_L1_MFN_VALID
        .asciz  "Xen"
        .quad   1, 1

        /* In .text, one page of its own: its content comes from outside. */
        .section .text.pages, "ax", @progbits
        .balign 4096
        .globl  hypercall_page
        .type   hypercall_page, @object
hypercall_page:
        .skip   4096
        .size   hypercall_page, 4096
