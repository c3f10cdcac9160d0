#include "sim/scenario/disk_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "sim/core/error.h"
#include "sim/scenario/json_source.h"

namespace xs::scenario {
namespace {

constexpr u64 largest_file = u64{256} << 20;

void add(archive* out, const std::string& name, const std::string& content, const std::string& file) {
  const auto check = [&](la_ssize_t status) {
    if (status < 0)
      throw Error(fmt::format("{}: cannot be written: {}", file, std::strerror(archive_errno(out))));
  };
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0444);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  check(archive_write_header(out, entry.get()));
  check(archive_write_data(out, content.data(), content.size()));
}

}  // namespace

void write_disk_image(const std::string& file, const std::vector<DiskFile>& files) {
  const std::unique_ptr<archive, decltype(&archive_write_free)> out(archive_write_new(), archive_write_free);
  archive_write_set_format_ustar(out.get());
  archive_write_add_filter_none(out.get());
  if (archive_write_open_filename(out.get(), file.c_str()) != ARCHIVE_OK)
    throw Error(fmt::format("{}: {}", file, archive_error_string(out.get())));
  for (const DiskFile& f : files) add(out.get(), f.name, read_text_file(f.path, largest_file), file);
  if (archive_write_close(out.get()) != ARCHIVE_OK)
    throw Error(fmt::format("{}: cannot be written: {}", file, std::strerror(archive_errno(out.get()))));
}

void make_disk(const std::string& file, u64 mib, bool kept) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | (kept ? 0 : O_TRUNC) | O_CLOEXEC, 0600);
  if (fd < 0) throw Error(fmt::format("{}: {}", file, std::strerror(errno)));
  const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(mib << 20));
  ::close(fd);
  if (error)
    throw Error(fmt::format("{}: no room for a disk of {} MiB: {}", file, mib, std::strerror(error)));
}

}  // namespace xs::scenario
