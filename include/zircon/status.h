// SPDX-License-Identifier: MIT
//
// The name of a status code as text.

#ifndef ZIRCON_STATUS_H_
#define ZIRCON_STATUS_H_

#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// The name of status as in zircon/errors.h ("ZX_OK", "ZX_ERR_BAD_STATE", ...), or "(UNKNOWN)" for
// any other value. Never NULL; the string is static. Any thread; never blocks.
ZIRCONIA_EXPORT const char *zx_status_get_string(zx_status_t status);

ZIRCONIA_END_C

#endif // ZIRCON_STATUS_H_
