/* Where firmware lies and what it shares with the board, for assembly and C++ (docs/machine.md, "Firmware";
   the board has the same numbers in sim/platform/ia64_map.h). */
#pragma once

#define PAL_START 0xff000000 /* PAL_PROC's own address */
#define PAL_SIZE 0x4000
#define PAL_RATIO 0x20 /* offset: frequency ratio of processor and ITC to the base, written by the board */

#define DATA_START 0xf0000 /* FirmwareData, in DRAM */
#define DATA_RENDEZVOUS 0x20
#define DATA_MC_EXPECTED 0x40

#define WAKE_VECTOR 0xf0 /* of the processors that wait in the rendezvous */

/* Places in memory, with the bit that makes a physical access uncacheable. */
#define UNCACHED (1 << 63)
#define INTERRUPT_BLOCK 0xfee00000
#define HALT_PLACE (UNCACHED | 0xfefe1000)    /* of this processor: halts it until an interrupt */
#define REFUSED_PLACE (UNCACHED | 0xfefe1008) /* of this processor: ends the run */
#define PORT_SPACE 0xffffc000000

/* Who refuses: bits 63:56 of what is stored to REFUSED_PLACE. */
#define REFUSED_PAL 0
#define REFUSED_SAL 1
