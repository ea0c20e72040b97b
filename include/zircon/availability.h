// SPDX-License-Identifier: MIT
//
// Marks that Zircon's headers, and clients' copies of its C++ wrapper, put on declarations to say
// in which API levels they exist. Here everything exists always.

#ifndef ZIRCON_AVAILABILITY_H_
#define ZIRCON_AVAILABILITY_H_

#define ZX_AVAILABLE_SINCE(level)
#define ZX_DEPRECATED_SINCE(added, deprecated, message)
#define ZX_REMOVED_SINCE(added, deprecated, removed, message)

#endif // ZIRCON_AVAILABILITY_H_
