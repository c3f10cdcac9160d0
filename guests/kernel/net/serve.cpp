#include "guests/kernel/net/serve.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/net/asking.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/operator/fnv.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 most_pages = 256;
constexpr unsigned words_per_page = page_bytes / sizeof(u64);

struct Client {
  u32 host;
  u16 port;  // 0: none
  AskRecord record;
  Pfn pool;
  AskMessage answer;  // to the last request that was done
  u64 repeated, late, verified;
  bool failed;  // once is enough to say so
};

struct Arrived {
  u32 host;
  u16 port;
  AskMessage message;
  u64 payload;
};

u64 pool_pages;  // 0: nobody serves
Client clients[askers_most];
Arrived arrived[32];
unsigned arrived_first, arrived_count;
WaitQueue something_arrived;

u64* page_of(const Client& c, u64 page) { return static_cast<u64*>(frame_va(c.pool + page)); }

bool verify_page(const u64* words, u64 seed) {
  u64 wrong = 0;
  for (unsigned i = 0; i < words_per_page; i++) wrong |= words[i] ^ ask_word(seed, i);
  return !wrong;
}

void write_page(u64* words, u64 seed) {
  for (unsigned i = 0; i < words_per_page; i++) words[i] = ask_word(seed, i);
}

// As request `number` leaves it.
void write_pool(const Client& c, u64 number) {
  for (u64 page = 0; page < pool_pages; page++)
    write_page(page_of(c, page), ask_page_seed(c.record.series, number, page));
}

bool verify_pool(Client& c, u64 number) {
  for (u64 page = 0; page < pool_pages; page++, c.verified++)
    if (!verify_page(page_of(c, page), ask_page_seed(c.record.series, number, page))) {
      print_line("net: serve: FAILURE page %lu is not as request %lu of %s left it", page, number,
                 HostName(c.host).text);
      return false;
    }
  return true;
}

// Of whoever asks; another one's place is taken when his series is over. Null: none.
Client* find_client(const Arrived& a) {
  Client* free = nullptr;
  for (Client& c : clients) {
    if (c.port == a.port && c.host == a.host) return &c;
    if (!c.port || (!free && c.record.ended)) free = &c;
  }
  if (!free) return nullptr;
  const Pfn pool = free->port ? free->pool : frames_alloc(static_cast<unsigned>(pool_pages));
  if (pool == invalid_frame) return nullptr;
  *free = {};
  free->host = a.host, free->port = a.port, free->pool = pool;
  return free;
}

void send_answer(const Arrived& a, AskMessage answer) {
  answer.swap();
  stack_send_datagram(a.host, serve_port, a.port, reinterpret_cast<const u8*>(&answer), sizeof answer);
}

void send_verdict(const Arrived& a, AskKind kind) {
  AskMessage answer = a.message;
  answer.kind = static_cast<u32>(kind);
  send_answer(a, answer);
}

void end_series(Client& c) {
  c.record.ended = true;
  print_line("net: served %s: %lu requests, %lu repeated, %lu late, %lu pages verified",
             HostName(c.host).text, c.record.state.done, c.repeated, c.late, c.verified);
}

void execute(Client& c, const Arrived& a) {
  AskState& state = c.record.state;
  AskKind kind = AskKind::done;
  if (!verify_pool(c, state.done)) kind = AskKind::spoilt;
  if (a.message.kind == static_cast<u32>(AskKind::end)) {
    end_series(c);
  } else {
    state.execute(a.payload);
    write_pool(c, state.done);
  }
  c.answer = {ask_magic,        static_cast<u32>(kind), a.message.series,
              a.message.number, state.counter,          state.hash};
  send_answer(a, c.answer);
}

void begin_series(Client& c, const Arrived& a) {
  c.record = {};
  c.record.series = a.message.series;
  c.repeated = c.late = c.verified = 0;
  c.failed = false;
  write_pool(c, 0);
}

void tell_ahead(Client& c, const Arrived& a) {
  if (!c.failed)
    print_line("net: serve: FAILURE %s asks request %lu, and %lu are done", HostName(a.host).text,
               a.message.number, c.record.state.done);
  c.failed = true;
  send_verdict(a, AskKind::ahead);
}

void serve_one(const Arrived& a) {
  Client* const c = find_client(a);
  if (!c) return send_verdict(a, AskKind::refused);
  switch (c->record.judge(a.message.series, a.message.number)) {
    case AskVerdict::begin:
      begin_series(*c, a);
      return execute(*c, a);
    case AskVerdict::execute:
      return execute(*c, a);
    case AskVerdict::repeat:
      c->repeated++;
      return send_answer(a, c->answer);
    case AskVerdict::late:
      c->late++;
      return;
    case AskVerdict::ahead:
      return tell_ahead(*c, a);
  }
}

void serve_thread(void*) {
  for (;;) {
    while (!arrived_count) wait_on(something_arrived);
    const Arrived a = arrived[arrived_first];
    arrived_first = (arrived_first + 1) % count_of(arrived);
    arrived_count--;
    serve_one(a);
    thread_yield();
  }
}

// What there is no room for will be asked again.
void take(const Datagram& d) {
  Arrived a{d.from, d.from_port, {}, 0};
  if (d.length < sizeof a.message || arrived_count == count_of(arrived) || !d.from_port) return;
  memcpy(&a.message, d.bytes, sizeof a.message);
  a.message.swap();
  if (a.message.magic != ask_magic || a.message.kind > static_cast<u32>(AskKind::end)) return;
  Fnv fnv;
  fnv.add(d.bytes + sizeof a.message, d.length - sizeof a.message);
  a.payload = fnv.value;
  arrived[(arrived_first + arrived_count++) % count_of(arrived)] = a;
  wake_all(something_arrived);
}
}  // namespace

void do_serve(const CommandLine& c, Status& status) {
  const char* const keys[] = {"pages"};
  const char* const text = c.value("pages");
  u64 pages = 4;
  if (const char* word = c.unknown_key(keys, count_of(keys)))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  if (text && (!parse_number(text, pages) || !pages || pages > most_pages))
    return status.fail(-XEN_EINVAL, "pages= is not between 1 and %lu", most_pages);
  if (pool_pages) return status.fail(-XEN_EBUSY, "requests are served already");
  if (!thread_create("serve", serve_thread, nullptr)) return status.fail(-XEN_ENOMEM, "no memory to serve");
  pool_pages = pages;
  stack_listen(serve_port, serve_port, take);
  print_line("net: serving with %lu pages for each who asks", pages);
}
