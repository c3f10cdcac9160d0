#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/stream_listing.h"
#include "sim/core/error.h"

namespace xs::cli {
namespace {

struct StreamOptions {
  std::string file;
  bool all = false;
};

class FileSource : public stream::Source {
 public:
  explicit FileSource(const std::string& name) : file_(name == "-" ? stdin : std::fopen(name.c_str(), "rb")) {
    if (!file_) throw Error(fmt::format("{}: {}", name, std::strerror(errno)));
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() {
    if (file_ != stdin) std::fclose(file_);
  }
  s64 read(void* to, size_t most) override {
    const size_t n = std::fread(to, 1, most, file_);
    return n || !std::ferror(file_) ? static_cast<s64>(n) : -s64{errno};
  }

 private:
  std::FILE* file_;
};

std::string reason(const stream::Failure& f) {
  char line[200];
  stream::describe(f, line, sizeof line);
  return f.code < 0 ? fmt::format("{}: {}", line, std::strerror(static_cast<int>(-f.code))) : line;
}

int list(const StreamOptions& o) {
  FileSource source(o.file);
  const auto listing = std::make_unique<StreamListing>(source, o.all);
  print(listing->list());
  if (!listing->complete()) throw Error(fmt::format("{}: {}", o.file, reason(listing->failure())));
  u8 more;
  if (source.read(&more, 1) > 0)
    print(fmt::format("The file goes on behind the stream, from byte {}.\n", listing->bytes()));
  return 0;
}

}  // namespace

void add_stream(CLI::App& app, Action& action) {
  auto o = std::make_shared<StreamOptions>();
  CLI::App* c =
      app.add_subcommand("stream", "List what a saved domain's or a migration's stream holds, and check it");
  c->add_option("file", o->file, "The stream; - is standard input")->required();
  c->add_flag("--all", o->all, "A line for each batch of pages");
  c->footer("Example: xenoscope stream web.save");
  c->callback([o, &action] { action = [o] { return list(*o); }; });
}

}  // namespace xs::cli
