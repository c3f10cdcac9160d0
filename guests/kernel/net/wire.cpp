#include "guests/kernel/net/wire.h"

#include "guests/lib/format.h"
#include "guests/lib/string.h"

void station_of(u32 domain, u8 (&station)[6]) {
  const u8 made[] = {0, 0x16, 0x3e, 0, static_cast<u8>(domain >> 8), static_cast<u8>(domain)};  // Xen's OUI
  for (unsigned i = 0; i < sizeof made; i++) station[i] = made[i];
}

bool is_broadcast(const u8* station) { return station[0] & 1; }

bool parse_address(const char* text, u32& address) {
  address = 0;
  for (unsigned i = 0; i < 4; i++) {
    u64 byte;
    if (i && *text++ != '.') return false;
    if (!(text = scan_number(text, byte)) || byte > 0xff) return false;
    address = address << 8 | static_cast<u32>(byte);
  }
  return !*text;
}

HostName::HostName(u32 host) {
  const u32 a = address_of(host);
  if (is_domain(host))
    format(text, sizeof text, "domain %u", host);
  else
    format(text, sizeof text, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

u32 checksum_add(u32 sum, const void* bytes, u32 length) {
  const auto* at = static_cast<const u8*>(bytes);
  for (; length > 1; length -= 2, at += 2) sum += u32{at[0]} << 8 | at[1];
  if (length) sum += u32{at[0]} << 8;
  return (sum & 0xffff) + (sum >> 16);
}

u16 checksum_end(u32 sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return swap16(static_cast<u16>(~sum));
}
