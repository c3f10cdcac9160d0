/* What this hypervisor offers of grant tables beside <xen/grant_table.h>.
 *
 * There GNTTABOP_map_grant_ref maps at the address that the caller asks for. The other proposal of the time
 * was an address that goes in and comes out: where a guest frame number is a machine frame number a frame has
 * one address, and only the hypervisor knows it. With this flag `host_addr` is written back and says where
 * the frame is; models that can map anywhere map where they were asked to. Without it a domain of model
 * identity gets GNTST_bad_virt_addr for every other address.
 *
 * Sub-operations beside Xen's, whose numbers are below XS_GNTTABOP_FIRST. Each takes a list of struct
 * gnttab_transfer { mfn, domid, ref, status }, all of one domid being best, and whoever calls keeps its frame
 * when `status` is not GNTST_okay.
 *
 *   donate     GNTTABOP_transfer, but in no model does the hypervisor put another frame in the place of the
 *              one that is given: the caller gets memory back when it asks for it.
 *   exchange   Two frames change places in one step: the caller's `mfn`, and the one which the receiver's
 *              entry names. Neither domain's size changes. The entry has the flags GTF_accept_transfer |
 *              XS_GTF_EXCHANGE; such an entry accepts nothing else, and no other accepts an exchange. Both
 *              frames must be what a transfer asks for: mapped nowhere, used by nobody. Each is then what the
 *              other one was: the P2M (or, where the guest holds it, the M2P alone) says so, and where names
 *              are machine frame numbers the entry's frame and `mfn` are written back. A frame leaves with
 *              its contents: whoever offers it has cleared it.
 */
#ifndef XS_ABI_GRANTS_H
#define XS_ABI_GRANTS_H
#define XS_GNTMAP_ADDRESS_BACK (1u << 15)

#define XS_GNTTABOP_FIRST 0x5800
#define XS_GNTTABOP_donate 0x5800
#define XS_GNTTABOP_exchange 0x5801
/* Among the flags, where version 1 knows no meaning of it. */
#define XS_GTF_EXCHANGE (1u << 15)
#endif
