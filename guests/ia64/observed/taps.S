// The store routines of hypervisor/abi/observe.h on IA-64, and what the program publishes.
#define DIRECT_MAP 0xf000000000000000
#define KIND_STORE64 1
#define KIND_STORE32 2
#define KIND_MARK 16

        .macro  TAP kind
        .pushsection .xs_taps, "a"
        data8   9f
        data4   \kind, 0
        .popsection
9:
        .endm

        .macro  ROUTINE name, kind, store
        .global \name
        .type   \name, @function
        .proc   \name
        .align  32
\name:
        TAP     \kind
        \store  [r32] = r33
        br.ret.sptk.many b0
        .endp   \name
        .size   \name, . - \name
        .endm

        .text
        ROUTINE store64, KIND_STORE64, st8
        ROUTINE store32, KIND_STORE32, st4
        ROUTINE mark_store, KIND_MARK, st8

        // Guest code, copied to a frame of the guest's: one store, and back to level 0.
        .global guest_code
guest_code:
        st8     [r14] = r15
        ;;
        break.i 0x110001
        ;;

        .section .xs_layout, "a"
        .global published_layout
published_layout:
        data8   0x31594c5358                    // XS_LAYOUT_MAGIC
        data4   2, 32                           // version, bytes of a frame table entry
        data8   0xea00000000000000, 0xeb00000000000000
        data8   DIRECT_MAP, 0, 0
        data8   windows + DIRECT_MAP, 8

        .data
        .align  8
        .global windows
windows:
        data8   DIRECT_MAP, DIRECT_MAP + (1 << 50), 0, 0x661
        .skip   7 * 32
