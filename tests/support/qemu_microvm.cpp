#include "tests/support/qemu_microvm.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim/core/error.h"

extern char** environ;

namespace xs::test {
namespace {

constexpr const char* program = "qemu-system-x86_64";
using Clock = std::chrono::steady_clock;

/// The n-th guest end becomes this descriptor in QEMU.
constexpr int first_guest_fd = 10;

std::string chardev(const std::string& id, std::size_t stream) {
  return "socket,id=" + id + ",fd=" + std::to_string(first_guest_fd + static_cast<int>(stream));
}

/// QEMU by itself fills the virtio-mmio slots from the last one down; our machine from the first one up.
/// Of the device that is attached as number `number`: as our machine fills them, and QEMU when it chooses.
std::string slot(unsigned number) { return "virtio-mmio-bus." + std::to_string(23 - number); }

}  // namespace

bool QemuMicrovm::available() {
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    if (access((path.substr(at, end - at) + "/" + program).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

std::vector<std::string> QemuMicrovm::arguments(const QemuOptions& o) {
  std::vector<std::string> a = {"-M",
                                "microvm,acpi=on,pic=on,pit=on,rtc=off",
                                "-cpu",
                                "qemu64,+pdpe1gb",
                                "-accel",
                                "tcg",
                                "-m",
                                std::to_string(o.memory_mib),
                                "-smp",
                                std::to_string(o.cpus),
                                "-nodefaults",
                                "-no-user-config",
                                "-no-reboot",
                                "-display",
                                "none",
                                "-global",
                                "virtio-mmio.force-legacy=false",
                                "-device",
                                "isa-debug-exit,iobase=0xf4,iosize=4",
                                "-kernel",
                                o.kernel};
  auto add = [&a](std::initializer_list<std::string> more) { a.insert(a.end(), more); };
  if (o.icount && o.cpus == 1) add({"-icount", o.disk.empty() ? "shift=1,sleep=off" : "shift=1"});
  if (!o.cmdline.empty()) add({"-append", o.cmdline});
  if (!o.module.empty()) add({"-initrd", o.module});
  if (!o.disk.empty()) {
    add({"-drive", "if=none,id=disk0,format=raw,readonly=on,file=" + o.disk, "-device",
         "virtio-blk-device,drive=disk0,bus=" + slot(o.consoles)});
  }
  a.insert(a.end(), o.extra.begin(), o.extra.end());
  return a;
}

QemuMicrovm::QemuMicrovm(const QemuOptions& options) : streams_(2 + options.consoles) {
  std::vector<int> guest_ends;
  for (Stream& s : streams_) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw Error("socketpair failed");
    s.fd = pair[0];
    guest_ends.push_back(pair[1]);
  }
  start(options, guest_ends);
  for (int fd : guest_ends) close(fd);
}

void QemuMicrovm::start(const QemuOptions& options, const std::vector<int>& guest_ends) {
  std::vector<std::string> words = arguments(options);
  words.insert(words.begin(), program);
  auto add = [&words](const std::string& option, const std::string& value) {
    words.push_back(option);
    words.push_back(value);
  };
  add("-chardev", chardev("com1", 1));
  add("-serial", "chardev:com1");
  for (unsigned i = 0; i < options.consoles; ++i) {
    const std::string id = "console" + std::to_string(i);
    add("-chardev", chardev(id, 2 + i));
    add("-device", "virtio-serial-device,max_ports=1,id=bus" + std::to_string(i) + ",bus=" + slot(i));
    add("-device", "virtconsole,bus=bus" + std::to_string(i) + ".0,chardev=" + id);
  }
  if (!options.data_disk.empty()) {
    add("-drive", "if=none,id=data,format=raw,file=" + options.data_disk);
    add("-device", "virtio-blk-device,drive=data,bus=" + slot(options.consoles + !options.disk.empty()));
  }
  if (!options.network_host.empty()) {
    const unsigned number = options.consoles + !options.disk.empty() + !options.data_disk.empty();
    add("-netdev", "user,id=wire,restrict=on,net=10.0.0.0/16,host=" + options.network_host);
    add("-device", "virtio-net-device,netdev=wire,mac=00:16:3e:ff:00:00,bus=" + slot(number));
  }
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, guest_ends[0], 2);
  // Through high numbers first: a guest end may itself lie where another one has to go.
  constexpr int out_of_the_way = 200;
  for (std::size_t i = 1; i < guest_ends.size(); ++i)
    posix_spawn_file_actions_adddup2(&actions, guest_ends[i], out_of_the_way + static_cast<int>(i));
  for (std::size_t i = 1; i < guest_ends.size(); ++i)
    posix_spawn_file_actions_adddup2(&actions, out_of_the_way + static_cast<int>(i),
                                     first_guest_fd + static_cast<int>(i));
  const int error = posix_spawnp(&pid_, program, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw Error(std::string("cannot start ") + program + ": " + std::strerror(error));
}

QemuMicrovm::~QemuMicrovm() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (Stream& s : streams_) {
    if (s.fd >= 0) close(s.fd);
  }
}

QemuMicrovm::Stream& QemuMicrovm::stream(unsigned console) {
  return streams_.at(console == serial ? 1 : 2 + console);
}

const std::string& QemuMicrovm::text(unsigned console) const {
  return streams_.at(console == serial ? 1 : 2 + console).text;
}

void QemuMicrovm::type(unsigned console, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = send(stream(console).fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(std::string("QEMU takes no input: ") + std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool QemuMicrovm::pump(Seconds timeout) {
  if (std::all_of(streams_.begin(), streams_.end(), [](const Stream& s) { return s.fd < 0; })) return false;
  std::vector<pollfd> polls;
  for (const Stream& s : streams_) polls.push_back({s.fd, POLLIN, 0});  // a negative fd is skipped
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  if (poll(polls.data(), polls.size(), static_cast<int>(std::max<long>(0, ms))) < 0 && errno != EINTR)
    throw Error(std::string("poll: ") + std::strerror(errno));
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i].fd < 0) continue;
    if (polls[i].revents == 0) continue;
    char buffer[4096];
    const ssize_t n = read(streams_[i].fd, buffer, sizeof buffer);
    if (n > 0) {
      streams_[i].text.append(buffer, static_cast<std::size_t>(n));
    } else if (n == 0 || errno != EINTR) {
      close(streams_[i].fd);
      streams_[i].fd = -1;
    }
  }
  return true;
}

bool QemuMicrovm::wait_for(unsigned console, std::string_view wanted, Seconds timeout, std::size_t from) {
  const auto deadline = Clock::now() + timeout;
  while (stream(console).text.find(wanted, from) == std::string::npos) {
    const Seconds left = deadline - Clock::now();
    if (left.count() <= 0 || !pump(left)) return stream(console).text.find(wanted, from) != std::string::npos;
  }
  return true;
}

QemuResult QemuMicrovm::finish(Seconds timeout) {
  QemuResult result;
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const Seconds left = deadline - Clock::now();
    if (left.count() <= 0) {
      result.timed_out = true;
      kill(pid_, SIGKILL);
      break;
    }
    if (!pump(left)) break;
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  // isa-debug-exit's status is always odd; QEMU's own failure (1) comes with words on standard error.
  result.log = streams_[0].text;
  if (WIFEXITED(status) && (result.status & 1) != 0 && result.log.empty())
    result.exit_value = static_cast<u32>(result.status >> 1);
  result.serial = streams_[1].text;
  for (std::size_t i = 2; i < streams_.size(); ++i) result.consoles.push_back(streams_[i].text);
  return result;
}

QemuResult run_qemu(const QemuOptions& options, QemuMicrovm::Seconds timeout) {
  return QemuMicrovm(options).finish(timeout);
}

}  // namespace xs::test
