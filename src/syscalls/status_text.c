// SPDX-License-Identifier: MIT
//
// zirconia_status_text(): what each status says, as a sentence.

#include <stddef.h>

#include <zirconia/zirconia.h>

static const struct {
    zx_status_t status;
    const char *text;
} texts[] = {
    {ZX_OK, "The call did what was asked."},
    {ZX_ERR_INTERNAL, "The library or the host failed in a way that no other status tells."},
    {ZX_ERR_NOT_SUPPORTED, "This is not supported, here or by this object."},
    {ZX_ERR_NO_RESOURCES, "A limit is reached, of the object or of the system."},
    {ZX_ERR_NO_MEMORY, "The host has no memory for it."},
    {ZX_ERR_INTERNAL_INTR_RETRY, "The call was interrupted and is made again."},
    {ZX_ERR_INVALID_ARGS, "An argument is wrong, or points where it may not."},
    {ZX_ERR_BAD_HANDLE, "There is no such handle."},
    {ZX_ERR_WRONG_TYPE, "The handle's object is of another type than the call needs."},
    {ZX_ERR_BAD_SYSCALL, "There is no such call."},
    {ZX_ERR_OUT_OF_RANGE, "A number is outside of the range that it may be in."},
    {ZX_ERR_BUFFER_TOO_SMALL, "The buffer has no room for the answer."},
    {ZX_ERR_BAD_STATE, "The object is not in a state in which this can be done."},
    {ZX_ERR_TIMED_OUT, "The deadline passed, or the budget was spent, before it happened."},
    {ZX_ERR_SHOULD_WAIT, "It cannot be done yet; wait for a signal and try again."},
    {ZX_ERR_CANCELED, "Somebody canceled it: a kick, or the close of a handle."},
    {ZX_ERR_PEER_CLOSED, "The other end is closed."},
    {ZX_ERR_NOT_FOUND, "What was asked for is not there."},
    {ZX_ERR_ALREADY_EXISTS, "There is one already."},
    {ZX_ERR_ALREADY_BOUND, "Something is bound there already."},
    {ZX_ERR_UNAVAILABLE, "It is not available at the moment."},
    {ZX_ERR_ACCESS_DENIED,
     "The handle lacks a right that the call needs, or access is not allowed."},
    {ZX_ERR_IO, "Input or output failed."},
    {ZX_ERR_IO_REFUSED, "The device refused it."},
    {ZX_ERR_IO_DATA_INTEGRITY, "The data is damaged."},
    {ZX_ERR_IO_DATA_LOSS, "Data was lost."},
    {ZX_ERR_IO_NOT_PRESENT, "The device is not there, or is gone."},
    {ZX_ERR_IO_OVERRUN, "More data came than there was room for."},
    {ZX_ERR_IO_MISSED_DEADLINE, "The device was too late."},
    {ZX_ERR_IO_INVALID, "The device was asked for what it does not do."},
    {ZX_ERR_BAD_PATH, "The path is no path."},
    {ZX_ERR_NOT_DIR, "It is not a directory."},
    {ZX_ERR_NOT_FILE, "It is not a file."},
    {ZX_ERR_FILE_BIG, "The file would be too large."},
    {ZX_ERR_NO_SPACE, "There is no room left."},
    {ZX_ERR_NOT_EMPTY, "It is not empty."},
    {ZX_ERR_STOP, "Stop here; an answer, not a failure."},
    {ZX_ERR_NEXT, "Go on with the next; an answer, not a failure."},
    {ZX_ERR_ASYNC, "It goes on by itself; an answer, not a failure."},
    {ZX_ERR_PROTOCOL_NOT_SUPPORTED, "The protocol is not supported."},
    {ZX_ERR_ADDRESS_UNREACHABLE, "The address cannot be reached."},
    {ZX_ERR_ADDRESS_IN_USE, "The address is in use."},
    {ZX_ERR_NOT_CONNECTED, "There is no connection."},
    {ZX_ERR_CONNECTION_REFUSED, "The other side refused the connection."},
    {ZX_ERR_CONNECTION_RESET, "The other side reset the connection."},
    {ZX_ERR_CONNECTION_ABORTED, "The connection was given up."},
    {ZX_ERR_INTERNAL_INTR_KILLED, "The thread was killed during the call."},
};

const char *zirconia_status_text(zx_status_t status) {
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].status == status) {
            return texts[i].text;
        }
    }
    return "This is no status.";
}
