/* How a toolstack chooses a domain's memory model.
 *
 * XEN_DOMCTL_createdomain has no field for it. Without a security module Xen ignores `ssidref`, and tools
 * leave it 0; here it holds an enum xs_memory_model (observe.h). 0 is XS_MODEL_DIRECT, so a toolstack that
 * knows nothing of models gets what Xen gives it. A model that this hypervisor does not have is refused with
 * -EOPNOTSUPP.
 *
 * In XS_MODEL_IDENTITY a frame is where its number says. So XENMEM_populate_physmap asks for no numbers in
 * its list, but answers there; and of XENMEM_add_to_physmap_batch (gmfn_foreign) `gpfns` goes out only: it
 * tells where the other domain's frame is, which is one place: -EEXIST says that it is there already.
 */
#ifndef XS_ABI_MEMORY_MODELS_H
#define XS_ABI_MEMORY_MODELS_H
#include "hypervisor/abi/observe.h"
#define XS_CREATEDOMAIN_MODEL(config) ((config)->ssidref)
#endif
