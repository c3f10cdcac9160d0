// The contexts of IA-64's VCPUs, whose header knows no other architecture's beside it.
#include "guests/lib/stream/format.h"
#include "hypervisor/abi/arch_ia64.h"

static_assert(sizeof(vcpu_guest_context_t) == stream::ia64_context_bytes);
static_assert(sizeof(xen_ia64_privregs) <= stream::extended_most);
