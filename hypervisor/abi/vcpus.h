/* Where the hypervisor keeps VCPUs that do not run, for a debugger that looks from outside.
 *
 *     *domain_list --> domain --[domain_next]--> domain --> ... 0
 *                        | domain_vcpus: slots of 8 bytes --> VCPU, 0 where there is none
 *                                                              | vcpu_registers: struct cpu_user_regs (Xen's)
 *
 * Found by the name of the symbol, which lies in the image's constants; all fields after the list's address
 * are byte offsets. Plain C layout, 64-bit little endian.
 */
#ifndef XS_ABI_VCPUS_H
#define XS_ABI_VCPUS_H
#include <stdint.h>

#define XS_VCPUS_SYMBOL "xs_published_vcpus"
#define XS_VCPUS_MAGIC 0x3155504356ull /* "VCPU1" */

struct xs_vcpus {
  uint64_t magic;
  uint64_t domain_list;                          /* address of the pointer to the first domain */
  uint32_t domain_next, domain_id, domain_vcpus; /* pointer; 16 bits; array of pointers */
  uint32_t vcpu_slots;                           /* how many that array has */
  uint32_t domain_pauses, domain_shut_down;      /* 32 bits; 1 byte, not 0: SCHEDOP_shutdown or a crash */
  uint32_t vcpu_pauses, vcpu_why_stopped;        /* 32 bits; 32 bits XS_VCPU_* */
  uint32_t vcpu_registers;
  uint32_t vcpu_kernel_mode; /* 1 byte: the guest's kernel or its user mode */
  uint32_t vcpu_kernel_table,
      vcpu_user_table; /* page tables of each mode: frame by the domain's name, ~0 none */
  uint32_t vcpu_fs_base, vcpu_gs_base_kernel, vcpu_gs_base_user; /* 64 bits each */
  uint32_t vcpu_selectors;                                       /* ds es fs gs, 16 bits each */
  uint32_t vcpu_fpu;                                             /* FXSAVE's 512 bytes */
  uint32_t vcpu_cr2, vcpu_cr4;                                   /* 64 bits each */
};

/* The same on IA-64: the head is alike, registers are 64-bit words at byte offsets in the VCPU. All is as it
 * was when the VCPU last entered the hypervisor, behind `cover`. */
#define XS_VCPUS_IA64_MAGIC 0x3255504356ull /* "VCPU2" */

struct xs_vcpus_ia64 {
  uint64_t magic;
  uint64_t domain_list;
  uint32_t domain_next, domain_id, domain_vcpus, vcpu_slots;
  uint32_t domain_pauses, domain_shut_down;
  uint32_t vcpu_pauses, vcpu_why_stopped;
  uint32_t vcpu_ip, vcpu_psr; /* cr.iip; cr.ipsr, whose ri is the slot */
  uint32_t vcpu_cfm;          /* cr.ifs, its valid bit or not: the frame of the interrupted code */
  uint32_t vcpu_general;      /* 32 words: r0 to r31, of the bank that cr.ipsr names */
  uint32_t vcpu_general_nats; /* as st8.spill leaves ar.unat: a word's bit is bits 3 to 8 of its address */
  uint32_t vcpu_branch;       /* 8 words: b0 to b7 */
  uint32_t vcpu_predicates;
  uint32_t vcpu_kernel_registers; /* 8 words: ar.k0 to ar.k7 */
  uint32_t vcpu_rsc, vcpu_ccv, vcpu_fpsr, vcpu_pfs, vcpu_lc, vcpu_ec, vcpu_csd;
  uint32_t vcpu_float; /* 128 times 16 bytes, as stf.spill writes; f0, f1 and f6 to f11 are not there */
  uint32_t vcpu_float_6_to_11; /* 6 times 16 bytes */
  /* The register stack. What lies between bspstore and bsp is not in the guest's memory: the word for address
   * `a` is at vcpu_stacked + (bspstore & 0x1f8) + (a - bspstore). It ends with the interrupted frame, which
   * cover has put there; rnat are the NaT bits gathered for the collection that comes next above bsp. */
  uint32_t vcpu_bspstore, vcpu_bsp, vcpu_rnat, vcpu_stacked;
  /* What its addresses mean. PSR as the guest believes: without dt they are guest-physical, bit 63 says
   * uncached. Else the guest's own translations (frames by the domain's name), or the table that the CPU
   * walks: pages of 4 KiB, long format, region identifiers domain_rid_block << 18 | the guest's. */
  uint32_t vcpu_virtual_psr;
  uint32_t vcpu_regions;                         /* 8 words: rr0 to rr7 as the guest has set them */
  uint32_t vcpu_translations, translation_count; /* array of struct xs_translation_ia64 */
  uint32_t vcpu_vhpt, vhpt_shift;                /* word: address of the table; logarithm of its bytes */
  uint32_t domain_rid_block;                     /* 32 bits */
};

struct xs_translation_ia64 {
  uint64_t pte, itir, va, rid; /* of the guest's: as inserted; the first address; its own identifier */
  uint64_t valid;              /* low byte: not 0 */
};

#define XS_VCPU_BLOCKED 1u /* until an event */
#define XS_VCPU_POLLING 2u /* until an event of certain ports */
#define XS_VCPU_DOWN 4u    /* not initialised, or gone down */

#endif
