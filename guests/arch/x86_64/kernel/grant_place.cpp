#include "grant_place.h"

alignas(page_bytes) [[gnu::section(".bss.pages")]] u8 grant_place[grant_pages_most][page_bytes];
