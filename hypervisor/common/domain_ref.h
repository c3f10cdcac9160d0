// A reference to a domain for the length of a scope.
#pragma once
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

namespace hv {

class DomainRef {
 public:
  DomainRef() = default;
  /// By id; DOMID_SELF is the caller. Empty when there is no such domain.
  explicit DomainRef(DomId id) : domain_(domain_get(id)) {}
  ~DomainRef() {
    if (domain_ != nullptr) domain_put(domain_);
  }
  DomainRef(const DomainRef&) = delete;
  DomainRef& operator=(const DomainRef&) = delete;

  Domain* get() const { return domain_; }
  Domain* operator->() const { return domain_; }
  explicit operator bool() const { return domain_ != nullptr; }
  bool is_caller() const { return domain_ == current()->domain; }

 private:
  Domain* domain_ = nullptr;
};

/// The domain does not run while this lives.
class PausedDomain {
 public:
  explicit PausedDomain(Domain* domain) : domain_(domain) { domain_pause(domain); }
  ~PausedDomain() { domain_unpause(domain_); }
  PausedDomain(const PausedDomain&) = delete;
  PausedDomain& operator=(const PausedDomain&) = delete;

 private:
  Domain* domain_;
};

/// May the caller act on `domain`? 0, -XEN_ESRCH (no such), -XEN_EPERM. In this order, as Xen has it: which
/// ids exist is no secret.
inline int may_act_on(const DomainRef& domain) {
  if (!domain) return -XEN_ESRCH;
  return domain.is_caller() || current()->domain->privileged ? 0 : -XEN_EPERM;
}

}  // namespace hv
