// Names of images: "kernel" means <images>/<arch>/kernel.elf; a name with a slash is a file.
#pragma once
#include <string>

namespace xs::scenario {

/// Where images are looked for: $XENOSCOPE_IMAGES, or the directory of the build this program came from.
std::string image_directory();
/// Path of the image's file; does not check that it exists.
std::string image_path(const std::string& name, const std::string& arch);
/// The image's name on dom0's disk: the last path component.
std::string archive_name(const std::string& name);

}  // namespace xs::scenario
