// QEMU as the oracle: runs an image on `qemu-system-x86_64 -M microvm -accel tcg`, the machine that ours
// models, and collects what it says.
//
//     -M microvm,acpi=on,pic=on,pit=on,rtc=off   the board
//     -cpu qemu64,+pdpe1gb                        no SMEP, no SMAP; 1 GiB pages as our MMU has them
//     -icount shift=1,sleep=off                   one instruction = 2 ns, so that a run repeats (one CPU)
//     -icount shift=1                             with a disk: idle time passes as the host's does, else it
//                                                 jumps past requests that are not served yet
//     -device isa-debug-exit,iobase=0xf4,iosize=4 a 4-byte write of v ends QEMU with status (v << 1) | 1
//
// COM1 and the virtio consoles are socket pairs: text can be awaited and typed while the machine runs.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/types.h"

namespace xs::test {

struct QemuOptions {
  std::string kernel;  ///< ELF with a PVH note
  std::string cmdline;
  std::string module;     ///< PVH module 0; microvm passes one at most
  unsigned consoles = 0;  ///< virtio consoles, the first devices
  std::string disk;       ///< raw file, read-only virtio block
  std::string data_disk;  ///< raw file, writable virtio block
  /// A virtio network device, the last one, on a network of QEMU's own that leads nowhere else: its only
  /// host, in 10.0.0.0/16, answers ARP and echo.
  std::string network_host;
  unsigned cpus = 1;
  unsigned memory_mib = 512;
  bool icount = true;  ///< ignored with more than one CPU: TCG then runs a thread each
  std::vector<std::string> extra;
};

struct QemuResult {
  bool timed_out = false;
  std::optional<u32> exit_value;  ///< what the guest wrote to the exit port (31 bits); nothing: it did not
  int status = 0;                 ///< QEMU's own exit status, or -signal
  std::string serial;
  std::vector<std::string> consoles;
  std::string log;  ///< QEMU's standard error
};

class QemuMicrovm {
 public:
  using Seconds = std::chrono::duration<double>;
  static constexpr unsigned serial = ~0u;  ///< stands for COM1 where a console index is asked

  static bool available();
  /// The arguments after the program's name, without the file descriptors of the consoles.
  static std::vector<std::string> arguments(const QemuOptions& options);

  explicit QemuMicrovm(const QemuOptions& options);  ///< starts it; throws Error when that fails
  ~QemuMicrovm();                                    ///< kills it when it still runs
  QemuMicrovm(const QemuMicrovm&) = delete;
  QemuMicrovm& operator=(const QemuMicrovm&) = delete;

  void type(unsigned console, std::string_view text);
  /// False when `text` has not appeared after position `from` in time, or QEMU has ended before.
  bool wait_for(unsigned console, std::string_view text, Seconds timeout, std::size_t from = 0);
  const std::string& text(unsigned console) const;
  /// Waits for the end; kills at the timeout.
  QemuResult finish(Seconds timeout);

 private:
  struct Stream {
    int fd = -1;
    std::string text;
  };

  Stream& stream(unsigned console);
  /// Reads what is there, waiting at most `timeout`; false when every stream has ended.
  bool pump(Seconds timeout);
  void start(const QemuOptions& options, const std::vector<int>& guest_ends);

  std::vector<Stream> streams_;  ///< [0] standard error, [1] COM1, [2...] consoles
  int pid_ = -1;
};

/// Start, wait, collect.
QemuResult run_qemu(const QemuOptions& options, QemuMicrovm::Seconds timeout);

}  // namespace xs::test
