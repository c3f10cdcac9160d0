#include "tests/unit/viz/tour/stage.h"

#include <filesystem>
#include <utility>

#include "tests/support/keep_driver.h"

namespace xs::test {

std::string small_trace(const std::string& architecture) {
  return XS_SOURCE_DIR "/tests/unit/viz/traces/" + architecture + ".trace";
}

namespace {

/// Draws only some of the frames: what the software renderer does with the others nobody looks at.
class Glance : public viz::Canvas {
 public:
  explicit Glance(std::unique_ptr<viz::Canvas> canvas) : canvas_(std::move(canvas)) {}
  bool begin() override { return canvas_->begin(); }
  void end(bool images_changed) override {
    constexpr u64 one_in = 16;
    changed_ |= images_changed;
    if (frames_++ % one_in != 0) return ImGui::Render();
    canvas_->end(std::exchange(changed_, false));
  }
  viz::Picture picture() override { return canvas_->picture(); }
  u32 width() const override { return canvas_->width(); }
  u32 height() const override { return canvas_->height(); }
  void set_title(const std::string& title) override { canvas_->set_title(title); }

 private:
  std::unique_ptr<viz::Canvas> canvas_;
  u64 frames_ = 0;
  bool changed_ = false;
};

}  // namespace

Stage::Stage(const std::vector<std::string>& traces, Kind kind, const Show& show)
    : show_(show), hand_([this] { interface_->frame(1.0 / 60); }) {
  for (const std::string& trace : traces)
    workspace_.open(std::filesystem::path(trace).stem().string(), trace);
  if (kind == Kind::live) {
    run_ = std::make_unique<FakeRun>();
    machine().run = run_.get();
  }
  raise();
}

Stage::Stage(const std::string& trace, viz::RunControl& run)
    : hand_([this] { interface_->frame(1.0 / 60); }) {
  workspace_.open("live", trace);
  machine().run = &run;
  raise();
}

void Stage::raise() {
  canvas_ = viz::open_offscreen(show_.width, show_.height);
  viz::keep_driver();
  if (!show_.each_frame) canvas_ = std::make_unique<Glance>(std::move(canvas_));
  interface_ = std::make_unique<viz::Interface>(workspace_, *canvas_,
                                                show_.panel.empty() ? nullptr : viz::find_view(show_.panel));
  choice().guided = false;
  hand_.frames(3);  // until everything has found its place
}

viz::Picture Stage::picture() {
  for (int i = 0; i < 3; ++i) interface_->frame(1);  // flashes last less
  return canvas_->picture();
}

void Stage::open_tab(const std::string& view) {
  hand_.click(viz::find_view(view)->title);
  hand_.frames();
}

void Stage::go(u64 moment) {
  machine().transport.go(moment);
  hand_.frames(2);
}

}  // namespace xs::test
