// The oracle's driver itself: text, exit value, timeouts, bad images.
#include "tests/support/qemu_microvm.h"

#include <catch2/catch.hpp>

using namespace xs::test;

namespace {

QemuOptions exceptions() {
  QemuOptions options;
  options.kernel = std::string(XS_IMAGE_DIR) + "/isa_exceptions.elf";
  return options;
}

}  // namespace

TEST_CASE("QEMU's serial text and exit value are collected") {
  const QemuResult result = run_qemu(exceptions(), QemuMicrovm::Seconds(30));
  INFO(result.log);
  REQUIRE(result.exit_value == 0u);
  REQUIRE(result.serial.rfind("-- instructions", 0) == 0);
  REQUIRE(result.serial.find("\ndone\n") == result.serial.size() - 6);
}

TEST_CASE("text can be awaited while QEMU runs") {
  QemuOptions options = exceptions();
  options.consoles = 2;
  QemuMicrovm qemu(options);
  REQUIRE(qemu.wait_for(QemuMicrovm::serial, "-- memory", QemuMicrovm::Seconds(30)));
  REQUIRE_FALSE(qemu.wait_for(QemuMicrovm::serial, "nobody says this", QemuMicrovm::Seconds(30)));
  REQUIRE(qemu.finish(QemuMicrovm::Seconds(30)).consoles.size() == 2);
}

TEST_CASE("a machine that does not end is killed at the timeout") {
  QemuOptions options = exceptions();
  options.extra = {"-S"};  // stopped from the start
  const QemuResult result = run_qemu(options, QemuMicrovm::Seconds(0.3));
  REQUIRE(result.timed_out);
  REQUIRE_FALSE(result.exit_value.has_value());
}

TEST_CASE("QEMU's own failure is no exit value") {
  QemuOptions options = exceptions();
  options.kernel = "/nonexistent";
  const QemuResult result = run_qemu(options, QemuMicrovm::Seconds(30));
  REQUIRE_FALSE(result.exit_value.has_value());
  REQUIRE(result.log.find("/nonexistent") != std::string::npos);
}
