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

/// May the caller act on `domain`? 0, -XEN_ESRCH (no such), -XEN_EPERM.
inline int may_act_on(const DomainRef& domain) {
  // An unprivileged caller learns nothing about which ids exist.
  if (domain && domain.is_caller()) return 0;
  if (!current()->domain->privileged) return -XEN_EPERM;
  return domain ? 0 : -XEN_ESRCH;
}

}  // namespace hv
