#include "sim/observe/perfetto.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "sim/observe/names.h"
#include "sim/observe/perfetto_trace.pb.h"

namespace xs::observe {
namespace {

namespace pb = perfetto::protos;

// Track identifiers: a space in the upper half, the number within it in the lower.
constexpr u64 track(u32 space, u64 number) { return u64{space} << 40 | (number & 0xffffffffff); }
enum Space : u32 { space_process = 1, space_core, space_vcpu, space_counter, space_steps, space_console };
constexpr u64 machine_process = track(space_process, 0x10000),
              scenario_process = track(space_process, 0x10001);

/// Protobuf strings must be UTF-8; a console carries any bytes.
std::string printable(std::string_view bytes) {
  std::string text(bytes);
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

/// Writes packets one by one: a Trace message is its packets concatenated as field 1.
class PacketFile {
 public:
  explicit PacketFile(const std::string& file) : name_(file), file_(std::fopen(file.c_str(), "wb")) {
    if (!file_) fail();
  }
  ~PacketFile() {
    if (file_) std::fclose(file_);
  }
  PacketFile(const PacketFile&) = delete;
  PacketFile& operator=(const PacketFile&) = delete;

  void write(pb::TracePacket& packet) {
    packet.set_trusted_packet_sequence_id(1);
    const std::string body = packet.SerializeAsString();
    u8 head[1 + 10];
    ByteWriter w(head);
    w.byte(1 << 3 | 2);  // field 1, length-delimited
    w.varint(body.size());
    const std::size_t size = static_cast<std::size_t>(w.position() - head);
    if (std::fwrite(head, 1, size, file_) != size ||
        std::fwrite(body.data(), 1, body.size(), file_) != body.size())
      fail();
  }
  void close() {
    std::FILE* file = file_;
    file_ = nullptr;
    if (std::fclose(file) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(fmt::format("{}: cannot be written: {}", name_, std::strerror(errno)));
  }
  std::string name_;
  std::FILE* file_;
};

class Exporter {
 public:
  Exporter(const TraceReader& trace, PacketFile& out)
      : trace_(trace), out_(out), end_(trace.state_at(trace.last_time_ps())) {}
  void run();

 private:
  void describe(u64 uuid, const std::string& name, u64 parent);
  void describe_process(u64 uuid, int pid, const std::string& name);
  void describe_fixed();
  u64 vcpu_track(u64 dv);
  u64 domain_process(u32 domid);

  pb::TrackEvent* event(pb::TracePacket& packet, u64 uuid, u64 time_ps, pb::TrackEvent::Type type);
  void begin(u64 uuid, u64 time_ps, const char* category, const std::string& name);
  void end(u64 uuid, u64 time_ps);
  void instant(const Event& e, u64 uuid, const char* category, const std::string& name);
  void counter(u32 owner, u64 time_ps, u64 frames);

  void visit(const Event& e, const TraceState& before);
  void visit_operation(const Event& e, const TraceState& before);
  void visit_switch(const Event& e);
  void flush_counters(const TraceState& state, u64 time_ps);
  void close_all();
  /// By the names known at the end: the toolstack names a domain after its creation.
  std::string label(u32 domid) const { return end_->domain_label(domid); }

  const TraceReader& trace_;
  PacketFile& out_;
  std::unique_ptr<TraceState> end_;
  std::map<u64, u64> last_ns_;  // per track: CPUs' times differ by up to a quantum, tracks must not go back
  std::map<u64, unsigned> depth_;  // open slices per track
  std::set<u64> described_;
  std::set<u32> dirty_;  // owners whose number of frames changed
  u64 counters_ps_ = 0;
  bool first_ = true;
};

void Exporter::describe(u64 uuid, const std::string& name, u64 parent) {
  if (!described_.insert(uuid).second) return;
  pb::TracePacket packet;
  auto* d = packet.mutable_track_descriptor();
  d->set_uuid(uuid);
  d->set_name(printable(name));
  d->set_parent_uuid(parent);
  out_.write(packet);
}

void Exporter::describe_process(u64 uuid, int pid, const std::string& name) {
  if (!described_.insert(uuid).second) return;
  pb::TracePacket packet;
  if (first_) packet.set_sequence_flags(1);
  first_ = false;
  auto* d = packet.mutable_track_descriptor();
  d->set_uuid(uuid);
  d->mutable_process()->set_pid(pid);
  d->mutable_process()->set_process_name(printable(name));
  out_.write(packet);
}

void Exporter::describe_fixed() {
  constexpr int machine_pid = 100'000, scenario_pid = 100'001;
  describe_process(machine_process, machine_pid, "machine");
  for (unsigned cpu = 0; cpu < trace_.header().cpus; ++cpu)
    describe(track(space_core, cpu), fmt::format("CPU {}", cpu), machine_process);
  describe_process(scenario_process, scenario_pid,
                   trace_.header().scenario.empty() ? "scenario" : trace_.header().scenario);
  describe(track(space_steps, 0), "steps", scenario_process);
  describe(track(space_console, 0), "console", scenario_process);
}

u64 Exporter::domain_process(u32 domid) {
  const u64 uuid = track(space_process, domid);
  describe_process(uuid, static_cast<int>(domid) + 1, label(domid));
  return uuid;
}

u64 Exporter::vcpu_track(u64 dv) {
  const u64 uuid = track(space_vcpu, dv);
  if (!described_.contains(uuid))
    describe(uuid, fmt::format("vcpu{}", dv_vcpu(dv)), domain_process(dv_domid(dv)));
  return uuid;
}

pb::TrackEvent* Exporter::event(pb::TracePacket& packet, u64 uuid, u64 time_ps, pb::TrackEvent::Type type) {
  u64& last = last_ns_[uuid];
  last = std::max(last, time_ps / 1000);
  packet.set_timestamp(last);
  packet.mutable_track_event()->set_type(type);
  packet.mutable_track_event()->set_track_uuid(uuid);
  return packet.mutable_track_event();
}

void Exporter::begin(u64 uuid, u64 time_ps, const char* category, const std::string& name) {
  pb::TracePacket packet;
  auto* e = event(packet, uuid, time_ps, pb::TrackEvent::TYPE_SLICE_BEGIN);
  e->add_categories(category);
  e->set_name(printable(name));
  ++depth_[uuid];
  out_.write(packet);
}

void Exporter::end(u64 uuid, u64 time_ps) {
  if (depth_[uuid] == 0) return;
  --depth_[uuid];
  pb::TracePacket packet;
  event(packet, uuid, time_ps, pb::TrackEvent::TYPE_SLICE_END);
  out_.write(packet);
}

void Exporter::instant(const Event& e, u64 uuid, const char* category, const std::string& name) {
  pb::TracePacket packet;
  auto* t = event(packet, uuid, e.time_ps, pb::TrackEvent::TYPE_INSTANT);
  t->add_categories(category);
  t->set_name(printable(name));
  const auto pointer = [&](const char* label, u64 value) {
    auto* a = t->add_debug_annotations();
    a->set_name(label);
    a->set_pointer_value(value);
  };
  if (e.kind == EventKind::trap) pointer("error", e.b), pointer("address", e.c), pointer("pc", e.d);
  if (e.kind == EventKind::unmodelled) pointer("where", e.b), pointer("pc", e.c);
  if (e.kind == EventKind::bounce) pointer("pc", e.c);
  if (e.kind == EventKind::console) {
    auto* a = t->add_debug_annotations();
    a->set_name("text");
    a->set_string_value(printable(e.text));
  }
  out_.write(packet);
}

void Exporter::counter(u32 owner, u64 time_ps, u64 frames) {
  pb::TracePacket packet;
  event(packet, track(space_counter, owner), time_ps, pb::TrackEvent::TYPE_COUNTER)
      ->set_counter_value(static_cast<i64>(frames));
  out_.write(packet);
}

void Exporter::flush_counters(const TraceState& state, u64 time_ps) {
  for (u32 owner : dirty_) {
    const u64 uuid = track(space_counter, owner);
    if (described_.insert(uuid).second) {
      const bool is_domain = owner < XS_OWNER_XEN;
      pb::TracePacket packet;
      auto* d = packet.mutable_track_descriptor();
      d->set_uuid(uuid);
      d->set_parent_uuid(is_domain ? domain_process(owner) : machine_process);
      d->set_name(is_domain ? "frames" : fmt::format("frames: {}", owner_name(owner)));
      d->mutable_counter()->set_unit(pb::CounterDescriptor::UNIT_COUNT);
      out_.write(packet);
    }
    counter(owner, time_ps, state.owned(owner));
  }
  dirty_.clear();
  counters_ps_ = time_ps;
}

void Exporter::visit_operation(const Event& e, const TraceState& before) {
  static const std::vector<OpenOperation> none;
  const auto open = before.vcpus().find(e.a);
  const auto& stack = open == before.vcpus().end() ? none : open->second;
  const u64 uuid = vcpu_track(e.a);
  const bool begins = e.kind == EventKind::op_begin;
  for (std::size_t i = begins ? ended_by_begin(stack, e.b) : ended_by_end(stack, e.b); i > 0; --i)
    end(uuid, e.time_ps);
  if (begins) begin(uuid, e.time_ps, "hypercall", operation_name(e.b));
}

void Exporter::visit_switch(const Event& e) {
  const u64 uuid = track(space_core, e.cpu);
  while (depth_[uuid] != 0) end(uuid, e.time_ps);
  if (dv_domid(e.b) != idle_domid)
    begin(uuid, e.time_ps, "vcpu", fmt::format("{} vcpu{}", label(dv_domid(e.b)), dv_vcpu(e.b)));
}

void Exporter::visit(const Event& e, const TraceState& before) {
  // Counters at most once a microsecond of simulated time: one balloon call moves hundreds of frames.
  constexpr u64 counter_period_ps = 1'000'000;
  if (!dirty_.empty() && e.time_ps >= counters_ps_ + counter_period_ps) flush_counters(before, e.time_ps);
  switch (e.kind) {
    case EventKind::frame_owner:
      dirty_.insert({static_cast<u32>(e.b), static_cast<u32>(e.c)});
      break;
    case EventKind::op_begin:
    case EventKind::op_end:
      visit_operation(e, before);
      break;
    case EventKind::vcpu_switch:
      visit_switch(e);
      break;
    case EventKind::event_send:
      instant(e, vcpu_track(e.a), "event",
              fmt::format("event, port {}, from {}", e.b, label(static_cast<u32>(e.c))));
      break;
    case EventKind::bounce:
      instant(e, vcpu_track(e.a), "exception", vector_name(static_cast<unsigned>(e.b)));
      break;
    case EventKind::trap:
    case EventKind::interrupt:
      instant(e, track(space_core, e.cpu), "trap", vector_name(static_cast<unsigned>(e.a)));
      break;
    case EventKind::tlb_flush:
      instant(e, track(space_core, e.cpu), "tlb", "TLB flush");
      break;
    case EventKind::unmodelled:
      instant(e, track(space_core, e.cpu), "unmodelled", before.string(e.a));
      break;
    case EventKind::panic:
      instant(e, track(space_core, e.cpu), "panic", "panic");
      break;
    case EventKind::triple_fault:
      instant(e, track(space_core, e.cpu), "panic", "triple fault");
      break;
    case EventKind::boot:
      instant(e, track(space_core, e.cpu), "boot", boot_step_name(static_cast<unsigned>(e.a)));
      break;
    case EventKind::domain_created:
      instant(e, domain_process(static_cast<u32>(e.a)), "domain", "created");
      break;
    case EventKind::domain_ready:
      instant(e, domain_process(static_cast<u32>(e.a)), "domain", "first run");
      break;
    case EventKind::domain_state:
      instant(e, domain_process(static_cast<u32>(e.a)), "domain",
              domain_state_name(static_cast<unsigned>(e.b)));
      break;
    case EventKind::console:
      instant(e, track(space_console, 0), "console", before.string(e.a));
      break;
    case EventKind::step_begin:
      begin(track(space_steps, 0), e.time_ps, "step", before.string(e.a));
      break;
    case EventKind::step_end:
      end(track(space_steps, 0), e.time_ps);
      break;
    default:
      break;
  }
}

void Exporter::close_all() {
  flush_counters(*end_, end_->time_ps());
  for (auto& [uuid, depth] : depth_)
    while (depth != 0) end(uuid, end_->time_ps());
}

void Exporter::run() {
  describe_fixed();
  trace_.replay([&](const Event& e, const TraceState& before) {
    visit(e, before);
    return true;
  });
  close_all();
}

}  // namespace

void export_perfetto(const TraceReader& trace, const std::string& file) {
  PacketFile out(file);
  Exporter(trace, out).run();
  out.close();
}

}  // namespace xs::observe
