// SPDX-License-Identifier: MIT
//
// The guest that `zirconia run` makes: memory at guest-physical 0, page tables at its bottom that
// map the low 4 GiB to themselves, traps, and one VCPU that belongs to the calling thread.

#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <zircon/types.h>

#include "cli/image.h"
#include "cli/options.h"
#include "cli/talk.h"

enum {
    VM_RESERVED_BYTES = 0x6000, // for the page tables
    VM_EXIT_PORT = 0xf4,
};

// The keys of the traps. The n-th trap of the command line, from 0, has KEY_FIRST_TRAP + n.
enum trap_key {
    KEY_EXIT_PORT = 1,
    KEY_SERIAL = 2,
    KEY_FIRST_TRAP = 16,
};

struct vm {
    zx_handle_t guest;
    zx_handle_t guest_vmar;
    zx_handle_t vmo;
    zx_handle_t port; // receives the bells
    zx_handle_t vcpu;
    zx_vaddr_t memory; // where the process sees it, 0 when it does not
    uint64_t memory_size;
};

// EXIT_CODE_OK, or what to end with: the reason has been said. vm_destroy() is due in any
// case.
enum exit_code vm_create(const struct options *options, const struct image *image, struct vm *vm);
void vm_destroy(struct vm *vm);

#endif // CLI_MACHINE_H
