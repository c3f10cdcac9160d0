/* The PMT: a P2M that the hypervisor holds and dom0 may read (the physical-to-machine table of the 2005
 * debate; Xen/ia64 had it as IA64_DOM0VP_expose_p2m and _expose_foreign_p2m).
 *
 *     linear       entry of GFN g at byte  g * size  of frames that follow each other
 *     tree         directory (one or more frames): u64[], the GFN of each leaf in the reader's own
 *                  numbers, 0 where there is none; entry of GFN g at byte  g % (4096 / size) * size
 *                  of the leaf of  g / (4096 / size)
 *
 *     attributes   u64 entries, XS_P2M_* of observe.h: the hypervisor's own leaves, nothing is kept twice
 *     plain        u32 entries, the MFN or XS_PMT_NONE: a copy, of half the size, that each change writes
 *     writable     plain, and dom0 may write the leaves of its own table, which changes nothing until it
 *                  asks for it (XS_XENMEM_commit_p2m)
 *
 * Which of them it is the machine's owner chooses (hypervisor option `pmt`). All other frames are read-only.
 */
#ifndef XS_ABI_PMT_H
#define XS_ABI_PMT_H
#include <stdint.h>

/* A sub-operation of memory_op; argument: struct xs_expose_p2m. The frames appear at the caller's
 * [place, place + frames), which must be empty, for GFNs [0, gfns) of `domid`. A domain's table has one
 * reader at a time, whose second exposure takes the place of the first; gfns 0 ends it.
 *   -EPERM       neither dom0 in model dom0_pmt (or exposed) that reads itself or a domain of these models,
 *                nor a domain in model exposed that reads itself
 *   -ENOBUFS     `frames` are too few; it says then how many it takes
 *   -EBUSY       somebody else reads it
 *   -EINVAL      more GFNs than 4096 leaves hold or the domain's size warrants, or GFNs at `place` that are
 * in use -ENOMEM, -EFAULT, -ESRCH */
#define XS_XENMEM_expose_p2m 48

#define XS_PMT_TREE 1u
#define XS_PMT_PLAIN 2u
#define XS_PMT_WRITABLE 4u
#define XS_PMT_NONE 0xffffffffu

struct xs_expose_p2m {
  uint16_t domid; /* DOMID_SELF, or a domain */
  uint16_t unused;
  uint32_t form; /* out: XS_PMT_TREE | XS_PMT_PLAIN */
  uint64_t place;
  uint64_t gfns;
  uint64_t frames; /* in: room; out: how many the table takes */
};

/* A sub-operation of memory_op; argument: struct xs_commit_p2m. What the caller's own table, shown to it
 * for writing, says of these GFNs is so from now on: all of it or nothing. The frames that they have now
 * are all that may be named, each once; a frame that no entry names any more is given up, as by
 * decrease_reservation. In either case the entries say afterwards what is so.
 *   -EPERM    no table is shown to the caller for writing
 *   -EINVAL   too many GFNs (`refused` is 0 then); a GFN that the table does not cover, is named twice, or
 *             is of another domain's frame or the hypervisor's; an entry with a frame that none of the
 *             GFNs has, or that an entry before it names
 *   -EBUSY    something else refers to the frame that is to leave the GFN: a mapping, a registered page
 *   -ENOMEM   for the P2M; -EFAULT */
#define XS_XENMEM_commit_p2m 49

#define XS_PMT_COMMIT_MOST 128u
struct xs_commit_p2m {
  uint64_t gfns;    /* address of uint64_t[count], as hypercalls take it */
  uint32_t count;   /* at most XS_PMT_COMMIT_MOST */
  uint32_t refused; /* out: which of the GFNs is wrong; `count`: none */
};
#endif
