#include "guests/kernel/block/blkif.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr u32 first_number = 202 << 8, numbers_each = 16, most = 16;
}

bool disk_number(const char* name, u32& number) {
  if (strlen(name) != disk_name_size - 1 || strncmp(name, "xvd", 3)) return false;
  const u32 index = static_cast<u32>(name[3]) - 'a';
  number = first_number + index * numbers_each;
  return index < most;
}

void disk_name(u32 number, char (&name)[disk_name_size]) {
  const u32 index = (number - first_number) / numbers_each;
  format(name, sizeof name, "xvd%c", index < most ? static_cast<char>('a' + index) : '?');
}
