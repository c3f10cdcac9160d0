// A canvas for tests.
#pragma once
#include <dlfcn.h>
#include <link.h>

#include <memory>
#include <string>
#include <string_view>

#include "viz/draw/canvas.h"

namespace xs::viz {

/// What Mesa's driver has allocated for good, its own variables point to: LeakSanitizer finds those as long
/// as the driver is loaded, and so it stays.
inline std::unique_ptr<Canvas> open_test_canvas(u32 width, u32 height) {
  auto canvas = open_offscreen(width, height);
  std::string driver;
  const auto find = [](dl_phdr_info* library, std::size_t, void* found) {
    if (std::string_view(library->dlpi_name).ends_with("_dri.so"))
      *static_cast<std::string*>(found) = library->dlpi_name;
    return 0;
  };
  ::dl_iterate_phdr(find, &driver);
  if (!driver.empty()) ::dlopen(driver.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  return canvas;
}

}  // namespace xs::viz
