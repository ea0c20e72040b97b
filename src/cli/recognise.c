// SPDX-License-Identifier: MIT
//
// By the bytes that each format begins with.

#include "cli/recognise.h"

#include <stdbool.h>
#include <string.h>

struct signature {
    size_t offset;
    const char *bytes;
    size_t size;
    const char *what;
};

#define SIGNATURE(offset, bytes, what)                                                             \
    { offset, bytes, sizeof(bytes) - 1, what }

// A kernel that EFI can start is a PE file as well, so it comes first.
static const struct signature signatures[] = {
    SIGNATURE(0x202, "HdrS", "a Linux kernel (bzImage), which zirconia linux --kernel boots"),
    SIGNATURE(0, "MZ", "a program for Windows or EFI (PE)"),
    SIGNATURE(0, "BOOT\0\0\0\0\x6d\xe6\x67\x86",
              "a Zircon boot image (ZBI), which zirconia zircon boots"),
    SIGNATURE(0, "\xcf\xfa\xed\xfe", "a program for macOS (Mach-O)"),
    SIGNATURE(0, "\xca\xfe\xba\xbe", "a program for macOS (Mach-O), or a Java class"),
    SIGNATURE(0, "!<arch>\n", "an archive of object files"),
    SIGNATURE(0, "\x1f\x8b", "compressed (gzip)"),
    SIGNATURE(0,
              "\xfd"
              "7zXZ",
              "compressed (xz)"),
    SIGNATURE(0, "\x28\xb5\x2f\xfd", "compressed (zstd)"),
    SIGNATURE(0, "PK\x03\x04", "an archive (zip)"),
    SIGNATURE(0, "070701", "an archive (cpio)"),
    SIGNATURE(0, "QFI\xfb", "a disk (qcow2)"),
    SIGNATURE(0, "#!", "a script"),
};

static bool is_text(const uint8_t *file, size_t size) {
    for (size_t i = 0; i < size && i < 4096; i++) {
        const uint8_t byte = file[i];
        if (byte != '\n' && byte != '\r' && byte != '\t' && (byte < 0x20 || byte > 0x7e))
            return false;
    }
    return size >= 8;
}

const char *recognise(const uint8_t *file, size_t size) {
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        const struct signature *signature = &signatures[i];
        if (size >= signature->offset + signature->size &&
            memcmp(file + signature->offset, signature->bytes, signature->size) == 0)
            return signature->what;
    }
    return is_text(file, size) ? "text" : NULL;
}
