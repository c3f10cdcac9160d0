// Devices are one domain's at a time: who may name the page of registers, and what happens when it changes
// hands.
#include <catch2/catch.hpp>

#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/memory_model.h"
#include "machine.h"

using namespace hvtest;

namespace {
constexpr Mfn kPage = 0xfeb00;
constexpr Pte kRw = kPtePresent | kPteWritable | kPteUser;
constexpr unsigned kSecondSlot = 0x200 / 4, kDeviceId = 2, kStatus = 0x70 / 4;

long call(u32 command, Domain* domain, xen_domctl& op) {
  for (const DomctlHandler* h = device_domctl_handlers; h->run != nullptr; h++)
    if (h->command == command) return h->run(domain, op);
  return -XEN_ENOSYS;
}
long give(Domain* domain, bool allow, Mfn first = kPage, u64 count = 1) {
  xen_domctl op{};
  op.u.iomem_permission = {first, count, static_cast<u8>(allow)};
  return call(XEN_DOMCTL_iomem_permission, domain, op);
}
long give_interrupt(Domain* domain, bool allow) {
  xen_domctl op{};
  op.u.irq_permission.pirq = 24;
  op.u.irq_permission.allow_access = allow;
  return call(XEN_DOMCTL_irq_permission, domain, op);
}
long show(Domain* domain, u64 gfn) {
  xen_domctl op{};
  op.u.memory_mapping = {gfn, kPage, 1, 1, 0};
  return call(XEN_DOMCTL_memory_mapping, domain, op);
}

/// A domain with an L1 table in use.
struct Owner {
  Domain* domain;
  Mfn l1;
  explicit Owner(DomId id) : domain(add_domain(id, 1000)), l1(frame_for(domain)) {
    MmGuard guard;
    domain->privileged = id == 0;
    REQUIRE(type_pin(l1, XS_FRAME_L1, domain) == 0);
  }
  int map() {
    MmGuard guard;
    return entry_update(l1, 1, 5, make_pte(kPage, kRw), AccessedDirty::replace, domain,
                        {FrameSource::frames_of_domain, domain});
  }
  bool has_entry() const { return words(l1)[5] != 0; }
};

struct Machine {
  Owner host{0}, first{3}, second{4};
  Machine() {
    dom0 = host.domain;
    closed_pirqs.clear();
    for (const unsigned slot : {0u, kSecondSlot}) {
      device_registers[slot] = 0x74726976;
      device_registers[slot + kDeviceId] = slot == 0 ? 2 : 0;
      device_registers[slot + kStatus] = 15;
    }
  }
  ~Machine() {
    for (Domain* domain : {first.domain, second.domain}) give(domain, false), give_interrupt(domain, false);
    for (const Owner* o : {&host, &first, &second}) {
      MmGuard guard;
      type_unpin(o->l1, o->domain);
    }
    for (const Owner* o : {&second, &first, &host}) remove_domain(o->domain);
  }
};
}  // namespace

TEST_CASE_METHOD(Machine,
                 "a page of registers is hidden from the old owner and stopped before the new one has it") {
  REQUIRE(host.map() == 0);
  CHECK(first.map() == -XEN_EPERM);
  const unsigned before = flushes;
  REQUIRE(give(first.domain, true) == 0);
  CHECK(!host.has_entry());
  CHECK(flushes > before);
  CHECK(device_registers[kStatus] == 0);
  CHECK(device_registers[kSecondSlot + kStatus] == 15);  // nothing is in that slot
  CHECK(host.map() == -XEN_EPERM);
  CHECK(first.map() == 0);
  device_registers[kStatus] = 15;
  CHECK(give(first.domain, true) == 0);  // it has it already
  CHECK(device_registers[kStatus] == 15);
  CHECK(give(second.domain, true) == -XEN_EBUSY);
  CHECK(give(second.domain, false) == 0);
  CHECK(first.has_entry());
  REQUIRE(give(first.domain, false) == 0);
  CHECK(!first.has_entry());
  CHECK(device_registers[kStatus] == 0);
  CHECK(first.map() == -XEN_EPERM);
  CHECK(host.map() == 0);
}

TEST_CASE_METHOD(Machine, "what a dying domain has is dom0's") {
  REQUIRE(give(first.domain, true) == 0);
  REQUIRE(give_interrupt(first.domain, true) == 0);
  REQUIRE(first.map() == 0);
  device_registers[kStatus] = 15;
  first.domain->dying = true;
  devices_domain_destroy(first.domain);
  CHECK(device_registers[kStatus] == 0);
  CHECK(!first.has_entry());
  CHECK(give(first.domain, true) == -XEN_EINVAL);
  CHECK(give_interrupt(first.domain, true) == -XEN_EINVAL);
  CHECK(pirq_is_of(host.domain, 24));
  CHECK(give(second.domain, true) == 0);
  first.domain->dying = false;
}

TEST_CASE_METHOD(Machine, "an interrupt is one domain's, and its former user's port is closed") {
  CHECK(pirq_is_of(host.domain, 24));
  REQUIRE(give_interrupt(first.domain, true) == 0);
  CHECK(closed_pirqs == std::vector<unsigned>{24});
  CHECK(!pirq_is_of(host.domain, 24));
  CHECK(pirq_is_of(first.domain, 24));
  CHECK(give_interrupt(second.domain, true) == -XEN_EBUSY);
  CHECK(give_interrupt(first.domain, false) == 0);
  CHECK(closed_pirqs.size() == 2);
  CHECK(give_interrupt(host.domain, true) == -XEN_EINVAL);
}

TEST_CASE_METHOD(Machine, "requests that make no sense") {
  CHECK(give(first.domain, true, 0x10) == -XEN_EINVAL);  // memory
  CHECK(give(first.domain, true, kPage, 0) == -XEN_EINVAL);
  CHECK(give(first.domain, true, kPage, 2) == -XEN_EINVAL);
  CHECK(give(first.domain, true, ~0ull, 2) == -XEN_EINVAL);
  CHECK(give(host.domain, true) == -XEN_EINVAL);
  CHECK(show(first.domain, kPage) == -XEN_EPERM);
}

TEST_CASE(
    "a domain that knows no machine address gets frames with its first device, and sees the page when it is "
    "shown") {
  Owner host(0);
  dom0 = host.domain;
  Domain* const domain = add_domain(5, 1000, XS_MODEL_TRANSLATED);
  CHECK(!device_page_is_shown(domain, kPage));
  REQUIRE(give(domain, true) == 0);
  CHECK(domain->mm.identity_count == 64);
  CHECK(domain->mm.identity_first >= domain->mm.max_pages);
  CHECK(domain->mm.model->frame_of(domain, domain->mm.identity_first + 63) == domain->mm.identity_first + 63);
  CHECK(!device_page_is_shown(domain, kPage));
  CHECK(show(domain, 7) == -XEN_EOPNOTSUPP);
  CHECK(show(domain, kPage) == 0);
  CHECK(device_page_is_shown(domain, kPage));
  CHECK(!device_page_is_shown(host.domain, kPage));
  REQUIRE(give(domain, false) == 0);
  CHECK(!device_page_is_shown(domain, kPage));
  CHECK(device_page_is_shown(host.domain, kPage));
  {
    MmGuard guard;
    type_unpin(host.l1, host.domain);
  }
  remove_domain(domain);
  remove_domain(host.domain);
}
