// A first kernel: says what it was given, turns translation on, waits for five ticks of the timer.
// `mistake=NAME` on the command line makes one of the mistakes that a port begins with, for docs/porting.md
// to find.
#include "guests/ia64/lib/bare.h"

using namespace bare;

extern "C" {
extern const char interruption_vectors[];
void translate_addresses(const void* vectors);
u64 data_pte = 0x661;  // present, accessed, dirty, level 0, read write execute
u64 end_interrupts = 1;
volatile u64 ticks;
}

namespace {
constexpr u64 dirty = 0x40, timer_vector = 0xef, zeroes = 0x800000;

void say(const char* text) {
  constexpr u64 line_status = 5, transmitter_empty = 0x20;
  for (; *text != 0; text++) {
    while ((read<u8>(uart + line_status) & transmitter_empty) == 0) {
    }
    write<u8>(uart, static_cast<u8>(*text));
  }
}

bool begins(const char* text, const char* word) {
  while (*word != 0 && *text == *word) text++, word++;
  return *word == 0;
}

bool makes(const char* command_line, const char* mistake) {
  constexpr char key[] = "mistake=";
  for (; *command_line != 0; command_line++)
    if (begins(command_line, key) && begins(command_line + sizeof key - 1, mistake)) return true;
  return false;
}

void wait_for_ticks() {
  constexpr u64 wanted = 5;
  BARE_WRITE("cr.itv", timer_vector);
  BARE_WRITE("cr.itm", itc() + 20000);
  interrupts_on();
  while (ticks < wanted) {
  }
  interrupts_off();
}
}  // namespace

/// The first word of what the loader leaves: where the command line is.
extern "C" [[noreturn]] void first_main(const u64* boot_parameters) {
  const auto* command_line = reinterpret_cast<const char*>(boot_parameters[0]);
  say("first: physical\n");
  if (makes(command_line, "dirty")) data_pte &= ~dirty;
  if (makes(command_line, "eoi")) end_interrupts = 0;
  translate_addresses(makes(command_line, "iva") ? reinterpret_cast<const char*>(zeroes)
                                                 : interruption_vectors);
  say("first: translated\n");
  wait_for_ticks();
  say("first: five ticks\n");
  for (;;) write<u32>(port(0xf4), 0);
}
