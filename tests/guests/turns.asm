; Counts in memory, at 0x8000 for the boot processor and 0x8004 for the other VCPU, how often the
; time-stamp counter moved by more than 100 us between two readings: how often the VCPU got its turn
; back. Done after 0.5 s by the same counter.
%include "common.inc"
    bits 64
    org 0x10000
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov rbx, rax
    lea rsi, [rax + 500000000]
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
    inc dword [abs 0x8000]
.same:
    cmp rax, rsi
    jb .again
    done

    times 0x1000 - ($ - $$) db 0
    bits 16
    rdtsc
    mov esi, eax
    mov ecx, eax
again_16:
    rdtsc
    mov edx, eax
    sub edx, ecx
    mov ecx, eax
    cmp edx, 100000
    jb same_16
    inc dword [0x8004]
same_16:
    mov edx, eax
    sub edx, esi
    cmp edx, 500000000
    jb again_16
    out 0x11, al
    hlt
