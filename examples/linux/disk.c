// SPDX-License-Identifier: MIT
//
// The requests. The first bytes of a chain say what is asked for, the last says what became of it.

#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "disk.h"

#include "bytes.h"
#include "vm.h"

#include <string.h>

enum { READ = 0, WRITE = 1, FLUSH = 4, IDENTITY = 8 };
enum { DONE = 0, FAILED = 1, UNKNOWN = 2 };
enum { HEADER_SIZE = 16, IDENTITY_SIZE = 20 };

#define SECTOR 512
#define READ_ONLY (1u << 5)
#define CAN_FLUSH (1u << 9)

static bool seek(FILE *file, uint64_t sector) {
    return sector < INT64_MAX / SECTOR && fseeko(file, (off_t)(sector * SECTOR), SEEK_SET) == 0;
}

static uint64_t sectors(const struct virtio *device) {
    return get(device->specific, 8);
}

// All buffers between the first and the last.
static uint8_t transfer(struct disk *disk, const struct chain *chain, uint64_t sector, bool in,
                        uint32_t *written) {
    const uint64_t end = sectors(&disk->virtio);
    if (sector > end || !seek(disk->file, sector)) {
        return FAILED;
    }
    uint64_t left = (end - sector) * SECTOR;
    for (unsigned i = 1; i + 1 < chain->count; i++) {
        const struct buffer *buffer = &chain->buffers[i];
        if (buffer->writable != in || buffer->size > left) {
            return FAILED;
        }
        left -= buffer->size;
        const size_t count = in ? fread(buffer->bytes, 1, buffer->size, disk->file)
                                : fwrite(buffer->bytes, 1, buffer->size, disk->file);
        if (count != buffer->size) {
            return FAILED;
        }
        *written += in ? buffer->size : 0;
    }
    return DONE;
}

static uint8_t identify(const struct chain *chain, uint32_t *written) {
    static const char identity[IDENTITY_SIZE] = "zirconia";
    const struct buffer *buffer = &chain->buffers[1];
    if (chain->count != 3 || !buffer->writable || buffer->size < IDENTITY_SIZE) {
        return FAILED;
    }
    memcpy(buffer->bytes, identity, IDENTITY_SIZE);
    *written += IDENTITY_SIZE;
    return DONE;
}

static uint8_t carry_out(struct disk *disk, const struct chain *chain, uint32_t *written) {
    const uint8_t *header = chain->buffers[0].bytes;
    const uint64_t sector = get(header + 8, 8);
    switch (get(header, 4)) {
    case READ:
        return transfer(disk, chain, sector, true, written);
    case WRITE:
        return disk->read_only ? FAILED : transfer(disk, chain, sector, false, written);
    case FLUSH:
        return fflush(disk->file) == 0 ? DONE : FAILED;
    case IDENTITY:
        return identify(chain, written);
    default:
        return UNKNOWN;
    }
}

static bool is_request(const struct chain *chain) {
    const struct buffer *last = &chain->buffers[chain->count - 1];
    return chain->count >= 2 && chain->buffers[0].size >= HEADER_SIZE &&
           !chain->buffers[0].writable && last->writable && last->size >= 1;
}

static void serve(struct vm *vm, struct virtio *device, unsigned number) {
    struct disk *disk = &vm->devices.disk;
    struct virtqueue *queue = &device->queues[number];
    struct chain chain;
    bool interrupt = false;
    enum virtqueue_state state;
    while ((state = virtqueue_take(vm, queue, &chain)) == VIRTQUEUE_CHAIN && is_request(&chain)) {
        uint32_t written = 1;
        const uint8_t result = carry_out(disk, &chain, &written);
        chain.buffers[chain.count - 1].bytes[0] = result;
        interrupt |= virtqueue_give_back(vm, queue, &chain, written);
    }
    if (interrupt) {
        virtio_interrupt(vm, device, number);
    }
    if (state != VIRTQUEUE_EMPTY) {
        virtio_give_up(vm, device);
    }
}

static const struct virtio_kind kind = {2, 0x0180, 1, serve};

bool disk_open(struct vm *vm, struct disk *disk, const char *path, unsigned number) {
    *disk = (struct disk){.file = fopen(path, "r+b")};
    if (disk->file == NULL) {
        disk->file = fopen(path, "rb");
        disk->read_only = true;
    }
    if (disk->file == NULL || fseeko(disk->file, 0, SEEK_END) != 0) {
        return false;
    }
    const off_t size = ftello(disk->file);
    virtio_open(vm, &disk->virtio, &kind, number);
    disk->virtio.features |= CAN_FLUSH | (disk->read_only ? READ_ONLY : 0);
    put(disk->virtio.specific, size > 0 ? (uint64_t)size / SECTOR : 0, 8);
    return true;
}

void disk_close(struct disk *disk) {
    if (disk->file != NULL) {
        fclose(disk->file);
    }
}
