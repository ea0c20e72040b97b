// SPDX-License-Identifier: MIT
//
// The address space of the process itself: a mapping there is a mapping of the host, at the
// address that the client gets (objects ABI 5.7). Memory of the program that this library did not
// map is never touched.

#ifndef OBJECTS_PROCESS_SPACE_H
#define OBJECTS_PROCESS_SPACE_H

#include "objects/vmar.h"

// The root region, made at the first call and kept; borrowed. NULL without memory.
struct vmar *process_root_vmar(void);

#endif // OBJECTS_PROCESS_SPACE_H
