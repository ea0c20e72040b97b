; Counts in memory, at 0x8000 for the boot processor and 0x8004 for the other VCPU, how often the
; time-stamp counter moved by more than 100 us between two readings: how often the VCPU got its turn
; back. Done when each got it back 20 times.
%include "common.inc"
COUNTS equ 0x8000
ENOUGH equ 20
    bits 64
    org 0x10000
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov rcx, rax
.again:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov rdx, rax
    sub rdx, rcx
    mov rcx, rax
    cmp rdx, 100000
    jb .same
    inc dword [abs COUNTS]
.same:
    cmp dword [abs COUNTS], ENOUGH
    jb .again
    cmp dword [abs COUNTS + 4], ENOUGH
    jb .again
    done

    times 0x1000 - ($ - $$) db 0
    bits 16
    rdtsc
    mov ecx, eax
again_16:
    rdtsc
    mov edx, eax
    sub edx, ecx
    mov ecx, eax
    cmp edx, 100000
    jb same_16
    inc dword [COUNTS + 4]
same_16:
    cmp dword [COUNTS], ENOUGH
    jb again_16
    cmp dword [COUNTS + 4], ENOUGH
    jb again_16
    out 0x11, al
    hlt
