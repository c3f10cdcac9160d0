// What every program defines; called at CPL 0 with descriptors loaded and interrupts off.
#pragma once

void isa_main();
