/* Pieces of code (attack.h): hyperprivops about regions, and thash as the processor has it. */
        .macro  PIECE name, text:vararg
        .text
        .balign 16
        .global \name
        .proc   \name
\name:
        \text
        ;;
        br.cond.sptk.many b5
        ;;
        .endp   \name
        .endm
        PIECE   regions_set_rr, break 0x11      // rr[r8] = r9
        PIECE   regions_set_five, break 0x1a    // rr0 to rr4 = r8 to r11, r14
        PIECE   regions_ask_thash, break 0xd    // r8
        PIECE   regions_thash, thash r8 = r9
