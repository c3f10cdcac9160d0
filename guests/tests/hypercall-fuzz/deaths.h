#pragma once

// Ends the domain by a crash; which way, `how` picks.
[[noreturn]] void die(unsigned long how);
