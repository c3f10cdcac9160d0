#include "grant_place.h"

alignas(page_bytes) [[gnu::section(".bss.pages")]] u8 grant_place[2][page_bytes];
