// Physical interrupts bound to event channels. One domain at most has each.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

constexpr unsigned kPirqCount = 64;

/// Ties a physical interrupt to a port and enables it. 0, -XEN_EINVAL (none such), -XEN_EEXIST (bound
/// already).
int pirq_bind(Domain* domain, unsigned pirq, unsigned port);
void pirq_unbind(unsigned pirq);
/// Who has bound it, and to which port; nullptr: nobody.
Domain* pirq_user(unsigned pirq, unsigned& port);
/// From the interrupt.
void pirq_arrived(unsigned pirq);

bool arch_pirq_exists(unsigned pirq);
void arch_pirq_enable(unsigned pirq);
void arch_pirq_disable(unsigned pirq);
/// A level interrupt has been served and may come again.
void arch_pirq_eoi(unsigned pirq);
void arch_pirq_set_trigger(unsigned pirq, bool level, bool active_low);

}  // namespace hv
