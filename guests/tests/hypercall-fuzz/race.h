// Further VCPUs that use, map, pin and give back the same play frames at the same time, and send events.
#pragma once

// Starts as many as the domain has; race_vcpus() then tells how many run beside VCPU 0.
void race_start(unsigned long seed);
unsigned race_vcpus();
// They stop where their frames are nobody's, and stay stopped.
void race_stop();
unsigned long race_steps();
