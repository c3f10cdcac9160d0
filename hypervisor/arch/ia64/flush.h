// Translations of guests, out of every CPU.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// Another CPU waits for this one to drop all guests' translations.
void serve_flush_request();
/// Whatever any CPU's TC holds for the domain.
void flush_domain(const Domain* domain);
/// All of this CPU's TC.
void flush_this_cpu();
void flush_init();

}  // namespace hv
