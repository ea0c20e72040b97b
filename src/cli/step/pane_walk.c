// SPDX-License-Identifier: MIT
//
// The way of a linear address: through the guest's page tables to a guest-physical one, and from
// there through the nested tables to the host.

#include "cli/step/pane.h"

#include <inttypes.h>
#include <string.h>

#include <zircon/syscalls/types.h>

// The names of the SDM, volume 3A, section 4.2.
static const char *entry_name(const zirconia_walk_t *walk, uint64_t covers) {
    if (covers == (uint64_t)1 << 39)
        return "PML4E";
    if (covers == (uint64_t)1 << 30)
        return "PDPTE";
    return covers == (uint64_t)1 << 12 ? "PTE" : walk->entry_size ? "PDE" : "";
}

// A size as people say it.
static void size_text(uint64_t size, char text[32]) {
    static const char units[] = "KMGT";
    unsigned unit = 0;
    for (size >>= 10; size >= 1024 && unit < 3; size >>= 10)
        unit++;
    snprintf(text, 32, "%" PRIu64 " %ciB", size, units[unit]);
}

static void put_flags(struct grid *grid, const struct box *box, unsigned row, unsigned column,
                      uint64_t value) {
    static const struct {
        const char *name;
        unsigned bit;
    } flags[] = {{"P", 0}, {"W", 1}, {"U", 2},  {"PWT", 3}, {"PCD", 4},
                 {"A", 5}, {"D", 6}, {"PS", 7}, {"G", 8},   {"NX", 63}};
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (value >> flags[i].bit & 1)
            column = grid_put(grid, box, row, column, LOOK_PLAIN, "%s ", flags[i].name);
}

static void put_entry(const zirconia_walk_t *walk, unsigned i, uint64_t linear, struct grid *grid,
                      const struct box *box, unsigned row) {
    const zirconia_walk_entry_t *entry = &walk->entries[i];
    const uint64_t number = linear / entry->covers % (walk->entry_size == 8 ? 512 : 1024);
    char covers[32];
    size_text(entry->covers, covers);
    grid_put(grid, box, row, 1, LOOK_STRONG, "%-5s", entry_name(walk, entry->covers));
    grid_put(grid, box, row, 7, LOOK_PLAIN, "%4" PRIu64 " at %10" PRIx64 ":", number,
             entry->address);
    grid_put(grid, box, row, 27, LOOK_PLAIN, "%016" PRIx64, entry->value);
    grid_put(grid, box, row, 44, LOOK_FAINT, "%8s", covers);
    put_flags(grid, box, row, 54, entry->value);
}

// What the walk comes to. True when there is an address to go on with.
static bool put_result(const zirconia_walk_t *walk, struct grid *grid, const struct box *box,
                       unsigned row) {
    switch (walk->result) {
    case ZIRCONIA_WALK_MAPPED:
        grid_put(grid, box, row, 1, LOOK_STRONG, "guest-physical %" PRIx64 "%s%s%s%s",
                 walk->physical, walk->entry_size ? "" : ": paging is off",
                 walk->rights & ZIRCONIA_WALK_WRITABLE ? ", writable" : ", read-only",
                 walk->rights & ZIRCONIA_WALK_USER ? ", user" : ", supervisor",
                 walk->rights & ZIRCONIA_WALK_EXECUTABLE ? ", executable" : "");
        return true;
    case ZIRCONIA_WALK_NOT_PRESENT:
        grid_put(grid, box, row, 1, LOOK_CHANGED, "not present: an access is a page fault");
        return false;
    case ZIRCONIA_WALK_RESERVED:
        grid_put(grid, box, row, 1, LOOK_CHANGED,
                 "a bit is set that must be 0: an access is a page fault");
        return false;
    case ZIRCONIA_WALK_NO_TABLE:
        grid_put(grid, box, row, 1, LOOK_CHANGED,
                 "the next table would be at %" PRIx64 ", where no memory is", walk->physical);
        return false;
    default:
        grid_put(grid, box, row, 1, LOOK_CHANGED, "not canonical: an access is #GP or #SS");
        return false;
    }
}

static unsigned put_trap(const zirconia_physical_t *physical, struct grid *grid,
                         const struct box *box, unsigned row) {
    if (!(physical->kind & (ZIRCONIA_PHYSICAL_TRAP | ZIRCONIA_PHYSICAL_BELL)))
        return row;
    grid_put(grid, box, row, 1, LOOK_STRONG, "%s %" PRIx64 " to %" PRIx64 ", key %" PRIu64,
             physical->kind & ZIRCONIA_PHYSICAL_BELL ? "bell" : "memory trap", physical->trap_base,
             physical->trap_base + physical->trap_size - 1, physical->trap_key);
    return row + 1;
}

static unsigned put_mapping(const zirconia_physical_t *physical, struct grid *grid,
                            const struct box *box, unsigned row) {
    if (!(physical->kind & ZIRCONIA_PHYSICAL_MAPPED))
        return row;
    grid_put(grid, box, row, 1, LOOK_PLAIN, "VMO %" PRIu64 ", offset %" PRIx64 ", mapped %s%s%s",
             physical->vmo_koid, physical->vmo_offset,
             physical->permissions & ZX_VM_PERM_READ ? "r" : "-",
             physical->permissions & ZX_VM_PERM_WRITE ? "w" : "-",
             physical->permissions & ZX_VM_PERM_EXECUTE ? "x" : "-");
    return row + 1;
}

static void put_host(const zirconia_physical_t *physical, struct grid *grid, const struct box *box,
                     unsigned row) {
    char size[32];
    size_text(physical->nested_size, size);
    if (physical->nested_entry)
        grid_put(grid, box, row, 1, LOOK_PLAIN, "nested entry %016" PRIx64 ", %s, %s",
                 physical->nested_entry, size,
                 physical->nested_entry & 2 ? "writable" : "read-only until it is written");
    else
        grid_put(grid, box, row, 1, LOOK_PLAIN, "no nested entry%s",
                 physical->host ? " before the first use" : ": an exit");
    if (physical->host)
        grid_put(grid, box, row + 1, 1, LOOK_PLAIN, "host address 0x%" PRIx64,
                 (uint64_t)(uintptr_t)physical->host);
}

void pane_walk(const struct model *model, const struct sight *sight, struct grid *grid,
               const struct box *box) {
    const uint64_t linear = sight->has_walk ? sight->walk : model_code_address(&model->now);
    const struct model_source *source = &model->source;
    zirconia_walk_t walk;
    zirconia_physical_t physical;
    unsigned row = 0;
    grid_put(grid, box, row++, 1, LOOK_PLAIN, "linear %016" PRIx64 "%s", linear,
             sight->has_walk ? "" : ", of the next instruction");
    if (!source->walk(source->context, linear, &walk))
        return;
    for (unsigned i = 0; i < walk.entry_count; i++)
        put_entry(&walk, i, linear, grid, box, row++);
    if (!put_result(&walk, grid, box, row++) ||
        !source->find_physical(source->context, walk.physical, &physical))
        return;
    row = put_trap(&physical, grid, box, row);
    row = put_mapping(&physical, grid, box, row);
    put_host(&physical, grid, box, row);
}
