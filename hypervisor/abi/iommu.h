/* The IOMMU of the machine (docs/machine.md, "The IOMMU"): what a device's transfers may reach.
 *
 *     slot n --> XS_IOMMU_ROOT(n) --> page --> page --> page --> page of 512 entries, one for each frame
 *                   (the rights of the frame's numbers, 9 bits a level: 35..27, 26..18, 17..9, 8..0)
 *
 * An address that a device uses is a machine address; the tables give rights and translate nothing. What has
 * been looked up is remembered until XS_IOMMU_FLUSH is written; only what has been refused is looked up anew.
 * Registers are little-endian and are accessed by 4 bytes; of those of 8 bytes the lower half goes first.
 */
#ifndef XS_ABI_IOMMU_H
#define XS_ABI_IOMMU_H

/* An ACPI table tells that there is one: a header, then the address of the registers (8 bytes), the number of
 * slots (4 bytes), and of these how far apart their devices' registers are (4 bytes) and where the first
 * one's are (8 bytes). */
#define XS_IOMMU_ACPI_TABLE "OEMI"
#define XS_IOMMU_REGISTER_BYTES 0x1000

#define XS_IOMMU_VERSION 0x00       /* 4 bytes, reads 1 */
#define XS_IOMMU_CONTROL 0x08       /* 4 bytes; bit 0: enabled. Else no transfer is looked at */
#define XS_IOMMU_FLUSH 0x10         /* 4 bytes: a store makes it forget all it remembers, before it returns */
#define XS_IOMMU_FAULTS 0x18        /* 4 bytes, read-only: transfers refused since the reset */
#define XS_IOMMU_FAULT_ADDRESS 0x20 /* 8 bytes, read-only: of the last one, in the frame that was refused */
#define XS_IOMMU_FAULT_INFO 0x28    /* 4 bytes, read-only: its slot, and XS_IOMMU_FAULT_WRITE */
#define XS_IOMMU_FAULT_WRITE 0x80000000u
#define XS_IOMMU_ROOT(slot) (0x100 + 8 * (slot)) /* 8 bytes: page of the highest level | XS_IOMMU_VALID */
#define XS_IOMMU_VALID 1ull                      /* else nothing is allowed */

#define XS_IOMMU_LEVELS 4
#define XS_IOMMU_BITS_PER_LEVEL 9

/* Entries, 8 bytes: of the lowest level rights (bits 2 to 63 are software's), of others the page below |
 * rights, which hold for all behind it. */
#define XS_IOMMU_READ 1ull  /* from memory */
#define XS_IOMMU_WRITE 2ull /* to memory */
#define XS_IOMMU_PAGE 0x000ffffffffff000ull

#endif
