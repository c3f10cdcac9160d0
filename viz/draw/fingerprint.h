// Whether a frame of ImGui's would look as the last one did.
#pragma once
#include <imgui.h>

#include "sim/core/types.h"

namespace xs::viz {

/// Of all that is drawn: vertices, indices, clips, textures by name. What a texture holds is not covered.
u64 fingerprint(const ImDrawData& data);

}  // namespace xs::viz
