// SPDX-License-Identifier: MIT
//
// The folder is $ZIRCONIA_LINUX, or else zirconia/linux where the user's caches are. A script that
// is installed with the tool fills it.

#include "cli/kernel_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host.h"

#include "shell.h"

enum { PATH_SIZE = 4096 };

static bool read_named(const char *path, struct file *file) {
    *file = shell_read_file(path);
    if (!file->bytes)
        talk("%s: cannot be read", path);
    return file->bytes != NULL;
}

// False when there is nowhere to put it.
static bool find_folder(char *path) {
    const char *named = getenv("ZIRCONIA_LINUX");
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (named && named[0])
        snprintf(path, PATH_SIZE, "%s", named);
    else if (cache && cache[0])
        snprintf(path, PATH_SIZE, "%s/zirconia/linux", cache);
    else if (home && home[0])
        snprintf(path, PATH_SIZE, "%s/.cache/zirconia/linux", home);
    else
        return false;
    return true;
}

static bool is_filled(const char *folder) {
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof(path), "%s/modules/order", folder);
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file != NULL;
}

static void say_line(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static bool fetch(char *folder) {
    static char script[PATH_SIZE];
    char *words[] = {script, folder, NULL};
    struct host_ending ending;
    const char *reason;
    if (!host_find_data("fetch-linux", script, sizeof(script))) {
        talk("there is no script here that fetches a kernel; name one with --kernel");
        return false;
    }
    if (!host_run(words, 0, say_line, NULL, &ending, &reason)) {
        talk("%s: %s", script, reason);
        return false;
    }
    return !ending.signaled && ending.code == 0;
}

static enum exit_code open_fetched(const struct options *options, struct kernel_files *files) {
    char folder[PATH_SIZE];
    char kernel[PATH_SIZE + 16];
    if (!find_folder(folder)) {
        talk("no folder to fetch a kernel into: HOME is not set; name one with --kernel");
        return EXIT_CODE_USAGE;
    }
    if (!is_filled(folder) && !fetch(folder))
        return EXIT_CODE_TOOL_FAILED;
    snprintf(kernel, sizeof(kernel), "%s/vmlinuz", folder);
    if (!read_named(kernel, &files->kernel))
        return EXIT_CODE_TOOL_FAILED;
    if (options->initrd)
        return read_named(options->initrd, &files->initrd) ? EXIT_CODE_OK : EXIT_CODE_USAGE;
    files->initrd = shell_initramfs(folder);
    if (!files->initrd.bytes)
        talk("%s: not all is there that scripts/fetch-linux puts into it", folder);
    return files->initrd.bytes ? EXIT_CODE_OK : EXIT_CODE_TOOL_FAILED;
}

enum exit_code kernel_files_open(const struct options *options, struct kernel_files *files) {
    *files = (struct kernel_files){0};
    if (!options->kernel)
        return open_fetched(options, files);
    if (!read_named(options->kernel, &files->kernel) ||
        (options->initrd && !read_named(options->initrd, &files->initrd)))
        return EXIT_CODE_USAGE;
    return EXIT_CODE_OK;
}

void kernel_files_close(struct kernel_files *files) {
    free(files->kernel.bytes);
    free(files->initrd.bytes);
}
