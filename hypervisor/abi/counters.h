/* What the hypervisor counts for itself, for an observer that looks from outside: it costs no mark, and no
 * simulated time is spent on telling it.
 *
 *     xs_published_counters --> block of CPU 0 --[stride]--> block of CPU 1 --> ...     64-bit words, in the
 * order below
 *
 * Found by the name of the symbol, which lies in the image's constants. Counters of a CPU begin at 0 and only
 * grow. Plain C layout, 64-bit little endian.
 */
#ifndef XS_ABI_COUNTERS_H
#define XS_ABI_COUNTERS_H
#include <stdint.h>

#define XS_COUNTERS_SYMBOL "xs_published_counters"
#define XS_COUNTERS_MAGIC 0x3152544e4353ull /* "SCNTR1" */

struct xs_counters {
  uint64_t magic;
  uint64_t first;         /* address of the first CPU's block */
  uint32_t stride, cpus;  /* bytes; how many blocks there are */
  uint32_t count, unused; /* words in a block */
};

/* The long-format VHPT that the hypervisor keeps for each VCPU on IA-64. */
#define XS_EACH_VHPT_COUNTER(what)                                                       \
  what(insertions)      /* entries made */                                               \
      what(collisions)  /* of these: in the place of another address's, which is lost */ \
      what(purges)      /* entries that a purge of their address took away */            \
      what(flushes)     /* tables emptied */                                             \
      what(pages_16k)   /* translations made for 16 KiB; each has four entries */        \
      what(pages_large) /* for more */

/* Hyperprivops by number, from 1 on (hypervisor/abi/arch_ia64.h). A block has the VHPT's counters, then those
 * that were done between the break and its rfi (fast), then those that went through C++ (slow). */
#define XS_EACH_HYPERPRIVOP(what)                                                                           \
  what(rfi) what(rsm_dt) what(ssm_dt) what(cover) what(itc_d) what(itc_i) what(ssm_i) what(get_ivr)         \
      what(get_tpr) what(set_tpr) what(eoi) what(set_itm) what(thash) what(ptc_ga) what(itr_d) what(get_rr) \
          what(set_rr) what(set_kr) what(fc) what(get_cpuid) what(get_pmd) what(get_eflag) what(set_eflag)  \
              what(rsm_be) what(get_psr) what(set_rr0_to_rr4)

#define XS_VHPT_COUNTER_INDEX(name) XS_VHPT_##name,
enum xs_vhpt_counter { XS_EACH_VHPT_COUNTER(XS_VHPT_COUNTER_INDEX) XS_VHPT_COUNTERS };

#endif
