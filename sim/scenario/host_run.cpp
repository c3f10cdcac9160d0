// What a host says and does. What is expected of it: host_judge.cpp.
#include "sim/scenario/host_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace xs::scenario {

HostRun::HostRun(const Scenario& scenario, const HostConfig& config, Target& target, ConsoleLog& log,
                 HostResult& result, Owner& owner)
    : scenario_(scenario),
      config_(config),
      target_(target),
      log_(log),
      result_(result),
      owner_(owner),
      serial_([this](const std::string& text, u64 time_ps) { add_line(split_serial_line(text, time_ps)); }),
      operator_([this](std::string text, u64 time_ps) {
        add_line({"operator", std::move(text), time_ps});
      }) {
  result_.name = config.name;
  domids_["Domain-0"] = 0;
}

void HostRun::type(const std::string& line) {
  operator_.typed(line, target_.now_ps());
  target_.type_operator(line + "\n");
}

/// Without an observer the domain's id can only be counted: the toolstack gives ascending ids.
void HostRun::note_created(const std::string& name) {
  if (target_.observation()) return;
  result_.domain_names[next_domid_] = name;
  domids_[name] = next_domid_++;
}

void HostRun::ended(platform::StopReason reason) {
  using platform::StopReason;
  off_ = true;
  if (config_.may_fail || shutting_down || !fatal_.empty()) return;
  switch (reason) {
    case StopReason::exited:
      return note_fatal(fmt::format("the machine powered off (exit port value {})", target_.exit_value()));
    case StopReason::reset:
      return note_fatal("the machine was reset");
    case StopReason::triple_fault:
      return note_fatal("triple fault");
    case StopReason::stuck:
      return note_fatal("a core cannot go on");
    default:
      return note_fatal("deadlock: every core is halted and no device event is pending");
  }
}

void HostRun::note_fatal(const std::string& what) {
  if (!fatal_.empty()) return;
  fatal_ = result_.name.empty() ? what : result_.name + ": " + what;
  owner_.stop();
}

std::string HostRun::take_crashed() {
  if (to_destroy_.empty()) return "";
  const std::string name = to_destroy_.back();
  to_destroy_.pop_back();
  return name;
}

std::vector<std::string> HostRun::located(std::vector<std::string> lines) const {
  if (!result_.name.empty())
    for (std::string& line : lines) line = result_.name + ": " + line;
  return lines;
}

std::vector<std::string> HostRun::where() const { return located(target_.where()); }

/// The image that the domain runs, "" when it is not known.
std::string HostRun::kernel_of(u32 domid) const {
  if (domid == 0) return config_.dom0.kernel;
  const auto name = result_.domain_names.find(domid);
  const DomainConfig* d = name == result_.domain_names.end() ? nullptr : scenario_.domain(name->second);
  return d ? d->kernel : std::string();
}

/// The raw addresses that a panicking hypervisor or guest prints, and where the hypervisor says that a
/// crashed domain stood, with names: each line in the words of the image it comes from.
std::vector<std::string> HostRun::printed_backtrace() const {
  static const std::regex crash("^domain_crash called for d([0-9]{1,5}): "),
      position("^ *(?:(rip) e0[0-9a-f]{2}:|(ip) )([0-9a-f]{16}) "), guest("^dom([0-9]{1,5})$");
  constexpr u32 nobody = ~u32{0};
  u32 crashed = nobody;  // its registers are what the hypervisor prints next
  std::vector<std::string> out;
  for (const ConsoleLine& line : log_.lines()) {
    if (line.source.rfind(result_.named(""), 0) != 0) continue;
    const std::string source = line.source.substr(result_.named("").size());
    std::smatch m, at;
    if (std::regex_match(source, m, guest)) {
      if (line.text.find("[<") == std::string::npos) continue;
      const std::string kernel = kernel_of(static_cast<u32>(std::stoul(m[1])));
      if (!kernel.empty()) out.push_back(source + ": " + target_.annotate(line.text, kernel));
    } else if (source == "xen") {
      if (line.text.find("[<") != std::string::npos)
        out.push_back("xen: " + target_.annotate(line.text, ""));
      else if (crashed != nobody && std::regex_search(line.text, at, position) && !kernel_of(crashed).empty())
        out.push_back(
            fmt::format("dom{}: ", crashed) +
            target_.annotate(at[1].str() + at[2].str() + " [<" + at[3].str() + ">]", kernel_of(crashed)));
      crashed = nobody;
      if (std::regex_search(line.text, m, crash)) crashed = static_cast<u32>(std::stoul(m[1]));
    }
  }
  return located(std::move(out));
}

void HostRun::flush() { serial_.flush(target_.now_ps()); }

void HostRun::on_serial(std::string_view bytes, u64 time_ps) {
  heard_ps_ = time_ps;
  serial_.feed(bytes, time_ps);
}

void HostRun::on_operator(std::string_view bytes, u64 time_ps) {
  operator_.feed(bytes, time_ps);
  owner_.changed();
}

void HostRun::on_event(const Event& event) {
  events_.push_back(event);
  if (event.kind == "domain-created") domain_created(event.domid);
  if (event.kind == "unmodelled") add_line({"machine", "not modelled: " + event.state, event.time_ps});
  if (event.kind == "dma-refused") add_line({"machine", event.state, event.time_ps});
  if (event.kind == "violation") {  // the first thing that goes wrong tells most: the step ends there, before
    violations_.push_back("invariant: " + event.state);  // guests stumble over it
    owner_.stop();
  }
  if (event.kind == "panic" && !config_.may_fail) note_fatal("hypervisor panic");
  if (event.kind == "domain-state" && event.state == "crashed") domain_crashed(event.domid, "");
  owner_.changed();
}

void HostRun::domain_created(u32 domid) {
  if (creating_.empty()) return;
  domids_[creating_] = domid;
  result_.domain_names[domid] = creating_;
  if (auto* o = target_.observation())
    o->name_domain(domid, creating_), o->set_kernel(domid, kernel_of(domid));
  creating_.clear();
}

void HostRun::add_line(ConsoleLine line) {
  if (auto* o = target_.observation()) o->console_line(line);
  watch_line(line);
  line.source = result_.named(line.source);
  if (!log_.add(std::move(line)))
    note_fatal(fmt::format("more than {} console lines", ConsoleLog::max_lines));
  owner_.changed();
}

/// The hypervisor's own words for what went wrong: they name the reason, marks do not.
void HostRun::watch_line(const ConsoleLine& line) {
  if (line.source != "xen") return;
  if (line.text.rfind("Panic on CPU", 0) == 0 && !config_.may_fail) {
    if (fatal_.ends_with("hypervisor panic")) fatal_.clear();
    note_fatal("hypervisor panic: " + line.text);
  }
  static const std::regex crashed("^domain_crash called for d([0-9]{1,5}): (.*)");
  std::smatch m;
  if (std::regex_search(line.text, m, crashed)) domain_crashed(static_cast<u32>(std::stoul(m[1])), m[2]);
}

void HostRun::domain_crashed(u32 domid, std::string reason) {
  std::string name = fmt::format("dom{}", domid);
  const auto& printed = log_.of(result_.named(name));
  auto last = printed.rbegin();
  while (last != printed.rend() && log_.lines()[*last].text.find("[<") != std::string::npos) ++last;
  if (last != printed.rend() && log_.lines()[*last].text.rfind("panic: ", 0) == 0)
    reason = log_.lines()[*last].text;  // the kernel's own words say more
  const DomainConfig* config = nullptr;
  for (const auto& [n, id] : domids_)
    if (id == domid && (config = scenario_.domain(n))) name = fmt::format("{} (dom{})", n, domid);
  if (!config || config->on_crash == OnCrash::fail)
    return note_fatal("domain " + name + " crashed" + (reason.empty() ? "" : ": " + reason));
  const bool known = !crashed_.insert(domid).second;
  if (!known && config->on_crash == OnCrash::destroy) to_destroy_.push_back(config->name);
}

}  // namespace xs::scenario
