#include "sim/scenario/image_name.h"

#include <cstdlib>

namespace xs::scenario {

std::string image_directory() {
  const char* set = std::getenv("XENOSCOPE_IMAGES");
  return set && *set ? set : XS_DEFAULT_IMAGES;
}

std::string image_path(const std::string& name, const std::string& arch) {
  if (name.find('/') != std::string::npos) return name;
  return image_directory() + "/" + arch + "/" + name + ".elf";
}

std::string archive_name(const std::string& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace xs::scenario
