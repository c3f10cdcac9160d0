// The boot module (initrd) as dom0's disk, for machines without virtio.
#pragma once

void module_disk_use();
