#include "viz/model/workspace.h"

#include <sstream>

namespace xs::viz {

void Workspace::open(const std::string& title, const std::string& trace_file) {
  machines_.push_back(std::make_unique<MachineTab>(title, trace_file));
}

const StepSpan* Workspace::step() {
  const MachineTab& m = machine();
  const StepSpan* in = nullptr;
  for (const StepSpan& s : m.recording.steps())
    if (s.first_event < m.transport.moment()) in = &s;
  return in;
}

// "tab=p2m colour=type domain=web compare"; a word that is not known changes nothing.
void Workspace::obey(const std::string& view, const StepSpan& step) {
  std::istringstream words(view);
  if (!view.empty()) choice.reference.reset();
  for (std::string word; words >> word;) {
    const std::size_t at = word.find('=');
    const std::string key = word.substr(0, at), value = at == word.npos ? "" : word.substr(at + 1);
    if (key == "tab") choice.tab = value;
    if (key == "compare") choice.reference = {step.first_event, step.begin_ps};
    if (key == "colour") choice.look.colouring = colouring_of(value).value_or(choice.look.colouring);
    if (key == "domain")
      for (const observe::DomainInfo& d : machine().scene.domains())
        if (d.name == value || "dom" + std::to_string(d.domid) == value) choice.domid = d.domid;
  }
}

void Workspace::guide() {
  const StepSpan* now = step();
  const Recording& recording = machine().recording;
  if (!now || !choice.guided) {  // who comes back, or wants it again, is guided anew
    guided_recording_ = nullptr;
    return;
  }
  if (guided_recording_ == &recording && guided_step_ == now->first_event) return;
  // The words come a little behind the step's beginning.
  constexpr u64 words = 4;
  if (now->view.empty() && recording.events() < now->first_event + words) return;
  guided_recording_ = &recording, guided_step_ = now->first_event;
  for (const StepSpan& s : recording.steps())  // what one step has chosen holds until another does
    if (s.first_event <= now->first_event) obey(s.view, s);
}

void Workspace::advance(double seconds) {
  clock_s_ += seconds;
  for (const auto& m : machines_) {
    m->recording.follow();
    m->transport.advance(seconds);
    m->scene.show(m->transport.moment());
    if (m.get() == &machine()) guide();
    MapLook look = choice.look;
    look.since_ps = choice.reference ? choice.reference->time_ps : 0;
    if (look.colouring == Colouring::dirty && m->run) look.dirty = m->run->image().dirty;
    m->look = look;
    m->map.paint(m->scene, look, clock_s_);
  }
}

}  // namespace xs::viz
