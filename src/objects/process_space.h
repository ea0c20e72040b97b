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

// Calls the function for each mapping there; locks from that of VMO families on may be taken.
void process_each_mapping(void (*function)(const struct mapping_view *view, void *argument),
                          void *argument);

// Calls region_walk() on the process's space. The function may take the lock of VMO families and
// later ones. It is not called once the root is destroyed.
void process_walk(void (*function)(const struct space_entry *entry, void *argument),
                  void *argument);

// Calls address_space_vmo_changed() on the process's space, if anything was ever mapped there.
bool process_space_vmo_changed(const struct vmo *vmo, uint64_t from, uint64_t to);

// A store to an address, which the host has refused: gives the page to the clone that is mapped
// there, if it may be written to. True if the store should be tried again. No lock is held.
bool process_space_take_page(uintptr_t address);

// In the child of a fork, from now on: nothing is mapped as far as a store that the host refuses is
// concerned. Locks may be held there for ever, and the parent would not know of the page.
void process_space_become_child(void);

// platform_copy_or_fault(), which stores to clones as the client does. No lock is held.
bool process_copy(void *destination, const void *source, size_t size, uintptr_t *fault_address);

// Whether a copy faulted for want of a permission: a VMO is mapped there and has memory. False for
// addresses that no VMO is mapped at. No lock is held.
bool process_space_denies(uintptr_t fault_address);

#endif // OBJECTS_PROCESS_SPACE_H
