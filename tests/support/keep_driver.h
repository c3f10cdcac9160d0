// For tests that draw, under LeakSanitizer.
#pragma once
#include <dlfcn.h>
#include <link.h>

#include <string>
#include <string_view>

namespace xs::viz {

/// With a Canvas open. What Mesa's driver has allocated for good, its own variables point to: LeakSanitizer
/// finds those as long as the driver is loaded, and so it stays.
inline void keep_driver() {
  std::string driver;
  const auto find = [](dl_phdr_info* library, std::size_t, void* found) {
    if (std::string_view(library->dlpi_name).ends_with("_dri.so"))
      *static_cast<std::string*>(found) = library->dlpi_name;
    return 0;
  };
  ::dl_iterate_phdr(find, &driver);
  if (!driver.empty()) ::dlopen(driver.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace xs::viz
