#include "sim/observe/event_codec.h"

#include <algorithm>

namespace xs::observe {

static constexpr std::array<EventShape, event_kinds> shapes = {{
    {nullptr, ""},         {"string", "pt"},          {"frame_owner", "dpp"},  {"frame_type", "dpp"},
    {"m2p", "dii"},        {"p2m", "ppii"},           {"p2m_run", "ppip"},     {"op_begin", "ppi"},
    {"op_end", "ppi"},     {"domain_created", "pip"}, {"domain_state", "ppp"}, {"domain_ready", "p"},
    {"domain_name", "pp"}, {"vcpu_switch", "pp"},     {"event_send", "ppp"},   {"bounce", "ppp"},
    {"trap", "pppp"},      {"interrupt", "pp"},       {"tlb_flush", "pi"},     {"unmodelled", "ppp"},
    {"console", "pt"},     {"step_begin", "p"},       {"step_end", "pp"},      {"boot", "p"},
    {"panic", ""},         {"triple_fault", "p"},     {"shadow", "ppi"},       {"note", "pt"},
    {"event_port", "ppp"}, {"grant_table", "ppi"},    {"grant", "dpp"},        {"log_dirty", "pppp"},
}};
const std::array<EventShape, event_kinds> event_shapes = shapes;

u8 ByteReader::byte() {
  if (at_ == end_) throw Error("trace: an event ends beyond its chunk");
  return *at_++;
}

u64 ByteReader::number() {
  const u8 first = byte();
  if ((first & 1) != 0) return first >> 1;
  const unsigned behind = first == 0 ? 8 : static_cast<unsigned>(std::countr_zero(first));
  if (behind > left()) throw Error("trace: an event ends beyond its chunk");
  u64 rest = 0;
  std::memcpy(&rest, at_, behind);
  at_ += behind;
  return first == 0 ? rest : rest << (7 - behind) | u64{first} >> (behind + 1);
}

std::string_view ByteReader::bytes(u64 size) {
  if (size > left()) throw Error("trace: a text ends beyond its chunk");
  std::string_view text(reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size));
  at_ += size;
  return text;
}

namespace {

/// What encoding needs of a shape, worked out once. A d field comes first, a text last.
struct Plan {
  u8 numbers = 0, plus_one = 0;  ///< the latter: bits of the i fields
  bool frame = false, text = false;
};
constexpr auto plans = [] {
  std::array<Plan, event_kinds> all{};
  for (unsigned kind = 0; kind < event_kinds; ++kind) {
    Plan& plan = all[kind];
    const EventShape& shape = shapes[kind];
    plan.numbers = static_cast<u8>(shape.numbers());
    plan.text = shape.fields[plan.numbers] == 't';
    plan.frame = shape.fields[0] == 'd';
    for (unsigned n = 0; n < plan.numbers; ++n)
      plan.plus_one |= static_cast<u8>((shape.fields[n] == 'i' ? 1 : 0) << n);
  }
  return all;
}();

[[gnu::noinline]] u8* put_text(std::string_view text, u8* at) {
  ByteWriter out(at);
  const std::size_t size = std::min(text.size(), max_event_text);
  out.number(size);
  out.bytes(text.data(), size);
  return out.position();
}

}  // namespace

u8* encode_event(const EventHead& head, const EventFields& fields, std::string_view text, CodecState& state,
                 u8* at) {
  const unsigned kind = static_cast<u8>(head.kind);
  const Plan plan = plans[kind];
  EventFields& last = state.last[kind];
  unsigned changed = 0;
  for (unsigned n = 0; n < fields.size(); ++n) changed |= static_cast<unsigned>(fields[n] != last[n]) << n;
  last = fields;
  at[0] = static_cast<u8>(kind);
  at[1] = head.cpu;
  at[2] = static_cast<u8>(changed);
  ByteWriter out(at + 3);
  out.number(zigzag(head.time_ps - state.time_ps));
  state.time_ps = head.time_ps;
  for (; changed != 0; changed &= changed - 1) {
    const unsigned n = static_cast<unsigned>(std::countr_zero(changed));
    const u64 value = fields[n] + (plan.plus_one >> n & 1);
    out.number(n == 0 && plan.frame ? zigzag(value - state.frame) : value);
  }
  if (plan.frame) state.frame = fields[0];
  return plan.text ? put_text(text, out.position()) : out.position();
}

void decode_event(ByteReader& in, CodecState& state, Event& event) {
  const u8 kind = in.byte();
  if (kind >= event_kinds || !shapes[kind].name) throw Error("trace: unknown kind of event");
  event.kind = static_cast<EventKind>(kind);
  event.cpu = in.byte();
  const u8 changed = in.byte();
  const Plan plan = plans[kind];
  if (changed >> plan.numbers != 0) throw Error("trace: an event has more fields than its kind");
  event.time_ps = state.time_ps += unzigzag(in.number());
  event.text = {};
  EventFields& last = state.last[kind];
  for (unsigned n = 0; n < plan.numbers; ++n) {
    if ((changed >> n & 1) == 0) continue;
    const u64 value = in.number() - (plan.plus_one >> n & 1);
    last[n] = n == 0 && plan.frame ? state.frame + unzigzag(value) : value;
  }
  if (plan.frame) state.frame = last[0];
  event.a = last[0], event.b = last[1], event.c = last[2], event.d = last[3];
  if (!plan.text) return;
  const u64 size = in.number();
  if (size > max_event_text) throw Error("trace: a text is too long");
  event.text = in.bytes(size);
}

}  // namespace xs::observe
