#pragma once
#include <xen/xen.h>
