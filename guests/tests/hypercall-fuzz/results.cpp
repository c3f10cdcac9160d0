// What each kind of call may answer, and how often it answered what.
#include "guests/tests/hypercall-fuzz/calls.h"
#include "hypervisor/abi/pmt.h"

namespace {
constexpr unsigned most_kinds = 48, codes = 64;
constexpr unsigned succeeded = 63;  // column of results >= 0; no error has this number (xen/errno.h)
u32 histogram[most_kinds][codes];

const CallTable* const tables[] = {&table_calls,     &memory_calls, &event_calls, &vcpu_calls,
                                   &processor_calls, &tool_calls,   &grant_calls, &other_calls};

bool nests(const CallKind& k) {
  if (k.number >> 32) return false;  // no call but something else that is hostile
  switch (k.number) {  // what could keep the rest of a list, and the guest, from going on; and text
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_debugreg:
    case __HYPERVISOR_console_io:
      return false;
    case __HYPERVISOR_multicall:  // within itself: refused; but its list is not judged entry by entry
      return false;
    default:
      return true;
  }
}

unsigned total_weight(bool nested) {
  unsigned sum = 0;
  for (unsigned i = 0; i < kind_count(); i++)
    if (!nested || nests(kind(i))) sum += kind(i).weight;
  return sum;
}

// Model translated knows no tables and no machine frames: these never succeed there.
struct Refusal {
  const char* name;
  u64 errors;
};
constexpr u64 refused = errors(XEN_EINVAL, XEN_EPERM, XEN_ESRCH);  // the latter for the domain that is named
constexpr Refusal refused_when_translated[] = {
    {"mmu_update", refused},
    {"update_va_mapping", errors(XEN_EINVAL)},
    {"update_va_mapping_otherdomain", refused},
    {"exchange", refused | errors(XEN_EFAULT, XEN_EOPNOTSUPP)},
};
const Refusal* refusal_of(const CallKind& k) {
  if (!guest_is_translated()) return nullptr;
  for (const Refusal& r : refused_when_translated)
    if (strcmp(r.name, k.name) == 0) return &r;
  return nullptr;
}

// Who may have its own P2M shown exchanges frames, and nothing else of these.
bool is_shown_p2m() {
  static int answer = -1;
  xs_expose_p2m request{};
  request.domid = DOMID_SELF;
  request.gfns = 1;
  if (answer < 0) answer = hypercall_memory_op(XS_XENMEM_expose_p2m, &request) == -XEN_ENOBUFS;
  return answer;
}

bool is_documented(const CallKind& k, long result) {
  const Refusal* refusal = refusal_of(k);
  if (refusal && strcmp(k.name, "exchange") == 0 && is_shown_p2m()) refusal = nullptr;
  const u64 documented = refusal ? refusal->errors : k.errors;
  if (documented == ~0ull) return true;
  if (result >= 0) return !refusal && result <= k.most;
  const long error = -result;
  return (error == XEN_EOPNOTSUPP || error < 63) && (documented & error_bit(static_cast<int>(error)));
}
}  // namespace

unsigned kind_count() {
  unsigned n = 0;
  for (const CallTable* t : tables) n += t->count;
  return n;
}

const CallKind& kind(unsigned index) {
  for (const CallTable* t : tables) {
    if (index < t->count) return t->kinds[index];
    index -= t->count;
  }
  return tables[0]->kinds[0];
}

unsigned any_kind(bool nested) {
  static const unsigned weights[] = {total_weight(false), total_weight(true)};
  u64 left = rnd.below(weights[nested]);
  unsigned i = 0;
  for (;; i++) {
    if (nested && !nests(kind(i))) continue;
    if (left < kind(i).weight) return i;
    left -= kind(i).weight;
  }
}

void note_result(unsigned index, long result) {
  const CallKind& k = kind(index);
  test_check(is_documented(k, result), "%s: result %ld is not documented", k.name, result);
  const bool error = result < 0 && result > -static_cast<long>(succeeded);
  const unsigned column = result == -XEN_EOPNOTSUPP ? 0 : error ? static_cast<unsigned>(-result) : succeeded;
  histogram[index][column]++;
}

void print_results() {
  u64 sums[codes] = {};
  for (unsigned i = 0; i < kind_count(); i++) {
    char line[240];
    size_t n = format(line, sizeof line, "%-30s", kind(i).name);
    u32 calls = 0;
    for (unsigned c = 0; c < codes; c++) calls += histogram[i][c];
    n += format(line + n, sizeof line - n, " %7u:", calls);
    for (unsigned c = codes; c-- > 0;) {
      sums[c] += histogram[i][c];
      if (histogram[i][c] == 0) continue;
      const char* name = c == succeeded ? "ok" : errno_name(c == 0 ? long{XEN_EOPNOTSUPP} : long{c});
      n += format(line + n, sizeof line - n, " %s %u", name, histogram[i][c]);
    }
    print_line("%s", line);
  }
  u64 all = 0;
  for (u64 s : sums) all += s;
  print_line("all: %lu results, %lu ok, %lu EINVAL, %lu EFAULT", all, sums[succeeded], sums[XEN_EINVAL],
             sums[XEN_EFAULT]);
}
