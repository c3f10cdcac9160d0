/* What the hypervisor publishes for an observer: where its tables are and where every store to them happens.
 *
 * Included by the hypervisor, the guest kernels and sim/observe. Plain C layouts, 64-bit little endian.
 *
 * Every store to the frame table, M2P and (in models where the hypervisor owns it) P2M, and every mark, is
 * made by one instruction in a routine of arch/<arch>/taps.S. The address of that instruction is listed in
 * ELF section ".xs_taps". Registers at that instruction:
 *   x86-64: rdi = address, rsi = value, rdx rcx r8 = extra arguments, rax = expected value of a CAS64;
 *           the return address is on top of the stack
 *
 *   IA-64:  r32 (in0) = address, r33 = value, r34 to r36 = extra arguments, r8 = expected value;
 *           the return address is in b0; an st4, st8 or cmpxchg without a step of the base, whose
 *           address has the slot (0 to 2) in its lowest bits
 *
 * The address is the one at which the entry is read; on x86-64 the store itself may go by another mapping of
 * the same memory, on IA-64 it goes there. Each routine is a function with a symbol and a size; nothing else
 * lies in it and nobody enters it but at its beginning. Kinds of store are told apart by `kind`; which table
 * is written is told by the address.
 */
#ifndef XS_ABI_OBSERVE_H
#define XS_ABI_OBSERVE_H
#include <stdint.h>

#define XS_TAP_SECTION ".xs_taps"
#define XS_LAYOUT_SECTION ".xs_layout"

enum xs_tap_kind {
  XS_TAP_STORE64 = 1,
  XS_TAP_STORE32 = 2,
  XS_TAP_CAS64 = 3,     /* stores value only when memory equals the expected one */
  XS_TAP_MARK = 16,     /* store to the CPU's mark word; value = enum xs_mark, extra arguments = a b c */
  XS_TAP_GUEST_P2M = 32 /* a guest's store64 into its own P2M; address/8 relative to its table base = GFN */
};

struct xs_tap {
  uint64_t pc;
  uint32_t kind;
  uint32_t reserved;
};

/* One entry per MFN at frame_table_va + mfn * sizeof(struct xs_frame); sparse: unbacked where there is no
 * RAM. */
struct xs_frame {
  uint64_t count_info; /* XS_COUNT_*; low 32 bits: general references */
  uint64_t type_info;  /* XS_TYPE_*; low 32 bits: type references */
  uint32_t owner;      /* domain id, or XS_OWNER_* */
  uint32_t shadow;     /* private to the hypervisor (order, TLB stamp) */
  uint64_t link;       /* private to the hypervisor: list link */
};

#define XS_COUNT_ALLOCATED (1ull << 63) /* the owner's own reference is held (Xen: PGC_allocated) */
#define XS_COUNT_REFS 0xffffffffull

#define XS_TYPE_SHIFT 60
#define XS_TYPE_MASK (0xfull << XS_TYPE_SHIFT)
enum xs_frame_type { /* exclusive; changes only at type count 0 */
                     XS_FRAME_NONE = 0,
                     XS_FRAME_L1 = 1,
                     XS_FRAME_L2 = 2,
                     XS_FRAME_L3 = 3,
                     XS_FRAME_L4 = 4,
                     XS_FRAME_SEGDESC = 5,
                     XS_FRAME_WRITABLE = 7,
                     XS_FRAME_SHARED =
                         8,            /* hypervisor page shared with a domain (shared_info, grant table) */
                     XS_FRAME_P2M = 9, /* hypervisor's: a page of a P2M that it holds for a domain */
                     XS_FRAME_SHADOW = 10 /* hypervisor's: cached translations of a VCPU (x86: page table) */
};
#define XS_TYPE_PINNED (1ull << 59)
#define XS_TYPE_VALIDATED (1ull << 58)
#define XS_TYPE_COUNT 0xffffffffull

/* Owners that are no domain (values above any valid domid, as Xen's DOMID_*). */
#define XS_OWNER_XEN 0x7ff2u  /* the hypervisor's image, heap and tables */
#define XS_OWNER_FREE 0x7ffeu /* in the allocator */
#define XS_OWNER_NONE 0x7fffu /* entry never initialised: no RAM here */

/* M2P: uint64_t per MFN at m2p_va + mfn * 8 (the hypervisor's writable alias). */
#define XS_M2P_INVALID (~0ull)
#define XS_M2P_SHARED (~0ull - 1)

/* A P2M that the hypervisor holds, in models where the guest has none: pages of 512 entries, allocated at run
 * time and announced one by one (XS_MARK_P2M_PAGE). An entry of a leaf page stands for one GFN; 0: no frame.
 * An entry of a level 2 page is a leaf's MFN and PRESENT, or with SUPERPAGE itself what 512 GFNs have: from
 * its MFN on, all with its rights. When a leaf takes a superpage's place its entry says why.
 */
#define XS_P2M_PRESENT 1ull
#define XS_P2M_WRITABLE 2ull
#define XS_P2M_FOREIGN \
  4ull /* frame of another domain: holds a reference on it, and if writable a type reference */
#define XS_P2M_SHARED 8ull /* hypervisor page shared with the domain */
#define XS_P2M_GRANTED \
  16ull /* with FOREIGN: put there by GNTTABOP_map_grant_ref, and taken away by its counterpart alone */
#define XS_P2M_SUPERPAGE 32ull
#define XS_P2M_SHATTERED_SHIFT 6 /* of enum xs_shattered, in an entry that leads to a leaf */
#define XS_P2M_SHATTERED_MASK 7ull
#define XS_P2M_MFN_SHIFT 12

/* Why 512 frames are not kept as a superpage any more. */
enum xs_shattered {
  XS_SHATTERED_NOT = 0,     /* it was none */
  XS_SHATTERED_BALLOON = 1, /* decrease_reservation took a frame */
  XS_SHATTERED_FLIP = 2,    /* a frame was transferred, donated or exchanged */
  XS_SHATTERED_GRANT = 3,   /* a frame went to the place of a granted one (unmap_and_replace) */
  XS_SHATTERED_EXPOSED = 4, /* leaves are shown to who may read the P2M (pmt.h) */
  XS_SHATTERED_OTHER = 5,
  XS_SHATTERED_CAUSES
};

#define XS_LAYOUT_MAGIC 0x31594c5358ull /* "XSLY1" */
#define XS_LAYOUT_VERSION 2
struct xs_layout {
  uint64_t magic;
  uint32_t version; /* XS_LAYOUT_VERSION */
  uint32_t frame_entry_bytes;
  uint64_t frame_table_va;
  uint64_t m2p_va;
  /* The direct map: PA below directmap_high_base from directmap_low_va, the others from directmap_high_va.
   * directmap_high_base 0: all PA from directmap_low_va. */
  uint64_t directmap_low_va;
  uint64_t directmap_high_base;
  uint64_t directmap_high_va;
  /* Where the hypervisor's own addresses lead when no page table says so; 0, 0: its page tables do (x86-64).
   * windows_va is the address, in the direct map, of window_count struct xs_window. */
  uint64_t windows_va;
  uint64_t window_count; /* at most XS_MOST_WINDOWS */
};

#define XS_MOST_WINDOWS 64
/* What the TLB miss handler of level 0 goes by. Good from the image's first instruction on, or all zero: not
 * in use. The first one is the direct map. */
struct xs_window {
  uint64_t start, end; /* virtual: [start, end) */
  uint64_t physical;   /* of start */
  uint64_t attributes; /* PTE bits, of no concern to an observer */
};

/* IA-64: guest code runs at levels 1 to 3, the hypervisor alone at level 0. A translation that levels above 0
 * may use is inserted while XS_MARK_SWITCH has named its domain's VCPU on that CPU, and shows nothing but
 * frames that the domain owns (of type XS_FRAME_SHARED as well) or maps by a grant, for domain 0 also other
 * domains' frames. */

/* Marks: what the hypervisor is doing and why. "dv" = domid << 16 | vcpu_id. */
enum xs_mark {
  XS_MARK_OP_BEGIN =
      1, /* a = dv, b = hypercall number << 32 | sub-operation, c = subject (domid, frame count; 0) */
  XS_MARK_OP_END = 2,         /* a = dv, b = same as begin, c = result */
  XS_MARK_DOMAIN_CREATED = 3, /* a = domid, b = MFN of shared_info, c = enum xs_memory_model */
  XS_MARK_DOMAIN_STATE = 4,   /* a = domid, b = enum xs_domain_state, c = shutdown reason */
  XS_MARK_SWITCH = 5,         /* a = dv leaving, b = dv entering (domid 0x7fff = idle) */
  XS_MARK_EVENT = 6,     /* a = dv notified, b = port, c = sending port << 32 | sending domid; port 0: none */
  XS_MARK_BOUNCE = 7,    /* a = dv, b = vector, c = guest RIP: exception handed to the guest */
  XS_MARK_TLB_FLUSH = 8, /* a = cpu mask, b = va or ~0 for all */
  XS_MARK_PANIC = 9,     /* the hypervisor is about to stop */
  XS_MARK_BOOT = 10,     /* a = enum step: 1 memory ready, 2 all CPUs up, 3 dom0 entered */
  XS_MARK_DOMAIN_READY = 11, /* a = domid: first time it runs */
  XS_MARK_P2M_PAGE = 12, /* a = level << 32 | domid, b = MFN, c = first GFN: a page of the domain's P2M begins
                            to be used (level 1: a leaf); level 0: frame b is none any more */
  XS_MARK_SHADOW = 13,   /* a = dv, b = enum xs_shadow_event, c = virtual address or count */
  XS_MARK_KEPT = 14,     /* a = dv, b = enum xs_kept << 32 | page, c = MFN that the VCPU names there from
                            now on, ~0 = none */
  XS_MARK_PORT = 15,     /* a = dv that is notified, b = enum xs_port << 32 | port, c = remote port << 32 |
                            remote domid: what the event channel is from now on */
  XS_MARK_GRANT_TABLE = 16, /* a = domid, b = number of the page, c = MFN: that frame holds 512 entries (v1)
                               of the domain's grant table from now on; ~0 = none any more */
  XS_MARK_GRANT = 17,  /* a = domid that grants << 16 | domid that uses, b = XS_GRANT_WRITE | XS_GRANT_HELD |
                          enum xs_grant_use << 32 | grant reference, c = MFN */
  XS_MARK_DEVICE = 18, /* a = domid that has the page of devices' registers from now on, b = its number (MFN):
                          nobody maps it, and its devices do nothing. All pages are domain 0's at first */
  XS_MARK_FRAMES_TOLD = 19, /* a = domid, b = MFN, c = count: frames whose numbers the domain knows, whatever
                              its model says, because devices want them */
  XS_MARK_IOMMU = 20, /* a = domid, b = rights before << 8 | rights from now on (hypervisor/abi/iommu.h), c =
                         MFN: what the tables of the domain's devices say of the frame. Rights that end may be
                         remembered until the flush */
  XS_MARK_LOG_DIRTY = 21 /* a = domid | enum xs_log_dirty << 16 | group << 32, b and c: see there */
};

/* Log-dirty (XEN_DOMCTL_shadow_op). A group is the pages [group << 15, (group + 1) << 15). */
enum xs_log_dirty {
  XS_LOG_DIRTY_OFF = 0,
  XS_LOG_DIRTY_ENABLE = 1, /* nothing is dirty from now on, and nothing may write unseen */
  XS_LOG_DIRTY_CLEAN =
      2, /* a CLEAN is complete: b = pages that it has reported, c = pages that it asked for */
  XS_LOG_DIRTY_PEEK = 3, /* the same of a PEEK */
  /* b = MFN of a frame that has, for the length of the mark, what is about to be reported of the group, a
   * bit for each page; c = how many of its pages, from the first one on, are meant. Cleaned: none of them may
   * be written unseen from now on. */
  XS_LOG_DIRTY_CLEANED_GROUP = 4,
  XS_LOG_DIRTY_PEEKED_GROUP = 5
};
#define XS_LOG_DIRTY_WHAT_SHIFT 16
#define XS_LOG_DIRTY_GROUP_SHIFT 32
#define XS_LOG_DIRTY_PAGES_PER_GROUP 32768

/* What is done by a grant. A mapping is told before anybody can use it, its end when no CPU can any more;
 * uses of one reference may overlap. */
enum xs_grant_use {
  XS_GRANT_MAP = 1,
  XS_GRANT_UNMAP = 2,     /* of one mapping, with the same flags */
  XS_GRANT_COPY_FROM = 3, /* GNTTABOP_copy reads the granted frame */
  XS_GRANT_COPY_TO = 4,
  XS_GRANT_TRANSFER = 5, /* the domain that uses has given the frame, the one that grants owns it now */
  XS_GRANT_EXCHANGE_TO =
      6, /* the same, of two frames that change places (XS_GNTTABOP_exchange); and of the */
  XS_GRANT_EXCHANGE_FROM = 7 /* other one, which the granter's entry names: the domain that uses owns it now,
                                told before the entry is written */
};
#define XS_GRANT_USE_SHIFT 32
#define XS_GRANT_WRITE (1ull << 40)
/* No page table or P2M holds the mapping's references to the frame, the grant itself does: a mapping for
 * devices, or one in a model without tables (identity). */
#define XS_GRANT_HELD (1ull << 41)

/* Who may send events to a port, as XS_MARK_EVENT tells them. */
enum xs_port {
  XS_PORT_CLOSED = 0,      /* or not connected: nobody */
  XS_PORT_INTERDOMAIN = 1, /* the remote port alone, which is connected to this one */
  XS_PORT_IPI = 2,         /* the port itself */
  XS_PORT_VIRQ = 3,        /* the hypervisor in the domain's own name, from port 0 */
  XS_PORT_PIRQ = 4         /* the hypervisor, XS_OWNER_XEN, from port 0 */
};

/* What happens to the translations that the hypervisor caches for a VCPU of a guest whose tables hold GFNs.
 */
enum xs_shadow_event {
  XS_SHADOW_FILL = 1,    /* a miss was filled from the guest's tables and the P2M; c = address */
  XS_SHADOW_REFLECT = 2, /* a miss that is the guest's own fault; c = address */
  XS_SHADOW_DROP = 3,    /* everything of a root was dropped, as a TLB flush does; c = tables in use before */
  XS_SHADOW_DROP_PAGE = 4, /* one translation was dropped; c = address */
  XS_SHADOW_EVICT = 5      /* the pool was used up, everything was dropped; c = its size in tables */
};

/* Frames that a VCPU names outside of page tables. Each holds one general and one type reference as long as
 * it is named. */
enum xs_kept {
  XS_KEPT_KERNEL_TABLE = 0, /* L4 */
  XS_KEPT_USER_TABLE = 1,   /* L4 */
  XS_KEPT_GDT = 2,          /* seg_desc; page 0 .. 13 */
  XS_KEPT_LDT = 3,          /* seg_desc; page 0 .. 15 */
  XS_KEPT_VCPU_INFO = 4     /* writable, or shared where the guest has registered a page of that type */
};

enum xs_memory_model {
  XS_MODEL_DIRECT = 0,
  XS_MODEL_TRANSLATED = 1,
  XS_MODEL_IDENTITY = 2,
  XS_MODEL_DOM0_PMT = 3,
  XS_MODEL_NESTED = 4,
  XS_MODEL_EXPOSED = 5
};
enum xs_domain_state {
  XS_DOM_PAUSED = 0,
  XS_DOM_RUNNING = 1,
  XS_DOM_SHUTDOWN = 2,
  XS_DOM_CRASHED = 3,
  XS_DOM_DYING = 4,
  XS_DOM_DEAD = 5
};

#endif
