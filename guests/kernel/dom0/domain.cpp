#include "guests/kernel/dom0/domain.h"

#include "guests/kernel/dom0/devices.h"
#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/console.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 suspend_ns = 10 * ns_per_s;

WaitQueue states_changed;  // whoever waits for a domain to stand still
WaitQueue work;            // the service thread: rings moved, or a domain changed its state
bool exceptions_due = true;

void on_ring_event(EventPort, void*) { wake_all(work); }
void on_domain_exception(EventPort, void*) {
  exceptions_due = true;
  wake_all(work);
}

long bind_port(u32 domain, EventPort remote, EventPort& local) {
  s64 port = event_bind_interdomain(domain, remote);
  if (port < 0) return port;
  local = static_cast<EventPort>(port);
  event_set_handler(local, on_ring_event, nullptr);
  return 0;
}

void close_port(EventPort& port) {
  if (port) event_close(port);
  port = 0;
}

template <typename Page>
void unmap_page(Page*& page) {
  if (page) model_unmap_window(page, 1);
  page = nullptr;
}

// A thread of its own: it waits for backends, which need the store that this file's thread serves.
void end_thread(void* id) {
  Domain* d = domain_by_id(static_cast<u32>(reinterpret_cast<u64>(id)));
  if (!d) return;
  const u32 number = d->id;
  if (long error = domain_destroy(d))
    operator_notice("domain %u cannot be destroyed: %s", number, errno_name(error));
}

// False: it is to be destroyed, and there is no memory for the thread that would. Told once each.
bool report_end(Domain& d, u32 flags) {
  const u32 id = d.id, reason = (flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
  const bool crashed = reason == SHUTDOWN_crash, first = !d.end_reported;
  wake_all(states_changed);
  if (reason == SHUTDOWN_suspend) {
    d.suspended = d.end_settled = true;
    if (!d.asked) operator_notice("domain %u has suspended", id);
    return true;
  }
  d.end_reported = true;
  // As xl does: a domain that ended properly goes away, a crashed one stays for inspection.
  d.end_settled = crashed;
  if (first) operator_notice("domain %u %s", id, crashed ? "crashed" : "shutdown");
  if (crashed) return true;
  if (thread_create("end", end_thread, reinterpret_cast<void*>(u64{id}))) {
    d.end_settled = true;
    return true;
  }
  if (first) operator_notice("domain %u cannot be destroyed yet: %s", id, errno_name(XEN_ENOMEM));
  return false;
}

// By number: a thread "end" may free domains in between. False: look again later.
bool look_for_ended_domains() {
  bool all_settled = true;
  for (u32 id = ~0u; (id = domains_id_below(id));) {
    Domain& d = *domain_by_id(id);
    xen_domctl_getdomaininfo info;
    if (d.end_settled || domain_info(id, info) || !(info.flags & XEN_DOMINF_shutdown)) continue;
    console_ring_drain(d);
    if (!report_end(d, info.flags)) all_settled = false;
  }
  return all_settled;
}

// Newest first. True: some domain may have more to say.
bool serve_domains() {
  bool more = false;
  for (u32 id = ~0u; (id = domains_id_below(id));) {
    Domain& d = *domain_by_id(id);
    if (store_serve(d)) more = true;
    console_ring_drain(d);
  }
  return more;
}

void service_thread(void*) {
  constexpr u64 rest_ns = 100'000, retry_ns = ns_per_s;
  u64 look_at = no_deadline;
  for (;;) {
    const bool more = serve_domains();
    if (exceptions_due || now_ns() >= look_at) {
      exceptions_due = false;
      look_at = look_for_ended_domains() ? no_deadline : now_ns() + retry_ns;
      continue;
    }
    // A yield would not do: sleepers, and the kernel's other CPUs, have their turn when this one idles.
    if (more)
      sleep_ns(rest_ns);
    else
      wait_on(work, look_at);
  }
}
}  // namespace

long domain_connect(Domain* d) {
  long error;
  d->store_page =
      static_cast<xenstore_domain_interface*>(model_map_foreign(d->id, &d->store_frame, 1, true, error));
  if (d->store_page)
    d->console_page =
        static_cast<xencons_interface*>(model_map_foreign(d->id, &d->console_frame, 1, true, error));
  if (!d->console_page) return error;
  if ((error = bind_port(d->id, d->remote_store_port, d->store_port))) return error;
  if ((error = bind_port(d->id, d->remote_console_port, d->console_port))) return error;
  if ((error = store_connect(*d))) return error;
  domains_add(d);
  return 0;
}

void domain_disconnect(Domain* d) {
  domains_remove(d);
  store_disconnect(*d);
  close_port(d->store_port);
  close_port(d->console_port);
  unmap_page(d->store_page);
  unmap_page(d->console_page);
  char home[40];
  format(home, sizeof home, "/local/domain/%u", d->id);
  store_remove_tree(home);
  heap_free(d);
}

// dom0's mappings go first: a frame that is mapped here would survive its domain.
long domain_destroy(Domain* d) {
  u32 id = d->id;
  domctl_simple(XEN_DOMCTL_pausedomain, id);
  console_ring_drain(*d);
  domain_disconnect(d);
  devices_settle(id);
  long error;
  while ((error = domctl_simple(XEN_DOMCTL_destroydomain, id)) == -XEN_EAGAIN) thread_yield();
  return error;
}

namespace {
long ask_for(u32 id, const char* what) {
  char path[48];
  format(path, sizeof path, "/local/domain/%u/control/shutdown", id);
  return store_write_text(path, what);
}

long wait_for_suspension(u32 id, u64 deadline) {
  for (;;) {
    const Domain* const d = domain_by_id(id);
    if (!d || d->end_reported) return -XEN_ESRCH;
    if (d->suspended) return 0;
    if (!wait_on(states_changed, deadline)) return -XEN_ETIMEDOUT;
  }
}
}  // namespace

long domain_suspend(u32 id) {
  if (domain_by_id(id)->suspended) return -XEN_EBUSY;
  if (long error = ask_for(id, "suspend")) return error;
  domain_by_id(id)->asked = true;
  const long error = wait_for_suspension(id, now_ns() + suspend_ns);
  if (Domain* const d = domain_by_id(id)) d->asked = false;
  if (error == -XEN_ETIMEDOUT) ask_for(id, "");
  return error;
}

long domain_resume(u32 id) {
  Domain* const d = domain_by_id(id);
  if (!d || !d->suspended) return -XEN_EINVAL;
  d->suspended = d->end_settled = false;
  return domctl_simple(XEN_DOMCTL_resumedomain, id);
}

void domain_watch_start() {
  s64 port = event_bind_virq(VIRQ_DOM_EXC, 0);
  if (port < 0) panic("cannot bind VIRQ_DOM_EXC: %ld", port);
  event_set_handler(static_cast<EventPort>(port), on_domain_exception, nullptr);
  if (!thread_create("domains", service_thread, nullptr)) panic("no memory for the domain service thread");
}

// Indices come from the guest: a distance beyond the ring is its own text lost, nothing more.
void console_ring_drain(Domain& d) {
  xencons_interface* ring = d.console_page;
  if (!ring) return;
  u32 producer = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE), consumer = ring->out_cons;
  if (producer == consumer) return;
  if (producer - consumer > sizeof ring->out) consumer = producer - static_cast<u32>(sizeof ring->out);
  for (; consumer != producer; consumer++) {
    char c = ring->out[MASK_XENCONS_IDX(consumer, ring->out)];
    bool line_end = c == '\n' || d.console_length == sizeof d.console_line - 1;
    if (c != '\n' && c != '\r') d.console_line[d.console_length++] = c >= ' ' && c < 127 ? c : '?';
    if (!line_end) continue;
    d.console_line[d.console_length] = 0;
    d.console_length = 0;
    print_line("console of domain %u: %s", d.id, d.console_line);
  }
  __atomic_store_n(&ring->out_cons, producer, __ATOMIC_RELEASE);
  event_send(d.console_port);
}
