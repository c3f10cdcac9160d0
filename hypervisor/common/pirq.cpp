#include "hypervisor/common/pirq.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/event.h"

namespace hv {
namespace {

struct Binding {
  Domain* domain = nullptr;
  unsigned port = 0;
};
Binding bindings[kPirqCount];  // guarded by event_lock

}  // namespace

int pirq_bind(Domain* domain, unsigned pirq, unsigned port) {
  if (pirq >= kPirqCount || !arch_pirq_exists(pirq)) return -XEN_EINVAL;
  if (bindings[pirq].domain) return -XEN_EEXIST;
  bindings[pirq] = {domain, port};
  arch_pirq_enable(pirq);
  return 0;
}

Domain* pirq_user(unsigned pirq, unsigned& port) {
  port = bindings[pirq].port;
  return bindings[pirq].domain;
}

void pirq_unbind(unsigned pirq) {
  arch_pirq_disable(pirq);
  arch_pirq_eoi(pirq);  // whoever had it may have died in the middle
  bindings[pirq] = Binding{};
}

void pirq_arrived(unsigned pirq) {
  LockGuard guard(event_lock);
  const Binding& binding = bindings[pirq];
  if (binding.domain) event_set_pending(binding.domain, binding.port, DOMID_XEN, 0);
}

}  // namespace hv
