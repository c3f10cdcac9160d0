#include "guests/kernel/block/sectors.h"

Sectors data_disk;
