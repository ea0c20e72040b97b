// SPDX-License-Identifier: MIT
//
// VCPU objects. None can be made yet; what is here is what other folders ask of one.

#ifndef ENGINE_VCPU_H
#define ENGINE_VCPU_H

#include "objects/object.h"

// The flags of ZX_INFO_VCPU.
uint32_t vcpu_info_flags(struct object *object);

#endif // ENGINE_VCPU_H
