/* What this hypervisor offers of grant tables beside <xen/grant_table.h>.
 *
 * There GNTTABOP_map_grant_ref maps at the address that the caller asks for. The other proposal of the time
 * was an address that goes in and comes out: where a guest frame number is a machine frame number a frame has
 * one address, and only the hypervisor knows it. With this flag `host_addr` is written back and says where
 * the frame is; models that can map anywhere map where they were asked to. Without it a domain of model
 * identity gets GNTST_bad_virt_addr for every other address.
 */
#ifndef XS_ABI_GRANTS_H
#define XS_ABI_GRANTS_H
#define XS_GNTMAP_ADDRESS_BACK (1u << 15)
#endif
