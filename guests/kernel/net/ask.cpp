#include "guests/kernel/net/ask.h"

#include "guests/kernel/heap.h"
#include "guests/kernel/net/asking.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/operator/fnv.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 ns_per_us = 1000;
constexpr u64 most_bytes = 1472, most_requests = 1000000;

struct Load {
  u64 requests = 1000, bytes = 256, interval_us = 0, timeout_s = 30, detach = 0;
};

struct Asker {
  u32 host;
  u16 port;
  Load load;
  u64 series;
  u64 number;  // what is asked now
  bool has_answer;
  AskMessage answer;
  WaitQueue answered;
  AskState expected;
  AskGap gap;
  u64 repeated;
  u8 request[most_bytes];
};
Asker* askers[askers_most];  // by port
u64 last_series;

void take(const Datagram& d) {
  Asker* const a = askers[d.to_port - first_ask_port];
  if (!a || d.from != a->host || d.from_port != serve_port || d.length < sizeof a->answer || a->has_answer)
    return;
  AskMessage answer;
  memcpy(&answer, d.bytes, sizeof answer);
  answer.swap();
  if (answer.magic != ask_magic || answer.series != a->series || answer.number != a->number) return;
  a->answer = answer;
  a->has_answer = true;
  wake_all(a->answered);
}

// Returns what the payload is to the server.
u64 compose(Asker& a, AskKind kind) {
  AskMessage m{ask_magic, static_cast<u32>(kind), a.series, a.number, 0, 0};
  m.swap();
  memcpy(a.request, &m, sizeof m);
  const u64 seed = ask_page_seed(a.series, a.number, 0);
  for (u64 i = sizeof m; i < a.load.bytes; i++)
    a.request[i] = static_cast<u8>(ask_word(seed, i / 8) >> i % 8 * 8);
  Fnv fnv;
  fnv.add(a.request + sizeof m, a.load.bytes - sizeof m);
  return fnv.value;
}

// Until the answer is there, or patience is at its end.
void ask_until(Asker& a) {
  AskPatience patience;
  const u64 deadline = now_ns() + a.load.timeout_s * ns_per_s;
  a.has_answer = false;
  for (bool again = false; !a.has_answer && now_ns() < deadline; again = true) {
    a.repeated += again;
    stack_send_datagram(a.host, a.port, serve_port, a.request, static_cast<u32>(a.load.bytes));
    const u64 until = min_of(now_ns() + patience.next(), deadline);
    while (!a.has_answer && wait_on(a.answered, until)) {
    }
  }
}

void judge(const Asker& a, Status& status) {
  const AskState& e = a.expected;
  if (!a.has_answer)
    status.fail(-XEN_ETIMEDOUT, "request %lu is not answered", a.number);
  else if (a.answer.kind == static_cast<u32>(AskKind::ahead))
    status.fail(-XEN_EILSEQ, "the server has forgotten requests before %lu", a.number);
  else if (a.answer.kind == static_cast<u32>(AskKind::refused))
    status.fail(-XEN_ENOSPC, "the server has no room for another asker");
  else if (a.answer.kind != static_cast<u32>(AskKind::done))
    status.fail(-XEN_EIO, "the server's memory was not as request %lu had left it", a.number - 1);
  else if (a.answer.counter != e.counter || a.answer.hash != e.hash)
    status.fail(-XEN_EILSEQ,
                "after request %lu the server has counted %lu, not %lu, and has hash %lx, not %lx", a.number,
                a.answer.counter, e.counter, a.answer.hash, e.hash);
}

void ask_one(Asker& a, AskKind kind, Status& status) {
  const u64 payload = compose(a, kind);
  if (kind == AskKind::ask) a.expected.execute(payload);
  ask_until(a);
  judge(a, status);
  if (!status.error && kind == AskKind::ask) a.gap.answered(now_ns());
}

void ask_all(Asker& a, Status& status) {
  const Load& load = a.load;
  u64 answered = 0;
  while (!status.error && answered < load.requests) {
    a.number = answered + 1;
    ask_one(a, AskKind::ask, status);
    answered += !status.error;
    if (load.interval_us) sleep_ns(load.interval_us * ns_per_us);
  }
  const u64 repeated = a.repeated;
  a.number = answered + 1;
  if (!status.error) ask_one(a, AskKind::end, status);
  const u64 us = a.gap.longest_ns / ns_per_us;
  print_line("net: ask %s: %lu requests, %lu answered, %lu repeated, longest gap %lu.%03lu ms",
             HostName(a.host).text, load.requests, answered, repeated, us / 1000, us % 1000);
  if (status.error) print_line("net: ask %s: FAILURE %s", HostName(a.host).text, status.sentence);
}

void end(Asker* a) {
  askers[a->port - first_ask_port] = nullptr;
  heap_free(a);
}

void ask_thread(void* asker) {
  auto* const a = static_cast<Asker*>(asker);
  Status status;
  ask_all(*a, status);
  end(a);
}

bool read_load(const CommandLine& c, Load& load, Status& status) {
  struct {
    const char* key;
    u64& value;
    u64 least, most;
  } const numbers[] = {{"requests", load.requests, 1, most_requests},
                       {"bytes", load.bytes, sizeof(AskMessage), most_bytes},
                       {"interval_us", load.interval_us, 0, 10'000'000},
                       {"timeout_s", load.timeout_s, 1, 1000},
                       {"detach", load.detach, 0, 1}};
  const char* keys[count_of(numbers)];
  for (unsigned i = 0; i < count_of(numbers); i++) keys[i] = numbers[i].key;
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word), false;
  for (const auto& n : numbers)
    if (const char* text = c.value(n.key);
        text && (!parse_number(text, n.value) || n.value < n.least || n.value > n.most))
      return status.fail(-XEN_EINVAL, "%s= is not between %lu and %lu", n.key, n.least, n.most), false;
  return true;
}

Asker* new_asker(u32 host, const Load& load, Status& status) {
  unsigned at = 0;
  while (at < askers_most && askers[at]) at++;
  Asker* const a = at < askers_most ? heap_new<Asker>() : nullptr;
  if (!a) return status.fail(-XEN_ENOMEM, "no room for another one who asks"), nullptr;
  a->host = host, a->port = static_cast<u16>(first_ask_port + at), a->load = load;
  a->series = last_series = max_of(last_series + 1, now_ns());
  askers[at] = a;
  stack_listen(first_ask_port, first_ask_port + askers_most - 1, take);
  return a;
}
}  // namespace

void do_ask(const CommandLine& c, Status& status) {
  Load load;
  u64 host = 0;
  const char* const name = c.count > 1 ? c.words[1] : "";
  if (!read_load(c, load, status) || !stack_find(name, host, status)) return;
  Asker* const a = new_asker(static_cast<u32>(host), load, status);
  if (!a) return;
  if (!load.detach) return ask_all(*a, status), end(a);
  if (thread_create("ask", ask_thread, a)) return;
  end(a);
  status.fail(-XEN_ENOMEM, "no memory for a thread that asks");
}
