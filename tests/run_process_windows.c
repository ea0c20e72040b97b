// SPDX-License-Identifier: MIT
//
// Windows's half of run_process.h.

#include "run_process.h"

#include <stdlib.h>
#include <windows.h>

static DWORD wait_for(HANDLE process, double seconds) {
    return WaitForSingleObject(process, seconds > 0 ? (DWORD)(seconds * 1000) : INFINITE);
}

struct process_end process_run_itself(const char *variable, const char *value, double seconds) {
    struct process_end end = {.code = -1};
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION child;
    char path[MAX_PATH];
    // A window that waits for somebody to read of a crash is of no use, here and in the child.
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    SetEnvironmentVariableA(variable, value);
    if (GetModuleFileNameA(NULL, path, sizeof(path)) == 0 ||
        !CreateProcessA(path, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child)) {
        return end;
    }
    end.timed_out = wait_for(child.hProcess, seconds) == WAIT_TIMEOUT;
    if (end.timed_out) {
        TerminateProcess(child.hProcess, 1);
        wait_for(child.hProcess, 0);
    }
    DWORD code = 0;
    GetExitCodeProcess(child.hProcess, &code);
    end.code = (int)code;
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return end;
}

void process_forget(const char *first, const char *second) {
    _putenv_s(first, "");
    _putenv_s(second, "");
}
