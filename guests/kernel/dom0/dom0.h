// dom0's services: disk, operator channel, domains, xenstore, toolstack.
#pragma once

void dom0_start();
