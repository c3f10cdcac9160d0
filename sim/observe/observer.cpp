#include "sim/observe/observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

constexpr u8 runner_cpu = 255;  ///< events that no core caused

}  // namespace

Observer::Impl::Impl(const ObserverOptions& o) : options(o), writer(o.trace_file) {
  if (!options.hypervisor.empty()) {
    load_image(options.hypervisor, false);
    const Image& image = *images.front();
    if (!image.layout())
      throw Error(
          fmt::format("{}: no section {}: not an observable hypervisor", image.name(), XS_LAYOUT_SECTION));
    if (image.taps().empty())
      throw Error(
          fmt::format("{}: no section {}: not an observable hypervisor", image.name(), XS_TAP_SECTION));
    layout = *image.layout();
    if (options.architecture == "ia64" && layout.window_count == 0)
      throw Error(fmt::format("{}: {}: no windows, which a hypervisor on IA-64 must publish", image.name(),
                              XS_LAYOUT_SECTION));
  }
  for (const std::string& guest : options.guests) load_image(guest, true);
  for (const TapPoint& t : taps_) tap_addresses.push_back(t.pc);
  std::sort(tap_addresses.begin(), tap_addresses.end());
  tap_addresses.erase(std::unique(tap_addresses.begin(), tap_addresses.end()), tap_addresses.end());
  options.history_records = std::max<u64>(options.history_records, 1);
  last_trap.fill(no_trap);
}

void Observer::Impl::load_image(const std::string& file, bool guest) {
  auto image = std::make_shared<const Image>(file);
  for (const xs_tap& tap : image->taps()) {
    // What a guest says about stores to the hypervisor's tables is not believed.
    if (guest != (tap.kind == XS_TAP_GUEST_P2M)) continue;
    taps_.push_back({tap.pc, tap.kind, image.get(), guest});
    if (guest || tap.kind >= XS_TAP_MARK) continue;
    const Function* routine = image->function_at(tap.pc);
    routines.emplace_back(routine ? routine->address : tap.pc, routine ? routine->size : 1);
  }
  symbols.add(image);
  if (guest) by_file[file] = image;
  images.push_back(std::move(image));
}

Symbolizer Observer::Impl::symbols_on(unsigned cpu) const {
  if (options.hypervisor.empty()) return symbols;
  Symbolizer out;
  out.add(images.front());
  const auto image = state_ ? domain_images.find(dv_domid(state_->running(cpu))) : domain_images.end();
  if (image != domain_images.end()) out.add(image->second);
  return out;
}

void Observer::Impl::start_trace() {
  RamMap ram;
  for (const RamRange& r : memory->ram()) ram.add(r.base >> frame_shift, r.size >> frame_shift);
  const auto& last = ram.ranges().back();
  // Both tables are backed in units: entries behind the last frame are stored to, but mean nothing.
  constexpr u64 unit = u64{1} << 18;
  const u64 frames = (last.first + last.count + unit - 1) / unit * unit;
  if (layout.magic != 0)
    tables_ = {layout.frame_table_va, frames * sizeof(xs_frame), layout.m2p_va, frames * 8};
  TraceHeader header;
  header.product = "xenoscope 1";
  header.scenario = options.scenario.substr(0, max_event_text);
  header.seed = options.seed;
  header.cpus = options.cpus;
  header.architecture = options.architecture;
  for (const auto& image : images) header.images.push_back({image->name(), image->content_hash()});
  header.ram = ram;
  counts_.resize(ram.frames());
  history_ = std::make_unique_for_overwrite<HistoryRecord[]>(options.history_records);
  state_ = std::make_unique<TraceState>(std::move(ram));
  writer.start(header);
}

Observer::Observer(const ObserverOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Observer::~Observer() = default;

const std::vector<u64>& Observer::taps() const { return impl_->tap_addresses; }
const Symbolizer& Observer::symbols() const { return impl_->symbols; }
Symbolizer Observer::symbols_on(unsigned cpu) const { return impl_->symbols_on(cpu); }
void Observer::set_listener(Listener* listener) { impl_->listener = listener ? listener : &impl_->silent; }

void Observer::attach(MemoryPort& memory) {
  if (impl_->memory) throw Error("observer: a machine is attached already");
  if (memory.ram().empty()) throw Error("observer: the machine has no RAM");
  if (!impl_->options.hypervisor.empty())
    impl_->hypervisor.attach(impl_->layout, memory, impl_->images.front()->name());
  impl_->memory = &memory;
  impl_->start_trace();
}

void Observer::watch_tlbs(std::function<bool(unsigned, u64)> reachable) {
  impl_->tlb_reaches = std::move(reachable);
}

void Observer::watch_tags(std::function<std::vector<ReachablePage>(unsigned)> pages) {
  impl_->tagged_pages = std::move(pages);
}

void Observer::watch_outlived(std::function<bool(unsigned, u64)> outlives) {
  impl_->tlb_outlives = std::move(outlives);
}
void Observer::watch_iommu(IommuWatch watch) { impl_->iommu = std::move(watch); }
void Observer::watch_quanta(std::function<u64()> ended) { impl_->quanta_ended = std::move(ended); }
void Observer::watch_events(EventWatch watch) { impl_->event_watch = std::move(watch); }
void Observer::flush_trace() { impl_->writer.flush(); }

bool Observer::Impl::record(const Event& event) {
  if (!state_) return false;
  try {
    state_->apply(event);
  } catch (const Error&) {
    ++counters.rejected;
    return false;
  }
  write(event, event.fields(), event.text);
  return true;
}

Event Observer::Impl::event_at(const CpuView& view, EventKind kind, u64 a, u64 b, u64 c, u64 d) const {
  return {kind, static_cast<u8>(view.cpu()), view.time_ps(), a, b, c, d, {}};
}

u64 Observer::Impl::string_id(std::string_view text, u64 time_ps) {
  text = text.substr(0, max_event_text);
  const auto it = string_ids.find(text);
  if (it != string_ids.end()) return it->second;
  const u64 id = state_->strings();
  record({EventKind::string, runner_cpu, time_ps, id, 0, 0, 0, text});
  string_ids.emplace(text, id);
  return id;
}

namespace {

EventFields fields_of(const Trap& t) { return {t.vector, t.error, t.address, t.pc}; }

}  // namespace

/// Apart from on_trap, so that without a file no event is built in memory there.
[[gnu::noinline]] void Observer::Impl::write_trap(const Trap& t) {
  write({EventKind::trap, t.cpu, t.time_ps}, fields_of(t), {});
}

[[gnu::noinline]] void Observer::Impl::note_interrupt(const Trap& t) {
  if (t.cpu < last_trap.size()) last_trap[t.cpu] = no_trap;
  ++counters.interrupts;
  if (!state_) return;
  state_->pass_to(t.time_ps);
  write({EventKind::interrupt, t.cpu, t.time_ps}, {t.vector, t.pc, 0, 0}, {});
}

void Observer::on_trap(const Trap& t) {
  Impl& i = *impl_;
  if (t.kind == Trap::Kind::interrupt) [[unlikely]]
    return i.note_interrupt(t);
  if (t.cpu < i.last_trap.size()) i.last_trap[t.cpu] = t.vector;
  ++i.counters.exceptions;
  if (t.kind == Trap::Kind::translation) ++i.counters.page_faults;
  if (!i.state_) return;
  i.state_->pass_to(t.time_ps);  // all that it changes
  if (!i.writer.only_hashes()) [[unlikely]]
    return i.write_trap(t);
  i.writer.note({EventKind::trap, t.cpu, t.time_ps}, fields_of(t));
}

void Observer::on_triple_fault(const CpuView& view) {
  impl_->record(impl_->event_at(view, EventKind::triple_fault, view.pc()));
  impl_->listener->on_triple_fault(view.cpu(), view.pc());
}

void Observer::on_unmodelled(const CpuView& view, const char* what, u64 where) {
  Impl& i = *impl_;
  ++i.counters.unmodelled;
  if (i.state_)
    i.record(i.event_at(view, EventKind::unmodelled, i.string_id(what, view.time_ps()), where, view.pc()));
  i.listener->on_unmodelled(fmt::format("CPU {}: {} {:#x} is not modelled, at {}", view.cpu(), what, where,
                                        i.symbols_on(view.cpu()).describe(view.pc())));
}

void Observer::name_domain(u32 domid, std::string_view name) {
  Impl& i = *impl_;
  if (!i.state_) return;
  const u64 time = i.state_->time_ps();
  const u64 id = i.string_id(name, time);
  i.record({EventKind::domain_name, runner_cpu, time, domid, id, 0, 0, {}});
}

void Observer::set_domain_image(u32 domid, const std::string& file) {
  const auto image = impl_->by_file.find(file);
  if (image != impl_->by_file.end()) impl_->domain_images[domid] = image->second;
}

void Observer::step_begin(std::string_view name, u64 time_ps) {
  Impl& i = *impl_;
  if (!i.state_) return;
  i.resync_all(time_ps);
  i.record({EventKind::step_begin, runner_cpu, time_ps, i.string_id(name, time_ps), 0, 0, 0, {}});
  i.step_name = name.substr(0, max_event_text);
}

void Observer::step_end(bool passed, u64 time_ps) {
  Impl& i = *impl_;
  if (!i.state_) return;
  i.resync_all(time_ps);
  i.record({EventKind::step_end, runner_cpu, time_ps, i.string_id(i.step_name, time_ps), passed, 0, 0, {}});
}

void Observer::note(NoteKind kind, std::string_view text, u64 time_ps) {
  Impl& i = *impl_;
  if (!i.state_) return;
  i.record({EventKind::note, runner_cpu, time_ps, static_cast<u64>(kind), 0, 0, 0,
            text.substr(0, max_event_text)});
}

void Observer::console_line(std::string_view source, std::string_view text, u64 time_ps) {
  Impl& i = *impl_;
  if (!i.state_) return;
  i.record({EventKind::console, runner_cpu, time_ps, i.string_id(source, time_ps), 0, 0, 0,
            text.substr(0, max_event_text)});
}

u64 Observer::finish(u64 time_ps) {
  Impl& i = *impl_;
  if (!i.finished && i.state_) {
    i.resync_all(time_ps);
    i.writer.finish();
  }
  i.finished = true;
  return i.writer.hash();
}

u64 Observer::trace_hash() const { return impl_->writer.hash(); }
const std::string& Observer::trace_error() const { return impl_->writer.error(); }
const ObserverCounters& Observer::counters() const {
  impl_->counters.trace_events = impl_->writer.events();
  if (impl_->state_) impl_->counters.grant_active = impl_->state_->grants().mappings();
  return impl_->counters;
}

}  // namespace xs::observe
