#pragma once

namespace hv {

/// Does what other CPUs have asked this one to flush.
void serve_flush_request();

}  // namespace hv
