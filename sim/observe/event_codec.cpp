#include "sim/observe/event_codec.h"

#include <algorithm>

namespace xs::observe {

const std::array<EventShape, event_kinds> event_shapes = {{
    {nullptr, ""},         {"string", "pt"},          {"frame_owner", "dpp"},  {"frame_type", "dpp"},
    {"m2p", "dii"},        {"p2m", "ppii"},           {"p2m_run", "ppip"},     {"op_begin", "ppi"},
    {"op_end", "ppi"},     {"domain_created", "pip"}, {"domain_state", "ppp"}, {"domain_ready", "p"},
    {"domain_name", "pp"}, {"vcpu_switch", "pp"},     {"event_send", "ppp"},   {"bounce", "ppp"},
    {"trap", "pppp"},      {"interrupt", "pp"},       {"tlb_flush", "pi"},     {"unmodelled", "ppp"},
    {"console", "pt"},     {"step_begin", "p"},       {"step_end", "pp"},      {"boot", "p"},
    {"panic", ""},         {"triple_fault", "p"},     {"shadow", "ppi"},
}};

u8 ByteReader::byte() {
  if (at_ == end_) throw Error("trace: an event ends beyond its chunk");
  return *at_++;
}

u64 ByteReader::varint() {
  u64 value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const u8 b = byte();
    value |= u64{b & 0x7fu} << shift;
    if (b < 0x80) return value;
  }
  throw Error("trace: a number is longer than 64 bits");
}

std::string_view ByteReader::bytes(u64 size) {
  if (size > left()) throw Error("trace: a text ends beyond its chunk");
  std::string_view text(reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size));
  at_ += size;
  return text;
}

u8* encode_event(const Event& event, CodecState& state, u8* at) {
  ByteWriter out(at);
  out.byte(static_cast<u8>(event.kind));
  out.byte(event.cpu);
  out.varint(zigzag(event.time_ps - state.time_ps));
  state.time_ps = event.time_ps;
  const u64 fields[4] = {event.a, event.b, event.c, event.d};
  const u64* field = fields;
  for (const char* f = event_shapes[static_cast<u8>(event.kind)].fields; *f; ++f) {
    if (*f == 't') {
      const std::size_t size = std::min(event.text.size(), max_event_text);
      out.varint(size);
      out.bytes(event.text.data(), size);
      continue;
    }
    const u64 value = *field++;
    if (*f == 'd') {
      out.varint(zigzag(value - state.frame));
      state.frame = value;
    } else {
      out.varint(*f == 'i' ? value + 1 : value);
    }
  }
  return out.position();
}

void decode_event(ByteReader& in, CodecState& state, Event& event) {
  const u8 kind = in.byte();
  if (kind >= event_kinds || !event_shapes[kind].name) throw Error("trace: unknown kind of event");
  event.kind = static_cast<EventKind>(kind);
  event.cpu = in.byte();
  event.time_ps = state.time_ps += unzigzag(in.varint());
  event.text = {};
  u64 fields[4] = {};
  unsigned index = 0;
  for (const char* f = event_shapes[kind].fields; *f; ++f) {
    if (*f == 't') {
      const u64 size = in.varint();
      if (size > max_event_text) throw Error("trace: a text is too long");
      event.text = in.bytes(size);
      continue;
    }
    const u64 value = in.varint();
    if (*f == 'd')
      fields[index++] = state.frame += unzigzag(value);
    else
      fields[index++] = *f == 'i' ? value - 1 : value;
  }
  event.a = fields[0], event.b = fields[1], event.c = fields[2], event.d = fields[3];
}

}  // namespace xs::observe
