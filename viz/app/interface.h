// The interface on a canvas: one call draws one frame of it.
#pragma once
#include <map>
#include <memory>

#include "viz/draw/canvas.h"
#include "viz/draw/raster_texture.h"
#include "viz/views/view.h"

namespace xs::viz {

class Interface {
 public:
  Interface(Workspace& workspace, Canvas& canvas, const View* panel);

  /// `seconds` since the last one. False when the user has closed the window.
  bool frame(double seconds);

 private:
  void wish();
  void shortcuts();
  void through_recording();
  static void through_run(RunControl& run);
  void lend_keys();

  Workspace& workspace_;
  Canvas& canvas_;
  const View* panel_;
  Style style_;
  std::map<const MachineTab*, RasterTexture> textures_;
};

}  // namespace xs::viz
