// xl's verbs, executed in dom0 by hypercalls.
#pragma once
#include "guests/kernel/operator/status.h"

// `line` is cut up in place.
void toolstack_execute(char* line, Status& status);
