#include "viz/model/workspace.h"

namespace xs::viz {

void Workspace::open(const std::string& title, const std::string& trace_file) {
  machines_.push_back(std::make_unique<MachineTab>(title, trace_file));
}

void Workspace::advance(double seconds) {
  clock_s_ += seconds;
  for (const auto& m : machines_) {
    m->recording.follow();
    m->transport.advance(seconds);
    m->scene.show(m->transport.moment());
    MapLook look = choice.look;
    look.since_ps = choice.reference ? choice.reference->time_ps : 0;
    m->map.paint(m->scene, look, clock_s_);
  }
}

}  // namespace xs::viz
