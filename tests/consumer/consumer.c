// SPDX-License-Identifier: MIT
//
// The smallest client: it proves that an installed Zirconia can be found, compiled against, linked
// and loaded. It makes and uses one kernel object; what the calls do is tested elsewhere.

#include <stdio.h>
#include <string.h>

#include <zircon/syscalls.h>
#include <zirconia/zirconia.h>

int main(void) {
    const char sent[] = "a VMO written and read";
    char received[sizeof(sent)] = "";
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_status_t status = zx_vmo_create(sizeof(sent), 0, &vmo);
    if (status == ZX_OK) {
        status = zx_vmo_write(vmo, sent, 0, sizeof(sent));
    }
    if (status == ZX_OK) {
        status = zx_vmo_read(vmo, received, 0, sizeof(received));
    }
    if (status == ZX_OK) {
        status = zx_handle_close(vmo);
    }
    printf("Zirconia %s: %s\n", zirconia_version(), received);
    return status != ZX_OK || strcmp(sent, received) != 0;
}
